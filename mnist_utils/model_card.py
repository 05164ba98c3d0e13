"""A model card in Markdown: what a reader is, how it was made, how well it does, where it must not go.

After Mitchell and others, "Model Cards for Model Reporting" (2019, arXiv 1810.03993).
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib.metadata import version

import pandas as pd

from mnist_utils.data import MnistData
from mnist_utils.evaluation import accuracy_interval
from mnist_utils.reader import Reader
from mnist_utils.recipes import Ensemble, Recipe

LIBRARIES = ("tensorflow", "keras", "numpy")


def make_card(
    reader: Reader,
    recipe: Recipe | Ensemble,
    data: MnistData,
    measured: Mapping[str, tuple[int, int]],
    files: pd.DataFrame,
    limits: Sequence[str],
) -> str:
    """Return the card as Markdown.

    Args:
        reader: its parameters are counted; temperature and threshold are told.
        recipe: that it was trained by.
        data: that it was trained and calibrated on.
        measured: what was counted, to how many of how many; each gets Wilson's interval.
        files: as `export.compare` returns it, and with a column milliseconds, of one image.
        limits: a sentence each.

    Raises:
        ValueError: if nothing was measured, a count is impossible, or no limit is named.
    """
    if not measured or not limits or isinstance(limits, str):
        raise ValueError("a card needs something measured and a list of limits")
    training = recipe.recipe if isinstance(recipe, Ensemble) else recipe
    used = training.train_examples or len(data.train.labels)
    settings = [f"{name.replace('_', ' ')} {value}" for name, value in asdict(training).items()
                if value not in (None, 0, 0.0) or name == "seed"]  # fmt: skip
    parameters = sum(model.count_params() for model in reader.models)
    return "\n".join([
        "# Model card: a reader of single handwritten digits", "",
        f"**What it is.** {parameters:,} parameters in {len(reader.models)} network"
        f"{'s' if len(reader.models) > 1 else ''}. It takes grey images of 28 by 28 pixels, 0 "
        "paper to 255 ink, prepared like MNIST's, and gives ten probabilities. To calibrate them, "
        f"divide their logarithms by the temperature {reader.temperature:.3f} and normalise; then "
        f"refuse to answer below {reader.threshold:.3f}.", "",
        f"**Data.** MNIST (CC BY-SA 3.0; digits from forms, USA, about 1990): {used:,} training "
        f"images, {len(data.validation.labels):,} others for temperature and threshold.", "",
        f"**Training.** {', '.join(settings)}. With "
        f"{', '.join(f'{name} {version(name)}' for name in LIBRARIES)}.", "",
        "**Measured**, each share with its 95% interval over images (Wilson), for this one "
        "training; another seed varies besides.", "",
        *measured_table(measured), "",
        "**Files.** Agreement: the same digit as the network in memory. Time: one image, median, "
        "on the machine that wrote this card.", "",
        *files_table(files), "",
        "**Limits.**", "", *(f"- {limit}" for limit in limits), "",
    ])  # fmt: skip


def measured_table(measured: Mapping[str, tuple[int, int]]) -> list[str]:
    """Return the lines of a Markdown table: what, share, 95% interval, of how many."""
    lines = ["| what | share | 95% interval | of |", "|---|---|---|---|"]
    for what, (count, total) in measured.items():
        low, high = accuracy_interval(count, total)
        lines.append(f"| {what} | {count / total:.2%} | {low:.2%} to {high:.2%} | {total:,} |")
    return lines


def files_table(files: pd.DataFrame) -> list[str]:
    """Return the lines of a Markdown table: form, kilobytes, agreement, accuracy, milliseconds."""
    lines = ["| form | kB | agreement | accuracy (95% interval) | ms |", "|---|---|---|---|---|"]
    for form, row in files.iterrows():
        size = "" if pd.isna(row.kilobytes) else f"{row.kilobytes:,.0f}"
        time = "" if pd.isna(row.milliseconds) else f"{row.milliseconds:.3f}"
        lines.append(f"| {form} | {size} | {row.agreement:.2%} | {row.accuracy:.2%} "
                     f"({row.low:.2%} to {row.high:.2%}) | {time} |")  # fmt: skip
    return lines
