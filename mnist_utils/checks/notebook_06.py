"""Checks of notebook 06: McNemar's exact test, temperature, the epoch that was chosen."""

import numpy as np

from mnist_utils.checks import exercise


@exercise("6.1")
def check_mcnemar(answer) -> str | None:
    from scipy.stats import binomtest, chi2

    if not callable(answer):
        return "answer_6_1 must be a function mcnemar(labels, first, second)."
    rng = np.random.default_rng(6)
    for images, better, worse in ((400, 9, 0), (500, 14, 5), (300, 3, 12), (200, 0, 0), (60, 4, 4)):
        labels = rng.integers(0, 10, images)
        first, second = labels.copy(), labels.copy()
        second[:better] = (labels[:better] + 1) % 10  # only the first is right
        first[better : better + worse] = (labels[better : better + worse] + 1) % 10
        first[-9:] = (labels[-9:] + 3) % 10  # both are wrong, and not in the same way
        second[-9:] = (labels[-9:] + 5) % 10
        result = float(answer(labels.copy(), first, second))
        discordant = better + worse
        right = binomtest(better, discordant).pvalue if discordant else 1.0
        case = f"Where only the first is right {better} times, and only the second {worse} times"
        if np.isclose(result, right, rtol=1e-6, atol=1e-12):
            continue
        if result > 1:
            return (
                f"{case}, your result is above 1. At a tie twice the tail counts the middle twice."
            )
        if discordant and np.isclose(result, right / 2, rtol=1e-6):
            return f"{case}, yours is half of it. Either model might have been the better one."
        disagree = better + worse + 9
        if np.isclose(result, binomtest(better, disagree).pvalue, rtol=1e-6):
            return ("Images that both get wrong, each in its own way, say nothing about which is "
                    "better; leave them out.")  # fmt: skip
        if discordant:
            z = (better - worse) ** 2 / discordant
            corrected = (abs(better - worse) - 1) ** 2 / discordant
            if np.isclose(result, chi2.sf([z, corrected], 1), rtol=1e-4).any():
                return f"{case}, that is the chi-squared approximation. Count coins instead."
        return (f"{case}, p should be {right:.4g}, not {result:.4g}. Only these images count: each "
                "is a coin that falls either way with probability 1/2.")  # fmt: skip
    return None


@exercise("6.2")
def check_soften(answer) -> str | None:
    if not callable(answer):
        return "answer_6_2 must be a function soften(probabilities, temperature)."
    drawn = np.random.default_rng(6).dirichlet(np.full(10, 0.2), 20)
    for temperature in (2.0, 0.5, 1.0, 3.0):
        given = drawn.copy()
        result = np.asarray(answer(given, temperature), dtype=float)
        if not np.array_equal(given, drawn):
            return "Your function changes the array that it is given; work on a copy."
        if result.shape != drawn.shape:
            return f"The result must have shape {drawn.shape}, as given; yours has {result.shape}."
        powers = drawn ** (1 / temperature)
        right = powers / powers.sum(axis=1, keepdims=True)
        if np.allclose(result, right, rtol=0, atol=1e-6):
            continue
        if np.allclose(result, powers, rtol=0, atol=1e-6):
            return "The right powers, but a row no longer sums to 1. Divide it by its sum."
        wrong = drawn**temperature
        if np.allclose(result, wrong / wrong.sum(axis=1, keepdims=True), rtol=0, atol=1e-6):
            return "The wrong way round: above 1 it should become less sure, so take 1/temperature."
        if np.allclose(result, powers / powers.sum(axis=0), rtol=0, atol=1e-6):
            return "The rows are the images: sum along axis 1, and keep the dimension."
        shares = np.exp(drawn / temperature)
        if np.allclose(result, shares / shares.sum(axis=1, keepdims=True), rtol=0, atol=1e-6):
            return "Softmax takes logits, and these are probabilities. Their logarithms would do."
        return f"At temperature {temperature:g} each probability is raised to 1/{temperature:g}."
    return None


@exercise("6.3")
def check_chosen_epoch(answer) -> str | None:
    if not callable(answer):
        return "answer_6_3 must be a function peek(choosing, judging)."
    rng = np.random.default_rng(6)
    cases = [([0.90, 0.95, 0.93], [0.91, 0.92, 0.94]), ([0.9, 0.9], [0.8, 0.7])]
    cases += [(rng.integers(90, 97, 8) / 100, rng.integers(90, 97, 8) / 100) for _ in range(30)]
    for choosing, judging in cases:
        choosing, judging = np.array(choosing), np.array(judging)
        try:
            result = answer(choosing.tolist(), judging.tolist())  # lists, as the exercise says
        except (AttributeError, TypeError):
            result = answer(choosing.copy(), judging.copy())  # an answer for arrays is fine, too
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 2:
            return f"The result must be a tuple of an epoch and a difference, got {result!r}."
        epoch, gap = int(result[0]), float(result[1])
        best = int(choosing.argmax())
        right = choosing[best] - judging[best]
        case = f"For {choosing.round(2).tolist()} and {judging.round(2).tolist()}"
        if epoch == best + 1 and np.isclose(gap, right, atol=1e-9):
            continue
        if epoch == best and np.isclose(gap, right, atol=1e-9):
            return "Right, but count the epochs from 1."
        if epoch == judging.argmax() + 1 != best + 1:
            return f"{case} you chose by the second list. It may only judge."
        ties = np.flatnonzero(choosing == choosing[best]) + 1
        if epoch in ties and epoch != best + 1:
            return f"{case} epoch {best + 1} was as good already, and came first."
        if epoch != best + 1:
            return f"{case} the chosen epoch is {best + 1}, not {epoch}."
        if np.isclose(gap, choosing[best] - judging.max(), atol=1e-9):
            return f"{case} you compare two different epochs: the best of each list."
        if np.isclose(gap, -right, atol=1e-9):
            return "The right difference the wrong way round: promised minus honest."
        return f"{case} the difference is that of one epoch's two scores, {right:.2f}."
    return None
