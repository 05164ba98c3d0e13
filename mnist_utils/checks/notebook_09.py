"""Checks of notebook 09: an attack on softmax regression, a threshold, the area under the curve."""

import numpy as np

from mnist_utils.checks import exercise


@exercise("9.1")
def check_attack(answer) -> str | None:
    if not callable(answer):
        return "answer_9_1 must be a function attack(weights, bias, image, label, epsilon)."
    rng = np.random.default_rng(9)
    for label, epsilon in ((3, 8.0), (0, 20.0), (9, 40.0)):
        weights, bias = rng.normal(size=(784, 10)) / 30, rng.normal(size=10)
        image = rng.choice([0, 0, 5, 120, 250, 255], 784).astype(np.uint8)
        given = image.copy()
        result = np.asarray(answer(weights.copy(), bias.copy(), given, label, epsilon), float)
        if not np.array_equal(given, image):
            return "Your function changes the image that it is given; work on a copy."
        if result.shape != (784,):
            return f"The result must have shape (784,), as the image; yours has {result.shape}."
        scores = image / 255 @ weights + bias
        powers = np.exp(scores - scores.max())
        chances = powers / powers.sum()
        slopes = weights @ (chances - np.eye(10)[label])
        moved = image + epsilon * np.sign(slopes)
        right = np.clip(moved, 0, 255)
        if np.allclose(result, right, atol=0.51):  # rounded is fine
            continue
        if np.allclose(result, moved, atol=0.51):
            return "Some pixels leave 0-255; cut them off, np.clip does it."
        if np.allclose(result, moved % 256, atol=1.01):
            return "uint8 wraps round at 256 (notebook 02): calculate in float, then cut off."
        if np.allclose(result, np.clip(image - epsilon * np.sign(slopes), 0, 255), atol=0.51):
            return "The wrong direction: that lowers the loss. Which sign has p − y?"
        if np.allclose(result, np.clip(image + epsilon * slopes, 0, 255), atol=0.51):
            return "That is a step along the slope itself; FGSM takes only its sign."
        by_class = np.clip(image - epsilon * np.sign(weights[:, label]), 0, 255)
        if np.allclose(result, by_class, atol=0.51):
            return ("You push away from the label alone. The loss also rises by pushing towards the "
                    "other digits, each by its probability: W(p − y).")  # fmt: skip
        raw = np.clip(image.astype(float) @ weights + bias, -700, 700)
        unscaled = np.exp(raw - raw.max())
        raw_slopes = weights @ (unscaled / unscaled.sum() - np.eye(10)[label])
        if np.allclose(result, np.clip(image + epsilon * np.sign(raw_slopes), 0, 255), atol=0.51):
            return "The probabilities are those of an image that was not divided by 255."
        wrong = int((np.sign(np.round(result - image, 6)) != np.sign(right - image)).sum())
        return f"{wrong} of 784 pixels move another way than by the sign of W(p − y)."
    return None


@exercise("9.2")
def check_threshold(answer) -> str | None:
    if not callable(answer):
        return "answer_9_2 must be a function threshold_for(right, confidence, target)."
    rng = np.random.default_rng(9)
    early = [1, 0, 1, 1, 1, 1, 1, 1, 1, 1]  # over the target at the second, below it later
    cases = [([1, 0, 1], [0.9, 0.8, 0.8], 0.4), ([1, 1, 0, 0], [0.9, 0.8, 0.8, 0.7], 0.2),
             (early, np.arange(10, 0, -1) / 10, 0.1), ([1, 1, 1], [0.2, 0.5, 0.4], 0.0)]  # fmt: skip
    cases += [(rng.random(40) < 0.8, rng.integers(1, 25, 40) / 25, t) for t in (0.0, 0.1, 0.2) * 4]
    cases += [([0, 1, 1], [0.9, 0.8, 0.7], 0.3)]
    for right, confidence, target in cases:
        right, confidence = np.array(right, bool), np.array(confidence, float)
        result = float(answer(right.copy(), confidence.copy(), target))
        levels = np.unique(confidence)
        risks = np.array([(~right[confidence >= level]).mean() for level in levels])
        kept = levels[risks <= target]
        wanted = kept.min() if len(kept) else np.inf
        if np.isclose(result, wanted) or (np.isinf(wanted) and np.isposinf(result)):
            continue
        small = len(right) <= 10
        case = (f"For right = {right.astype(int).tolist()}, confidence = {confidence.tolist()} and "
                f"target {target:g}" if small else f"With 40 answers and target {target:g}")  # fmt: skip
        if np.isinf(wanted):
            return f"{case} no threshold does; return infinity (np.inf)."
        if np.isinf(result) or not np.isclose(levels, result).any():
            return f"{case} the result must be one of the confidences, {wanted:g}; yours is {result:g}."
        risk = risks[np.isclose(levels, result).argmax()]
        if risk > target:
            alike = (confidence == result).sum() > 1
            tie = " Answers of the same confidence are accepted together." if alike else ""
            return f"{case} your threshold {result:g} has a risk of {risk:.3f}.{tie}"
        if result > wanted and (risks[(levels > wanted) & (levels < result)] > target).any():
            return (f"{case} you stop too early: the risk rises above the target and falls below it "
                    f"again, so that {wanted:g} does as well as {result:g}.")  # fmt: skip
        return f"{case} {wanted:g} does as well as {result:g}, and accepts more."
    return None


@exercise("9.3")
def check_area(answer) -> str | None:
    if not callable(answer):
        return "answer_9_3 must be a function area(inside, outside)."
    rng = np.random.default_rng(9)
    cases = [([0.9, 0.8], [0.1, 0.2, 0.3]), ([0.5, 0.5], [0.5]), ([0.2, 0.9, 0.6], [0.6, 0.1])]
    cases += [(rng.integers(0, 8, 30) + 1.0, rng.integers(0, 8, 50) + 0.0) for _ in range(5)]
    for inside, outside in cases:
        inside, outside = np.array(inside, float), np.array(outside, float)
        result = float(answer(inside.copy(), outside.copy()))
        larger = (inside[:, None] > outside).mean()
        tied = (inside[:, None] == outside).mean()
        right = larger + tied / 2
        if np.isclose(result, right, atol=1e-9):
            continue
        case = (f"For inside = {inside.tolist()} and outside = {outside.tolist()}"
                if len(inside) < 5 else "With 30 digits and 50 strangers")  # fmt: skip
        if np.isclose(result, 1 - right, atol=1e-9):
            return f"{case} you have it the wrong way round: a digit should get the larger score."
        if tied and np.isclose(result, larger, atol=1e-9):
            return f"{case} there are ties; each counts one half."
        if tied and np.isclose(result, larger + tied, atol=1e-9):
            return f"{case} a tie counts one half, not one."
        if np.isclose(result, right * len(inside) * len(outside)):
            return f"{case} that is the number of pairs; divide by how many pairs there are."
        return f"{case} the area is {right:.4f}, yours is {result:.4f}. Compare every pair."
    return None
