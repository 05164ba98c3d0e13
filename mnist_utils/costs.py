"""What a network costs to use, counted rather than timed."""

import math

from mnist_utils.startup import keras

layers = keras.layers


def multiply_adds(model: keras.Model) -> int:
    """Return how many multiplications, each with an addition, one image costs in the forward pass.

    Counted are convolutions and dense layers, which do nearly all of the work: a weight counts
    once for each position at which it is used, biases not at all. Scaling, normalisation,
    activations and pooling take a few operations for each number and are left out. A training
    step costs about three times as much, because the backward pass needs two such products.

    Args:
        model: a built keras.Model; models may stand inside it.

    Raises:
        ValueError: if the model is not built, or has a layer with weights that is not counted.
    """
    if not model.built:
        raise ValueError("the model must be built, so that its layers know their shapes")
    return sum(_of_layer(layer) for layer in model.layers)


def _of_layer(layer: keras.layers.Layer) -> int:
    if isinstance(layer, keras.Model):
        return multiply_adds(layer)
    if isinstance(layer, layers.Dense):
        return math.prod(layer.output.shape[1:]) * layer.kernel.shape[0]
    if type(layer) is layers.Conv2D:
        rows, columns, channels = layer.kernel.shape[:3]  # channels of its own group only
        return math.prod(layer.output.shape[1:]) * rows * columns * channels
    if isinstance(layer, layers.BatchNormalization) or not layer.weights:
        return 0
    raise ValueError(f"can't count the layer {layer.name!r}, a {type(layer).__name__}; "
                     "known are Dense, Conv2D, BatchNormalization and layers without weights")  # fmt: skip
