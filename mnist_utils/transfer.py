"""Learning new classes from a few images, with what a network has learned from others."""

from collections.abc import Sequence

import numpy as np

from mnist_utils import models
from mnist_utils.data import Split
from mnist_utils.startup import keras
from mnist_utils.training import OneCycle, compile_for_evaluation


def only(split: Split, digits) -> Split:
    """Return the images of a split whose labels are among the digits, in the same order."""
    there = np.isin(split.labels, list(digits))
    return Split(split.images[there], split.labels[there])


def draw_few(split: Split, shots: int, *, seed: int = 0) -> Split:
    """Draw so many images of each class that occurs; more of them begin with the same ones.

    Raises:
        ValueError: if shots is below 1, or a class has not so many images.
    """
    classes, counts = np.unique(split.labels, return_counts=True)
    if not len(classes) or not 1 <= shots <= counts.min():
        raise ValueError(f"shots must be 1 to {min(counts, default=0)}, the images of the "
                         f"rarest class, got {shots!r}")  # fmt: skip
    order = np.random.default_rng(seed).permutation(len(split.labels))
    shuffled = split.labels[order]
    drawn = np.concatenate([order[shuffled == digit][:shots] for digit in classes])
    return Split(split.images[drawn], split.labels[drawn])


def features(model: keras.Model, images: np.ndarray) -> np.ndarray:
    """Return what a Sequential network's last layer sees of each image, float32 (n, numbers)."""
    body = keras.Model(model.inputs[0], model.layers[-2].output)
    parts = [images[start : start + 1000] for start in range(0, len(images), 1000)]
    return np.concatenate([keras.ops.convert_to_numpy(body(part)) for part in parts])


def probe(view, few: Split, judged: Split, shots: Sequence[int]) -> dict[int, float]:
    """Fit scikit-learn's logistic regression to features of few images of each class.

    Args:
        view: makes features (n, numbers) of images (n, 28, 28), such as `features` of a network.
        few: what is learned; at least two classes. The first images of each class are taken.
        judged: what the accuracy is measured on.
        shots: how many images of each class; each gets a regression of its own.

    Returns:
        The share of judged images classified correctly, 0 to 1, by the number of images.

    Raises:
        ValueError: if a class of `few` has less images than that.
    """
    from sklearn.linear_model import LogisticRegression

    learned, asked = view(few.images), view(judged.images)
    places = [np.flatnonzero(few.labels == digit) for digit in np.unique(few.labels)]
    if not 1 <= min(shots) <= max(shots) <= min(map(len, places)):
        raise ValueError(f"shots must be 1 to {min(map(len, places))}, the images of the "
                         f"rarest class, got {tuple(shots)}")  # fmt: skip
    shares = {}
    for count in shots:
        taken = np.concatenate([place[:count] for place in places])
        fitted = LogisticRegression(max_iter=500).fit(learned[taken], few.labels[taken])
        shares[count] = float(fitted.score(asked, judged.labels))
    return shares


def fine_tune(
    start: keras.Model, few: Split, *, epochs: int = 60, learning_rate: float = 0.005, seed: int = 0
) -> keras.Model:
    """Train a copy of a network of the series on a few images, its last layer anew.

    All images make one batch, the learning rate rises and falls once. From a fresh network this
    is training from scratch.

    Args:
        start: a network of `models.BUILDERS`, known by its name; it stays as it is.
        few: at least one image.
        epochs: steps, at least 1.
        learning_rate: Adam's largest.
        seed: of the last layer's weights and of dropout.

    Returns:
        The new network, compiled for evaluation.

    Raises:
        ValueError: if start is none of the series' networks, or scales its pixels in another way
            than they do by default.
    """
    keras.utils.set_random_seed(seed)
    model = models.build(start.name)
    if _scaling(start) != _scaling(model):
        raise ValueError(f"start must scale its pixels as models.build({start.name!r}) does")
    head = len(model.layers[-1].weights)
    model.set_weights([*start.get_weights()[:-head], *model.get_weights()[-head:]])
    rate = OneCycle(learning_rate, epochs)
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy")
    for _ in range(epochs):  # one step each; `fit` would spend most of its time between epochs
        model.train_on_batch(few.images, few.labels)
    compile_for_evaluation(model)
    return model


def _scaling(network: keras.Model) -> list[tuple]:
    return [(layer.scale, layer.offset) for layer in network.layers
            if isinstance(layer, keras.layers.Rescaling)]  # fmt: skip
