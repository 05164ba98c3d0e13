"""Checks of the exercises of notebook 02."""

import numpy as np
from PIL import Image

from mnist_utils.checks import exercise
from mnist_utils.preprocessing import bounding_boxes, centre_of_mass


@exercise("2.1")
def check_to_mnist(answer) -> str | None:
    if not callable(answer):
        return "Expected a function to_mnist(image)."
    for name, image in _drawings().items():
        try:
            result = answer(image.copy())
        except ValueError as error:
            return f"{error}, for {name}. Does the box cross the edge? Then move it back."
        if not isinstance(result, np.ndarray) or result.shape != (28, 28):
            return f"The result must be an array (28, 28), got {np.shape(result)} for {name}."
        if result.dtype != np.uint8:
            return f"The result must be uint8, got {result.dtype}."
        height, width = bounding_boxes(result[None])[0, 2:]
        if not 19 <= max(height, width) <= 20:
            return (
                f"For {name}, the longer side of the ink is {max(height, width)} pixels, not 20. "
                "Cut to the ink first; and if the box crosses the edge, move it back."
            )
        rows, columns = np.flatnonzero(image.any(axis=1)), np.flatnonzero(image.any(axis=0))
        tall, wide = np.ptp(rows) + 1, np.ptp(columns) + 1
        if abs(min(height, width) - max(1, 20 * min(tall, wide) / max(tall, wide))) > 1.5:
            return f"For {name}, the aspect changed: {tall}×{wide} became {height}×{width}."
        if (tall > wide) != (height > width) and abs(tall - wide) > 3:
            return f"For {name}, height and width are exchanged; Pillow's resize takes (width, …)."
        if _is_mirrored(image[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1], result):
            return f"For {name}, the ink is mirrored; no step may turn the image over."
        if result.max() < 128:
            return f"For {name}, the ink has become pale (at most {result.max()}); keep 0-255."
        distance = np.abs(centre_of_mass(result[None])[0] - 14)
        if "lollipop" in name:  # the edge dictates its row; its column must still be right
            first = bounding_boxes(result[None])[0, 0]
            if (first if "upside" in name else 28 - first - height) > 1:
                return f"For {name}, move the box back only as far as the edge."
            distance = distance[1:]
        if distance.max() > 0.6:
            half = " 13.5 is the geometric centre; MNIST uses 14." if distance.max() < 1.1 else ""
            return f"For {name}, the centre of mass is {distance.max():.1f} pixels from 14.{half}"
    try:
        answer(np.zeros((40, 40), np.uint8))
    except ValueError:
        return None
    return "A blank image must raise a ValueError."


def _is_mirrored(ink: np.ndarray, result: np.ndarray) -> bool:
    """Return whether the result, uint8 (28, 28), is nearer to the cut-out ink turned over."""
    column, row, height, width = bounding_boxes(result[None])[0][[1, 0, 2, 3]]
    found = result[row : row + height, column : column + width].astype(float)
    wanted = np.asarray(Image.fromarray(ink).resize((int(width), int(height))), float)
    straight, *turned = (np.abs(found - other).mean()
                         for other in (wanted, wanted[:, ::-1], wanted[::-1], wanted[::-1, ::-1]))  # fmt: skip
    return min(turned) < straight - 10


def _drawings() -> dict[str, np.ndarray]:
    stroke = np.zeros((300, 200), np.uint8)
    stroke[40:160, 30:50] = 255
    stroke[140:160, 30:110] = 255
    small = np.zeros((12, 9), np.uint8)
    small[2:9, 3:5] = 255
    wide = np.zeros((40, 400), np.uint8)
    wide[10:30, 100:300] = 200
    whole = np.full((60, 50), 255, np.uint8)
    thin = np.zeros((100, 100), np.uint8)
    thin[10:90, 50:53] = 255
    lollipop = np.zeros((200, 120), np.uint8)
    lollipop[10:190, 58:62] = 255
    lollipop[10:70, 30:90] = 255
    return {
        "a large L": stroke,
        "a small stroke": small,
        "a wide bar": wide,
        "ink up to the edge": whole,
        "a thin line": thin,
        "a lollipop": lollipop,
        "a lollipop upside down": lollipop[::-1],
    }


@exercise("2.2")
def check_train_raw(answer) -> str | None:
    if not callable(answer):
        return "Expected a function train_raw(images, labels, unit_rate, steps)."
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (60, 784)).astype(np.uint8)
    images[:, rng.random(784) < 0.8] = 0
    labels = rng.integers(0, 10, 60)
    for rate, steps in ((0.05, 6), (0.05, 1)):
        expected = _descend(images / 255, labels, rate, steps) / 255
        weights = np.asarray(answer(images.copy(), labels.copy(), rate, steps), float)
        if weights.shape != (784, 10):
            return f"W must have shape (784, 10), got {weights.shape}."
        if np.allclose(weights, expected, rtol=1e-3, atol=1e-3 * np.abs(expected).max()):
            continue
        wrong = {
            "You used the rate as it is: the gradient on raw pixels is 255 times as large.": 1,
            "You divided the rate by 255. That mends the gradient; but the same W also acts on "
            "pixels 255 times as large.": 255,
        }
        for hint, divisor in wrong.items():
            reached = _descend(images.astype(float), labels, rate / divisor, steps)
            if np.allclose(weights, reached, rtol=1e-2, atol=1e-2 * np.abs(reached).max()):
                return hint
        if np.allclose(weights, 255 * expected, rtol=1e-2, atol=np.abs(expected).max()):
            return (
                "This is the W of the 0-to-1 network; on raw pixels it must be 255 times smaller."
            )
        return (
            f"After {steps} step(s), W is not that of the 0-to-1 network over 255. The mean "
            "gradient divides by n; labels need one-hot form; a uint8 product wraps."
        )
    return None


def _descend(pixels, labels, rate: float, steps: int) -> np.ndarray:
    weights = np.zeros((784, 10))
    for _ in range(steps):
        sums = pixels @ weights
        powers = np.exp(sums - sums.max(axis=1, keepdims=True))
        probabilities = powers / powers.sum(axis=1, keepdims=True)
        weights -= rate * pixels.T @ (probabilities - np.eye(10)[labels]) / len(labels)
    return weights


@exercise("2.3")
def check_stratified(answer) -> str | None:
    if not callable(answer):
        return "Expected a function stratified(labels, held_out, seed)."
    labels = np.repeat(np.arange(10), [59, 67, 60, 61, 58, 54, 59, 63, 59, 60])
    for held_out in (100, 137, 13):
        kept, held = (np.asarray(rows) for rows in answer(labels.copy(), held_out, 0))
        if len(held) != held_out:
            return (
                f"Asked for {held_out} rows held out, got {len(held)}; round the shares with care."
            )
        if not np.array_equal(np.sort(np.concatenate([kept, held])), np.arange(len(labels))):
            return "Every row number must stand in exactly one of kept and held."
        share = held_out * np.bincount(labels) / len(labels)
        if np.abs(np.bincount(labels[held], minlength=10) - share).max() > 1:
            return f"A class is more than one image from its fair share at held_out={held_out}."
        if not np.array_equal(held, answer(labels.copy(), held_out, 0)[1]):
            return "The same seed must give the same rows."
        if len(np.intersect1d(held, answer(labels.copy(), held_out, 1)[1])) > held_out / 2:
            return "Another seed must give other rows: draw them at random within each class."
    mixed = np.random.default_rng(1).permutation(labels)
    held = np.asarray(answer(mixed.copy(), 100, 0)[1])
    share = 100 * np.bincount(mixed) / len(mixed)
    if np.abs(np.bincount(mixed[held], minlength=10) - share).max() > 1:
        return "The labels need not be sorted; find each class's rows with np.flatnonzero."
    return None
