"""Checks of notebook 10: Otsu's threshold, weights as 8-bit integers, a code of several digits."""

import numpy as np

from mnist_utils.checks import exercise


def _between(levels: np.ndarray) -> np.ndarray:
    """Return what each threshold 0-255 scores; -1 where a group is empty."""
    values = levels.ravel().astype(float)
    scores = np.full(256, -1.0)
    for threshold in range(256):
        below = values <= threshold
        if below.any() and not below.all():
            share = below.mean()
            gap = values[below].mean() - values[~below].mean()
            scores[threshold] = share * (1 - share) * gap**2
    return scores


def _pages() -> list[np.ndarray]:
    """Return pictures of dark ink on paper: even, faint on grey, two colours, narrow, light ink."""
    rng = np.random.default_rng(10)
    pages = []
    for paper, ink, share in ((220, 40, 0.1), (140, 90, 0.3), (250, 180, 0.02), (60, 200, 0.2)):
        mask = rng.random((30, 40)) < share
        grey = np.where(mask, ink, paper) + rng.normal(0, 12, mask.shape)
        pages.append(np.clip(grey, 0, 255).round().astype(np.uint8))
    return [*pages, np.array([[10, 10, 10, 200]], np.uint8), np.array([0, 255, 255], np.uint8)]


@exercise("10.1")
def check_otsu(answer) -> str | None:
    if not callable(answer):
        return "answer_10_1 must be a function otsu(levels)."
    for levels in _pages():
        given = levels.copy()
        result = answer(given)
        if not np.array_equal(given, levels):
            return "Your function changes the picture that it is given; work on a copy."
        if np.ndim(result) != 0 or float(result) != int(result):
            return f"The result must be one whole number, got {result!r}."
        result, scores = int(result), _between(levels)
        if 0 <= result <= 255 and np.isclose(scores[result], scores.max()):
            continue
        case = f"For a picture of levels {levels.min()} to {levels.max()}"
        if not 0 <= result <= 255 or scores[result] < 0:
            return f"{case} the threshold {result} leaves one group empty."
        if result > 0 and np.isclose(scores[result - 1], scores.max()):
            return f"{case} it is one too much: a pixel at the threshold is in the first group."
        if np.isclose(scores[result], scores[scores >= 0].min()):
            return f"{case} your threshold has the smallest score; the largest is wanted."
        if result == round(float(levels.mean())) or result == int(levels.mean()):
            return f"{case} that is the mean of all levels; try every threshold."
        values, gaps = levels.ravel().astype(float), np.full(256, -1.0)
        for threshold in np.flatnonzero(scores >= 0):
            below = values <= threshold
            gaps[threshold] = (values[~below].mean() - values[below].mean()) ** 2
        if np.isclose(gaps[result], gaps.max()):
            return f"{case} the groups' shares are missing: a single odd pixel wins so."
        return (f"{case} the threshold {result} scores {scores[result]:.1f}, and "
                f"{scores.argmax()} scores {scores.max():.1f}. (uint8 wraps round at 256.)")  # fmt: skip
    return None


@exercise("10.2")
def check_quantise(answer) -> str | None:
    if not callable(answer):
        return "answer_10_2 must be a function quantise(weights)."
    rng = np.random.default_rng(10)
    spread = np.array([1.0, 0.01, 30.0, 0.0, 1.0])
    for weights in (rng.normal(size=(200, 5)) * spread, -np.abs(rng.normal(size=(50, 3)))):
        given = weights.copy()
        with np.errstate(all="ignore"):
            result = answer(given)
        if not np.array_equal(given, weights):
            return "Your function changes the weights that it is given; work on a copy."
        if not isinstance(result, tuple) or len(result) != 2:
            return "The result must be a tuple of levels and scales."
        levels, scales = np.asarray(result[0]), np.asarray(result[1], float)
        if levels.shape != weights.shape:
            return f"levels must have the weights' shape {weights.shape}, got {levels.shape}."
        if levels.dtype != np.int8:
            return f"levels must be int8, got {levels.dtype}."
        if scales.shape != weights.shape[1:]:
            return f"One scale for each output: shape {weights.shape[1:]}, got {scales.shape}."
        largest = np.abs(weights).max(axis=0)
        right = np.where(largest > 0, largest / 127, 1.0)
        if not np.isfinite(scales).all():
            return "A column of zeros gives a scale that is no number; it should be 1."
        if not np.allclose(scales, right):
            if np.allclose(scales[largest > 0], right[largest > 0]):
                return "A column of zeros should have the scale 1."
            if np.allclose(scales, largest.max() / 127):
                return "All scales are the same; take each column's own largest weight."
            if np.allclose(scales[largest > 0], (largest / 128)[largest > 0]):
                return "The largest weight belongs at 127, not at 128, which int8 does not have."
            if np.allclose(scales[largest > 0], 1 / right[largest > 0]):
                return "Upside down: weights are levels times scales."
            return (f"A column whose largest weight is {largest[0]:.4f} should have the scale "
                    f"{right[0]:.6f}; yours is {scales[0]:.6f}.")  # fmt: skip
        if levels.min() < -127:
            return "A level of -128 occurs; the largest weight, without its sign, belongs at 127."
        error = np.abs(levels * scales - weights) / right
        if error.max() > 0.5 + 1e-6:
            return (f"A weight is off by {error.max():.2f} steps; rounding to the nearest is off by "
                    "half a step at most. (astype cuts off.)")  # fmt: skip
    return None


@exercise("10.3")
def check_read_code(answer) -> str | None:
    if not callable(answer):
        return "answer_10_3 must be a function read_code(probabilities, threshold)."
    rng = np.random.default_rng(10)
    for code, threshold in (("7", 0.5), ("00752", 0.5), ("90210", 0.99), ("314159", 0.0)):
        rows = rng.dirichlet(np.full(10, 0.3), len(code))
        best = rng.uniform(0.9, 0.99, len(code))
        rows *= ((1 - best) / rows.sum(axis=1))[:, None]
        for row, digit, chance in zip(rows, map(int, code), best, strict=True):
            row[digit] = 0
            row *= (1 - chance) / row.sum()
            row[digit] = chance
        result = answer(rows.copy(), threshold)
        if not isinstance(result, tuple) or len(result) != 2:
            return "The result must be a tuple of a text (or None) and a probability."
        text, chance = result
        right = float(np.prod(best))
        if not np.isclose(float(chance), right):
            others = {"mean": best.mean(), "smallest": best.min()}
            for name, value in others.items():
                if len(code) > 1 and np.isclose(float(chance), value):
                    return f"That is the {name} of the digits' probabilities. All must be right."
            if np.isclose(float(chance), np.log(best).sum()):
                return "That is the probability's logarithm."
            return f"The probability of {code!r} should be {right:.4f}, yours is {chance!r}."
        wanted = code if right >= threshold else None
        if text == wanted and (wanted is None or isinstance(text, str)):
            continue
        if wanted is None:
            return f"At {right:.3f}, below the threshold {threshold:g}, the text must be None."
        if text is None:
            return f"At {right:.3f}, above the threshold {threshold:g}, the code must be given."
        if not isinstance(text, str):
            return f"The code must be a text such as {code!r}: a number loses its leading zeros."
        return f"The code should be {code!r}, yours is {text!r}."
    return None
