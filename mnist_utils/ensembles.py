"""Getting more out of trained networks: averages over shifted images, over networks, over weights."""

from collections.abc import Sequence

import numpy as np

from mnist_utils.preprocessing import shift
from mnist_utils.startup import keras


def predict_shifted(
    model: keras.Model, images: np.ndarray, *, pixels: int = 1, batch_size: int = 500
) -> np.ndarray:
    """Return the mean prediction for each image as it is and moved in four directions.

    Test-time augmentation: five looks at the same image, whose errors partly cancel.

    Args:
        model: takes images (n, 28, 28) and returns (n, 10) probabilities.
        images: (n, 28, 28), pixels 0-255.
        pixels: how far to move up, down, left and right; 0 predicts the images as they are.
        batch_size: images at a time.

    Returns:
        float32 (n, 10), probabilities.

    Raises:
        ValueError: if pixels is not an integer of at least 0.
    """
    if isinstance(pixels, bool) or not isinstance(pixels, int) or pixels < 0:
        raise ValueError(f"pixels must be an integer of at least 0, got {pixels!r}")
    moves = [(0, 0)]
    if pixels:
        moves += [(pixels, 0), (-pixels, 0), (0, pixels), (0, -pixels)]
    looks = [model.predict(shift(images, *move), batch_size=batch_size, verbose=0)
             for move in moves]  # fmt: skip
    return np.mean(looks, axis=0)


def predict_ensemble(
    models: Sequence[keras.Model], images: np.ndarray, *, pixels: int = 0, batch_size: int = 500
) -> np.ndarray:
    """Return the mean of several networks' probabilities, float32 (n, 10).

    Args:
        models: at least one network; each takes (n, 28, 28) and returns probabilities (n, 10).
        images: (n, 28, 28), pixels 0-255.
        pixels: as for `predict_shifted`, for every network; 0 for the images as they are.
        batch_size: images at a time.

    Raises:
        ValueError: if there is no network.
    """
    if not models:
        raise ValueError("models must hold at least one network, got none")
    return np.mean(
        [predict_shifted(m, images, pixels=pixels, batch_size=batch_size) for m in models], axis=0
    )


def average_weights(models: Sequence[keras.Model]) -> keras.Model:
    """Return a new network whose weights are the mean of the given ones'.

    Good only where the networks are neighbours, such as the last epochs of one training run;
    independently trained networks have their features in different places, and the mean of those
    knows nothing. Statistics of batch normalisation are averaged too.

    Args:
        models: networks of the same architecture, at least one.

    Raises:
        ValueError: if there is no network, or if their weights differ in shape.
    """
    if not models:
        raise ValueError("models must hold at least one network, got none")
    weights = [model.get_weights() for model in models]
    shapes = [[weight.shape for weight in some] for some in weights]
    for number, some in enumerate(shapes):
        if some != shapes[0]:
            raise ValueError(f"models must have weights of the same shapes; number {number} differs"
                             f" from number 0: {some} against {shapes[0]}")  # fmt: skip
    averaged = keras.models.clone_model(models[0])
    averaged.set_weights([np.mean(same, axis=0) for same in zip(*weights, strict=True)])
    return averaged
