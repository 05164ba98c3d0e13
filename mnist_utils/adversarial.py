"""The fast gradient sign method: the smallest change, in every pixel, that hurts most."""

import numpy as np

from mnist_utils.evaluation.inputs import check_digits
from mnist_utils.logits import check_ending, gradient, logits_of
from mnist_utils.preprocessing import check_images
from mnist_utils.startup import keras


def loss_gradient(model: keras.Model, images: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """Return by how much each image's cross-entropy rises with each of its pixels.

    Taken through the logits: where a probability is rounded to 1, the gradient through the
    softmax's output would be 0, and a network that is merely sure would look robust ("gradient
    masking": Papernot and others 2017, arXiv 1602.02697).

    Args:
        model: a Sequential network whose last layer is dense with softmax.
        images: array (n, 28, 28), pixels 0-255.
        labels: the true digits, integer (n,).

    Returns:
        float32 (n, 28, 28), nats a grey level.

    Raises:
        ValueError: if the images, the labels or the network are not such.
    """
    check_images(images)
    check_ending(model)
    labels = check_digits("labels", labels, length=len(images))
    slopes = []
    for start in range(0, len(images), 1000):
        part = slice(start, start + 1000)
        wanted = keras.ops.one_hot(labels[part], model.output_shape[-1])

        def loss(values, wanted=wanted):
            scores = logits_of(model, values)
            losses = keras.losses.categorical_crossentropy(wanted, scores, from_logits=True)
            return keras.ops.sum(losses)

        slopes.append(gradient(loss, images[part].astype("float32")))
    return np.concatenate(slopes)


def fgsm(model: keras.Model, images: np.ndarray, labels: np.ndarray, epsilon: float) -> np.ndarray:
    """Change every pixel by epsilon, up or down, whichever raises the network's loss.

    (Goodfellow, Shlens and Szegedy, Explaining and Harnessing Adversarial Examples, 2015, arXiv
    1412.6572.) One step along a straight line: a network that withstands it may still fall to a
    more patient attack.

    Args:
        model, images, labels: as for `loss_gradient`.
        epsilon: grey levels, 0 to 255; a pixel does not leave 0-255.

    Returns:
        uint8 (n, 28, 28).

    Raises:
        ValueError: as `loss_gradient`, or if epsilon is out of range.
    """
    check_epsilon(epsilon)
    return step(images, loss_gradient(model, images, labels), epsilon)


def step(images: np.ndarray, directions: np.ndarray, epsilon: float) -> np.ndarray:
    """Change every pixel by epsilon grey levels along the sign of a direction; uint8, 0-255.

    With a random direction it is the control: as large a change that knows nothing.

    Args:
        images: array (n, 28, 28), pixels 0-255.
        directions: array of the same shape; only signs count, and 0 leaves the pixel.
        epsilon: grey levels, 0 to 255.

    Raises:
        ValueError: if the shapes differ or epsilon is out of range.
    """
    check_images(images)
    check_epsilon(epsilon)
    if np.shape(directions) != images.shape:
        raise ValueError(
            f"directions must have shape {images.shape}, as images, got {np.shape(directions)}"
        )
    moved = images.astype(float) + epsilon * np.sign(directions)
    return np.clip(moved, 0, 255).round().astype(np.uint8)


def check_epsilon(epsilon: float) -> None:
    """Raise ValueError unless epsilon is 0 to 255 grey levels."""
    if not 0 <= epsilon <= 255:
        raise ValueError(f"epsilon must be 0 to 255 grey levels, got {epsilon!r}")
