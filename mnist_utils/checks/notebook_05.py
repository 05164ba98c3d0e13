"""Checks of notebook 05: Keras's units, early stopping, four learning curves."""

import numpy as np

from mnist_utils.checks import exercise


@exercise("5.1")
def check_keras_units(answer) -> str | None:
    if not callable(answer):
        return "answer_5_1 must be a function keras_units(degrees, pixels, size)."
    for degrees, pixels, size in ((36, 7, 28), (10, 2, 28), (90, 3, 28), (10, 2, 64)):
        result = np.asarray(answer(degrees, pixels, size), dtype=float)
        case = f"±{degrees}° and ±{pixels} pixels of {size}"
        if result.shape != (2,):
            return f"The result must be two numbers; yours has shape {result.shape}, for {case}."
        turn, shift = degrees / 360, pixels / size
        if np.allclose(result, (turn, shift), rtol=1e-3):
            continue
        if np.allclose(result, (shift, turn), rtol=1e-3):
            return "The right numbers in the wrong order: rotation comes first."
        if not np.isclose(result[0], turn, rtol=1e-3):
            hints = {
                degrees / 180: "is twice too large: a full turn has 360°, and ± covers both ways.",
                np.deg2rad(degrees): "is in radians.",
                degrees: "is in degrees.",
                degrees / 100: "is a share of 100°.",
            }
            for value, hint in hints.items():
                if np.isclose(result[0], value, rtol=1e-3):
                    return f"For {case} your rotation {result[0]:.4g} {hint} What is its unit?"
            return f"For {case} the rotation should not be {result[0]:.4g}. What is its unit?"
        if size != 28 and np.isclose(result[1], pixels / 28, rtol=1e-3):
            return "Your shift is right for 28 × 28 pixels only; use size."
        return f"For {case} the shift should not be {result[1]:.4g}; Keras counts in image sizes."
    return None


@exercise("5.2")
def check_early_stopping(answer) -> str | None:
    if not callable(answer):
        return "answer_5_2 must be a function early_stopping(losses, patience)."
    rng = np.random.default_rng(5)
    cases = [([0.9, 0.5, 0.4, 0.6, 0.7, 0.8, 0.3], 2), ([0.9, 0.5, 0.4, 0.6, 0.7, 0.8, 0.3], 4),
             ([0.5, 0.6, 0.7, 0.8], 1), ([4.0, 3.0, 2.0, 1.0], 3), ([0.5, 0.5, 0.5, 0.4], 2),
             ([0.5, 0.4, 0.4, 0.6, 0.3], 3), ([1.0], 1), ([3.0, 2.0, 2.5, 2.5], 2)]  # fmt: skip
    cases += [(rng.integers(1, 9, 12).astype(float).tolist(), int(rng.integers(1, 5)))
              for _ in range(30)]  # fmt: skip
    for losses, patience in cases:
        kept = list(losses)
        result = answer(losses, patience)
        if losses != kept:
            return "Your function changes the list that it is given; work on a copy."
        expected = _early_stopping(losses, patience)
        if not isinstance(result, tuple | list | np.ndarray) or len(result) != 2:
            return f"The result must be a tuple of two epochs, got {result!r}."
        last, best = int(result[0]), int(result[1])
        case = f"losses {[round(loss, 2) for loss in losses]}, patience {patience}"
        if (last, best) == expected:
            continue
        if (last + 1, best + 1) == expected:
            return "Right, but count the epochs from 1."
        if (best, last) == expected:
            return "The right epochs in the wrong order: the last one trained comes first."
        if last == expected[0]:
            tie = " With equal losses, the first one stays the best." if (
                losses[best - 1 : best] == [losses[expected[1] - 1]]) else ""  # fmt: skip
            return f"For {case} it stops rightly, but the weights are not those of {best}.{tie}"
        return (f"For {case} training does not end with epoch {last}. Count the epochs since the "
                "best so far; equal is not lower; a lower one starts the count again.")  # fmt: skip
    return None


@exercise("5.3")
def check_four_curves(answer) -> str | None:
    right = {"A": "overfits", "B": "underfits", "C": "rate", "D": "leak"}
    hints = {
        "A": "In A the network learns its training images by heart. What happens to the others?",
        "B": "In B both losses are high, close together and still falling.",
        "C": "In C even the training loss jumps about and never settles.",
        "D": "In D unseen images would be as easy as those learned by heart. Too good to be true?",
    }
    if not isinstance(answer, dict) or set(answer) != set(right):
        return 'answer_5_3 must be a dictionary with the keys "A", "B", "C" and "D".'
    for letter, word in answer.items():
        if word not in right.values():
            return f'{letter} is {word!r}; expected "overfits", "underfits", "rate" or "leak".'
    wrong = [letter for letter in right if answer[letter] != right[letter]]
    return f"{hints[wrong[0]]} ({len(wrong)} of 4 are wrong.)" if wrong else None


def _early_stopping(losses: list[float], patience: int) -> tuple[int, int]:
    """Return the last epoch trained and the epoch restored, both from 1, as Keras does it."""
    best = 0
    for epoch, loss in enumerate(losses):
        if loss < losses[best]:
            best = epoch
        elif epoch - best >= patience:
            return epoch + 1, best + 1
    return len(losses), best + 1
