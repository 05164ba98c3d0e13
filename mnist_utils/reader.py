"""Reading a digit from a picture: the prepared image, calibrated probabilities, a right to say no."""

import hashlib
import json
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mnist_utils import ensembles, preprocessing, rejection
from mnist_utils.artifacts import cached, get_or_train, source_sum
from mnist_utils.data import MnistData, load_mnist
from mnist_utils.ensembles import predict_ensemble
from mnist_utils.evaluation import apply_temperature, calibration, fit_temperature
from mnist_utils.images import NoDigitFound, Prepared, prepare
from mnist_utils.recipes import OWN_DIGITS_RECIPE, Ensemble, Recipe
from mnist_utils.rejection import choose_threshold

# Of the validation digits that are not rejected, so many may be read wrongly. With 0.2%, twice as
# many are rejected, and most of those were read right; see benchmarks/README.md.
ACCEPTED_ERRORS = 0.003
ROUNDING = 1e-6  # by so much may a probability differ when it is computed again in other company


@dataclass(frozen=True)
class Reading:
    """What a reader says of one picture.

    Attributes:
        digit: the digit, or None where it was rejected.
        rejected: whether the reader will not say: no digit was found, or it is not sure enough.
        reason: why it was rejected; "" where it was not.
        top: the three most probable digits with their calibrated probabilities, the first first;
            none where no digit was found.
        probabilities: float64 (10,), calibrated; None where no digit was found.
        prepared: the image that the network saw and the steps to it; None where no digit was found.
    """

    digit: int | None
    rejected: bool
    reason: str
    top: tuple[tuple[int, float], ...]
    probabilities: np.ndarray | None = None
    prepared: Prepared | None = None


@dataclass(frozen=True)
class Reader:
    """Networks, with what validation images said about how far to trust them.

    Attributes:
        models: of which the probabilities are averaged.
        temperature: fitted on validation images; see `evaluation.fit_temperature`.
        threshold: the least calibrated probability with which a digit is not rejected.
        pixels: how far each image is also moved in four directions; 0 for not at all.
    """

    models: tuple
    temperature: float
    threshold: float
    pixels: int = 0

    def probabilities(self, images: np.ndarray) -> np.ndarray:
        """Return calibrated probabilities, float64 (n, 10), of MNIST-like images (n, 28, 28)."""
        raw = predict_ensemble(self.models, images, pixels=self.pixels)
        return apply_temperature(raw, self.temperature)

    def read(self, source) -> Reading:
        """Read the digit in a picture.

        Args:
            source: as for `images.open_picture`.

        Raises:
            images.ImageError: if the source is no picture that can be used.
            OSError: if the file can't be opened.
        """
        try:
            prepared = prepare(source)
        except NoDigitFound as error:
            return Reading(None, True, str(error), ())
        return self.judge(self.probabilities(prepared.image[None])[0], prepared)

    def judge(self, probabilities: np.ndarray, prepared: Prepared | None = None) -> Reading:
        """Turn calibrated probabilities (10,) into a reading: a digit, or a rejection."""
        order = np.argsort(-probabilities, kind="stable")[:3]
        top = tuple((int(digit), float(probabilities[digit])) for digit in order)
        if top[0][1] < self.threshold:
            reason = f"not sure enough: {top[0][1]:.0%}, and at least {self.threshold:.0%} is asked"
            return Reading(None, True, reason, top, probabilities, prepared)
        return Reading(top[0][0], False, "", top, probabilities, prepared)


def get_reader(
    recipe: Recipe | Ensemble = OWN_DIGITS_RECIPE,
    data: MnistData | None = None,
    *,
    verbose: str | int = "auto",
) -> Reader:
    """Return a reader: its networks from the cache, or trained; temperature and threshold too.

    Args:
        recipe: what to train.
        data: what to train and validate on; None for `load_mnist()`.
        verbose: as for `training.fit`.

    Raises:
        ValueError: if no threshold keeps the errors on the validation images rare enough, or if
            there is no validation image, or no mistake on any, to fit the temperature to.
    """
    data = load_mnist() if data is None else data
    several = isinstance(recipe, Ensemble)
    members, pixels = (recipe.recipes(), recipe.pixels) if several else ([recipe], 0)
    models = tuple(get_or_train(member, data, verbose=verbose).model for member in members)
    weights = hashlib.sha256()
    for weight in (weight for model in models for weight in model.get_weights()):
        weights.update(np.ascontiguousarray(weight))

    def calibrate() -> dict:
        images, labels = data.validation
        raw = predict_ensemble(models, images, pixels=pixels)
        temperature = fit_temperature(labels, raw)
        calibrated = apply_temperature(raw, temperature)
        right = calibrated.argmax(axis=1) == labels
        threshold = choose_threshold(right, calibrated.max(axis=1), ACCEPTED_ERRORS)
        if np.isinf(threshold):
            raise ValueError("these networks can't be trusted with an answer: no threshold keeps the "
                             f"errors among the answers to {ACCEPTED_ERRORS:.1%}")  # fmt: skip
        return {"temperature": temperature, "threshold": threshold - ROUNDING}

    key = {"weights": weights.hexdigest(), "data": data.checksum, "errors": ACCEPTED_ERRORS,
           "pixels": pixels,
           "source": source_sum(calibration, ensembles, preprocessing, rejection,
                                sys.modules[__name__])}  # fmt: skip
    found = cached(key, calibrate, _save, _load, name="calibration")
    return Reader(models, found["temperature"], found["threshold"], pixels)


def _save(numbers: dict, folder: Path) -> None:
    (folder / "calibration.json").write_text(json.dumps(numbers))


def _load(folder: Path) -> dict:
    return json.loads((folder / "calibration.json").read_text())
