"""Checks of the exercises of notebook 03, dense models."""

import numpy as np

from mnist_utils.checks import exercise


@exercise("3.1")
def l2_gradient(answer):
    """A function (weights, bias, pixels, labels, strength) -> (loss, two gradients)."""
    if not callable(answer):
        return "The answer is the function itself: answer_3_1 = my_function, without brackets."
    rng = np.random.default_rng(3)
    pixels, labels = rng.random((20, 784)) * (rng.random((20, 784)) < 0.2), rng.integers(0, 10, 20)
    weights, bias, strength = rng.normal(0, 0.1, (784, 10)), rng.normal(0, 0.1, 10), 0.05
    inputs = (weights.copy(), bias.copy(), pixels.copy(), labels.copy())
    result = answer(*inputs, strength)
    if not isinstance(result, tuple | list) or len(result) != 3:
        return "Return three things: the loss, the slopes of the weights, the slopes of the bias."
    originals = (weights, bias, pixels, labels)
    if not all(np.array_equal(a, b) for a, b in zip(inputs, originals, strict=True)):
        return "Your function changes its inputs in place; copy before you write."
    loss = np.asarray(result[0], float)
    slopes, bias_slopes = (np.asarray(part, float) for part in result[1:])
    if loss.shape != () or slopes.shape != (784, 10) or bias_slopes.shape != (10,):
        return (
            "Expected a single loss and gradients of shapes (784, 10) and (10,); got "
            f"{loss.shape}, {slopes.shape} and {bias_slopes.shape}."
        )
    plain, expected = _cross_entropy(*originals), (weights**2).sum()
    if not np.isclose(loss, plain + strength * expected, rtol=1e-5):
        if np.isclose(loss, plain, rtol=1e-5):
            return "The loss lacks the price: add strength times the sum of the squared weights."
        if np.isclose(loss, plain + strength * (expected + (bias**2).sum()), rtol=1e-5):
            return "The biases go free: only the weights are in the price."
        if np.isclose(loss, plain + strength * expected / 2, rtol=1e-5):
            return "There is no factor 1/2 in the price as stated here."
        return "The loss is not cross-entropy plus strength times the sum of the squared weights."
    return _compare_slopes(originals, strength, slopes, bias_slopes)


def _compare_slopes(originals, strength, slopes, bias_slopes):
    """Compare the gradients with finite differences of the regularised loss."""
    weights, bias, pixels, labels = originals

    def loss(weights, bias):
        return _cross_entropy(weights, bias, pixels, labels) + strength * (weights**2).sum()

    for index in np.ndindex(10):
        nudge = np.zeros(10)
        nudge[index] = 1e-5
        slope = (loss(weights, bias + nudge) - loss(weights, bias - nudge)) / 2e-5
        if not np.isclose(slope, bias_slopes[index], rtol=1e-3, atol=1e-5):
            return "The slopes of the bias do not agree with finite differences; the price has no part in them."
    for pixel, digit in [(0, 0), (100, 3), (350, 9), (406, 5), (500, 1), (783, 7)]:
        nudge = np.zeros_like(weights)
        nudge[pixel, digit] = 1e-5
        slope = (loss(weights + nudge, bias) - loss(weights - nudge, bias)) / 2e-5
        if not np.isclose(slope, slopes[pixel, digit], rtol=1e-3, atol=1e-5):
            missing = (slope - slopes[pixel, digit]) / (strength * weights[pixel, digit])
            if np.isclose(missing, 2, atol=0.02):
                return "The slopes of the weights lack the price's own slope."
            if np.isclose(missing, 1, atol=0.02):
                return "Almost: the derivative of a square has a factor 2."
            return (
                f"At pixel {pixel}, digit {digit} finite differences give {slope:+.4f}, your "
                f"gradient {slopes[pixel, digit]:+.4f}."
            )
    return None


def _cross_entropy(weights, bias, pixels, labels):
    scores = pixels @ weights + bias
    scores = scores - scores.max(axis=1, keepdims=True)
    chosen = scores[np.arange(len(labels)), labels]
    return (np.log(np.exp(scores).sum(axis=1)) - chosen).mean()


@exercise("3.2")
def unshuffle(answer):
    """A function (written, shuffled) -> order, with shuffled[:, i] == written[:, order[i]]."""
    if not callable(answer):
        return "The answer is the function itself: answer_3_2 = my_function, without brackets."
    rng = np.random.default_rng(4)
    distinct = rng.integers(0, 256, (40, 28, 28), dtype=np.uint8)
    blank = distinct.copy()
    blank[:, :3] = 0  # three rows that can't be told apart
    for written, kind in ((distinct, "images of noise"), (blank, "images with blank pixels")):
        columns = written.reshape(len(written), 784)
        order = rng.permutation(784)
        shuffled = columns[:, order]
        got = np.asarray(answer(written.copy(), shuffled.reshape(-1, 28, 28).copy()))
        if got.shape != (784,) or not np.issubdtype(got.dtype, np.integer):
            return f"Expected 784 integers, got {got.dtype} of shape {got.shape}."
        if not np.array_equal(np.sort(got), np.arange(784)):
            return (
                f"On {kind} the result is not a permutation: each of 0 to 783 must come once. "
                "Pixels with the same fingerprint must share out their places."
            )
        if np.array_equal(columns[:, got], shuffled):
            continue
        if np.array_equal(shuffled[:, got], columns):
            return "That is the way back, from shuffled to written; np.argsort inverts an order."
        return f"On {kind}, written pixel order[i] is not shuffled pixel i."
    return None
