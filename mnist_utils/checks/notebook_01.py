"""Checks of the exercises of notebook 01, exploration."""

import time

import numpy as np

from mnist_utils.checks import exercise
from mnist_utils.data import load_mnist


@exercise("1.1")
def strangest_digit(answer) -> str | None:
    train = load_mnist().train
    if np.shape(answer) != () or isinstance(answer, str) or int(answer) != answer:
        return f"Give one whole number, an index into data.train.images; got {answer!r}."
    farthest = {}
    for digit in range(10):
        members = np.flatnonzero(train.labels == digit)
        images = train.images[members].astype(np.float32)
        distances = ((images - images.mean(0)) ** 2).sum((1, 2))
        farthest[int(members[distances.argmax()])] = float(distances.max())
    answer = int(answer)
    if answer == max(farthest, key=farthest.get):
        return None
    if not 0 <= answer < len(train.labels):
        return f"There are {len(train.labels):,} training images; {answer} is no index of one."
    if answer in farthest:
        digit = train.labels[answer]
        return f"That is the strangest {digit}. Another class has an image still farther away."
    return (
        "Another image is farther from its class mean. Compute with floats (uint8 wraps around "
        "at 256), square, sum over all pixels, and keep the index into the whole array, not "
        "the one within the class."
    )


@exercise("1.2")
def several_averages(rule) -> str | None:
    if not callable(rule):
        return "Give the function itself, such as answer_1_2 = rule, without calling it."
    images, labels = load_mnist().validation
    start = time.perf_counter()
    answers = np.asarray(rule(images.copy()))
    seconds = time.perf_counter() - start
    if answers.shape != labels.shape:
        return f"The function must return one label an image, {labels.shape}; got {answers.shape}."
    accuracy = float((answers == labels).mean())
    if accuracy < 0.9:
        return (
            f"It is right for {accuracy:.1%} of the validation images; 90% are asked for. Try "
            "more averages per digit, answer with the digit of the nearest one, and compute "
            "with floats."
        )
    order = np.arange(len(labels))[::-1][:500]
    if not np.array_equal(np.asarray(rule(images[order])), answers[order]):
        return "The answers depend on the images' order or number; each must depend on its image."
    if seconds > 20:
        return f"Right, but it takes {seconds:.0f} s; compare with fewer averages."
    return None


@exercise("1.3")
def block_standard_error(function) -> str | None:
    if not callable(function):
        return "Give the function itself, such as answer_1_3 = block_standard_error."
    rng = np.random.default_rng(13)
    for size, block in ((1_000, 10), (1_234, 100), (777, 50), (1_000, 1)):
        errors = np.repeat(rng.random(-(-size // 20)) < 0.3, 20)[:size].astype(int)
        means = errors[: size // block * block].reshape(-1, block).mean(1)
        count = len(means)
        expected = means.std(ddof=1) / np.sqrt(count)
        got = function(errors, block)
        if np.shape(got) != ():
            return f"The function must return one number; got the shape {np.shape(got)}."
        if np.isclose(got, expected, rtol=1e-6):
            continue
        case = f"for {size:,} errors in blocks of {block}"
        if np.isclose(got, means.std() / np.sqrt(count), rtol=1e-6):
            return f"Nearly, {case}: use the sample standard deviation, ddof=1."
        if np.isclose(got, means.std(ddof=1), rtol=1e-3) or np.isclose(got, means.std()):
            return f"That is the spread of the blocks, {case}; divide by the root of their number."
        if np.isclose(got, errors.std(ddof=1) / np.sqrt(size), rtol=0.05):
            return f"That treats single images as independent, {case}; average within blocks first."
        return f"Expected {expected:.5f}, got {float(got):.5f}, {case}; drop the incomplete block."
    return None
