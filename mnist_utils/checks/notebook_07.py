"""Checks of notebook 07: occlusion, the networks that agree against a label, luck of a ranking."""

import numpy as np

from mnist_utils.checks import exercise


def _occlude(score, image, size):
    side = 29 - size
    hidden = np.repeat(image[None], side * side, axis=0)
    for number in range(side * side):
        row, column = divmod(number, side)
        hidden[number, row : row + size, column : column + size] = 0
    return (score(image[None])[0] - score(hidden)).reshape(side, side)


@exercise("7.1")
def check_occlude(answer) -> str | None:
    if not callable(answer):
        return "answer_7_1 must be a function occlude(score, image, size)."
    rng = np.random.default_rng(7)
    weights = rng.normal(size=(28, 28))

    def score(images):
        if np.ndim(images) != 3 or np.shape(images)[1:] != (28, 28):
            raise ValueError(f"score needs images (n, 28, 28), got {np.shape(images)}")
        return np.tanh((np.asarray(images, float) / 255 * weights).sum(axis=(1, 2)) / 20)

    for size in (4, 7):
        image = rng.integers(1, 256, (28, 28)).astype(np.uint8)
        given = image.copy()
        result = np.asarray(answer(score, given, size), dtype=float)
        if not np.array_equal(given, image):
            return "Your function changes the image that it is given; work on a copy."
        right = _occlude(score, image, size)
        if result.shape != right.shape:
            return (f"With squares of {size} by {size} there are {right.shape} positions; your "
                    f"result has shape {result.shape}.")  # fmt: skip
        if np.allclose(result, right, atol=1e-9):
            continue
        if np.allclose(result, -right, atol=1e-9):
            return (
                "The wrong way round: a fall is the score before minus the score with the square."
            )
        if np.allclose(result, right.T, atol=1e-9):
            return "Rows and columns are exchanged: [r, c] is row r, column c."
        if np.allclose(score(image[None])[0] - result, right, atol=1e-9):
            return "Those are the scores with the square; the falls are wanted."
        if np.isclose(result[0, 0], right[0, 0], atol=1e-9):
            return "The first square is right, a later one is not. Start each from the whole image."
        return f"The first square's fall should be {right[0, 0]:.4f}, yours is {result[0, 0]:.4f}."
    return None


@exercise("7.2")
def check_accused(answer) -> str | None:
    if not callable(answer):
        return "answer_7_2 must be a function accused(labels, answers)."
    labels = np.array([3, 3, 3, 3, 3, 3, 3, 3])
    answers = np.array([  # six networks; one image a column
        [3, 5, 5, 5, 5, 0, 3, 8],
        [3, 5, 5, 5, 5, 1, 3, 8],
        [3, 5, 5, 5, 5, 2, 3, 8],
        [3, 5, 5, 8, 3, 4, 3, 8],
        [3, 5, 3, 8, 3, 5, 5, 8],
        [3, 5, 3, 8, 3, 6, 5, 3],
    ])  # fmt: skip
    result = np.asarray(answer(labels.copy(), answers.copy()))
    if result.dtype == bool:
        return "Return indices, not a mask; np.flatnonzero turns one into the other."
    if result.ndim != 1:
        return f"The result must be an array of indices, got shape {result.shape}."
    found, right = set(map(int, result)), {1, 2, 7}
    if 0 in found:
        return "Where the networks agree with the label, nothing is accused."
    if 5 in found:
        return "Six networks that give six wrong digits do not agree; count each digit for itself."
    if found & {3, 4}:
        return "Three of six is not more than half."
    if 6 in found:
        return (
            "Two of six is not more than half of all networks, even if no other wrong digit occurs."
        )
    if found != right:
        return (
            f"In the check's example the images {sorted(right)} are accused, not {sorted(found)}."
        )
    rng = np.random.default_rng(7)
    for networks in (1, 4, 5):
        labels = rng.integers(0, 10, 60)
        answers = np.where(rng.random((networks, 60)) < 0.5, labels, rng.integers(0, 10, 60))
        counts = np.array([(answers == digit).sum(axis=0) for digit in range(10)])
        sure = counts.max(axis=0) > networks / 2
        right = np.flatnonzero(sure & (counts.argmax(axis=0) != labels))
        result = np.asarray(answer(labels.copy(), answers.copy()))
        if result.tolist() != right.tolist():
            if sorted(result.tolist()) == right.tolist():
                return "The right images, but in another order than ascending."
            return f"With {networks} networks and 60 images your indices are not the right ones."
    return None


@exercise("7.3")
def check_against_chance(answer) -> str | None:
    from scipy.stats import binom, hypergeom

    if not callable(answer):
        return "answer_7_3 must be a function against_chance(ranking, listed, top)."
    rng = np.random.default_rng(7)
    for images, wanted, top in ((100, 8, 20), (200, 15, 50), (60, 5, 6), (50, 4, 50), (90, 6, 10)):
        ranking = rng.permutation(images)
        listed = rng.choice(ranking[: images // 3] if top > 10 else ranking[10:], wanted, False)
        result = answer(ranking.copy(), sorted(map(int, listed)), top)
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 2:
            return f"The result must be a tuple of a count and a probability, got {result!r}."
        found, chance = float(result[0]), float(result[1])
        right = int(np.isin(ranking[:top], listed).sum())
        luck = hypergeom(images, wanted, top)
        case = f"Of {images} images {wanted} are listed, and {right} of them in the first {top}"
        if found != right:
            if np.isclose(found, right / wanted):
                return f"{case}: return that count, not the share of the list."
            if found == int(np.isin(listed, np.arange(top)).sum()):
                return f"{case}. Look at the first entries of the ranking, not at small indices."
            return f"{case}; you count {found:g}."
        if np.isclose(chance, luck.sf(right - 1), rtol=1e-6, atol=1e-12):
            continue
        if np.isclose(chance, luck.sf(right), rtol=1e-6, atol=1e-12):
            return f"{case}. That is the probability of *more*; sf(k) leaves k itself out."
        if np.isclose(chance, luck.pmf(right), rtol=1e-6):
            return f"{case}. That is the probability of exactly so many."
        if np.isclose(chance, luck.cdf(right), rtol=1e-6):
            return f"{case}. That is the probability of at most so many."
        if np.isclose(chance, binom(top, wanted / images).sf(right - 1), rtol=1e-6):
            return f"{case}. A ranking names no image twice: draw without putting back."
        return f"{case}: at random at least so many with probability {luck.sf(right - 1):.4g}."
    return None
