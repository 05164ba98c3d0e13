"""What choosing by a score promises, and how much of it is luck.

Whoever keeps the best of several candidates (epochs, seeds, settings) and quotes the score by which
it was chosen quotes a skilful candidate and a lucky draw of images in one number. Other images tell
the two apart. Nothing here imports TensorFlow.
"""

from typing import NamedTuple

import numpy as np


class Peek(NamedTuple):
    """What the choice promised and what it was worth, one value a part of the images.

    Attributes:
        promised: the chosen candidate's accuracy on the images that chose it, minus the mean of all
            candidates there; float (parts,), fractions.
        honest: the same difference on all other images.
    """

    promised: np.ndarray
    honest: np.ndarray

    @property
    def inflation(self) -> np.ndarray:
        """Promised minus honest, float (parts,): the share of the promise that was luck."""
        return self.promised - self.honest


def choose_and_judge(right: np.ndarray, *, parts: int = 10, seed: int = 0) -> Peek:
    """Let each part of the images choose the best candidate, and all other images judge it.

    Images are dealt to parts of equal size at random. Among candidates that are equal on the images
    that choose, the first is taken, as by a callback that saves whenever there is an improvement.

    Args:
        right: bool (candidates, images), whether a candidate is right about an image.
        parts: 2 for halves, 10 for tenths; at least 2 and at most the number of images.
        seed: seed of the dealing.

    Returns:
        A Peek; with one candidate there is nothing to choose, and all of it is 0.

    Raises:
        ValueError: if right is not such an array, or parts is out of range.
    """
    right = np.asarray(right)
    if right.ndim != 2 or right.dtype != bool or 0 in right.shape:
        raise ValueError("right must be bool of shape (candidates, images), "
                         f"got {right.dtype} {right.shape}")  # fmt: skip
    images = right.shape[1]
    if not 2 <= parts <= images:
        raise ValueError(f"parts must be 2 to {images:,}, the number of images, got {parts}")
    dealt = np.array_split(np.random.default_rng(seed).permutation(images), parts)
    total = right.sum(axis=1)
    promised, honest = [], []
    for part in dealt:
        hits = right[:, part].sum(axis=1)
        chosen = int(hits.argmax())
        here, elsewhere = hits / len(part), (total - hits) / (images - len(part))
        promised.append(here[chosen] - here.mean())
        honest.append(elsewhere[chosen] - elsewhere.mean())
    return Peek(np.array(promised), np.array(honest))


def expected_luck(accuracy: float, images: int, looks: int) -> float:
    """Return by how much the best of several equally good models is expected to beat its accuracy.

    The models are taken to be independent, each right about each image with the same probability:
    the most that luck can do. Epochs of one training, or seeds of one recipe, agree on most images,
    so that there is less to choose from. Exact, by SciPy's binomial distribution.

    Args:
        accuracy: what each model is worth, 0 to 1.
        images: how many images each is scored on, at least 1.
        looks: how many models, at least 1.

    Returns:
        The best score's expectation minus accuracy, a fraction; 0 for one look.

    Raises:
        ValueError: if an argument is out of range.
    """
    from scipy.stats import binom

    if not 0 <= accuracy <= 1 or images < 1 or looks < 1:
        raise ValueError("expected an accuracy of 0 to 1, and at least one image and one look, "
                         f"got {accuracy}, {images}, {looks}")  # fmt: skip
    below = binom.cdf(np.arange(images), images, accuracy)  # at most 0, 1, … images are right
    return float((1 - below**looks).sum() / images - accuracy)
