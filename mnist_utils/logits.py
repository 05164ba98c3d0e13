"""A network's scores before the softmax, which its probabilities no longer show, and gradients."""

import numpy as np

from mnist_utils.preprocessing import check_images
from mnist_utils.startup import keras


def logits(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return the scores (n, 10), float32, whose softmax are the model's probabilities.

    Args:
        model: a Sequential network whose last layer is dense with softmax.
        images: array (n, 28, 28), pixels 0-255.

    Raises:
        ValueError: if the images are no such array, or the network ends otherwise.
    """
    check_images(images)
    check_ending(model)
    parts = [images[start : start + 1000] for start in range(0, len(images), 1000)]
    found = [keras.ops.convert_to_numpy(logits_of(model, part)) for part in parts]
    return np.concatenate(found) if found else np.zeros((0, model.output_shape[-1]), np.float32)


def logits_of(model: keras.Model, values):
    """Return the same as a tensor, through which Keras's backend can take a gradient."""
    for part in model.layers[:-1]:
        values = part(values, training=False)
    last = model.layers[-1]
    return keras.ops.matmul(values, last.kernel) + last.bias


def check_ending(model: keras.Model) -> None:
    """Raise ValueError unless the model is Sequential and ends with dense and softmax."""
    if isinstance(model, keras.Sequential):
        last = model.layers[-1]
        if isinstance(last, keras.layers.Dense) and last.activation is keras.activations.softmax:
            return
    raise ValueError("model must be Sequential and end with a dense layer with softmax")


def gradient(function, values):
    """Return the gradient of a number with respect to an array, whatever Keras's backend.

    Args:
        function: takes a tensor of the values' shape and returns a tensor of one number, computed
            by Keras.
        values: array or tensor.

    Returns:
        float32 array of the values' shape.
    """
    backend = keras.backend.backend()
    values = keras.ops.convert_to_tensor(values, "float32")
    if backend == "tensorflow":
        import tensorflow as tf

        with tf.GradientTape() as tape:
            tape.watch(values)
            result = function(values)
        slopes = tape.gradient(result, values)
    elif backend == "jax":
        import jax

        slopes = jax.grad(function)(values)
    elif backend == "torch":
        values = values.detach().requires_grad_()
        function(values).backward()
        slopes = values.grad
    else:
        raise ValueError(f"Keras's backend must be tensorflow, jax or torch, got {backend}")
    return keras.ops.convert_to_numpy(slopes)
