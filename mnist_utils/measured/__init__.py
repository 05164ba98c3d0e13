"""Results of runs that are too long for a lesson, stored with the command that makes them again."""

import json
from pathlib import Path

FOLDER = Path(__file__).parent


def load(name: str) -> dict:
    """Return stored measurements by name, such as "training_effects".

    Returns:
        A dictionary with "command" (what to run in the repository to make it again), "machine"
        and "rows", one dictionary a row; some hold more.

    Raises:
        ValueError: if there are none of that name; the message says which there are.
    """
    file = FOLDER / f"{name}.json"
    stored = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in stored:
        raise ValueError(f"no measurements named {name!r} in {FOLDER}; "
                         f"there are {', '.join(stored) or 'none'}")  # fmt: skip
    return json.loads(file.read_text("utf-8"))
