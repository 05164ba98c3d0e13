"""Results of runs that are too long for a lesson, stored with the command that makes them again."""

import hashlib
import json
from pathlib import Path

FOLDER = Path(__file__).parent


def load(name: str) -> dict:
    """Return stored measurements by name, such as "training_effects".

    Returns:
        A dictionary with "command" (what to run in the repository to make it again), "machine"
        and "rows", one dictionary a row; some hold more.

    Raises:
        ValueError: if there are none of that name, and the message says which there are; or if
            the file does not have its sum in SHA256SUMS, which tools/restamp.py writes.
    """
    file = FOLDER / f"{name}.json"
    stored = sorted(path.stem for path in FOLDER.glob("*.json"))
    if name not in stored:
        raise ValueError(f"no measurements named {name!r} in {FOLDER}; "
                         f"there are {', '.join(stored) or 'none'}")  # fmt: skip
    content = file.read_bytes()
    if read_sums().get(file.name) != hashlib.sha256(content).hexdigest():
        raise ValueError(f"{file} does not have its SHA-256 sum: reinstall the package, or if it "
                         "was measured anew, run `python tools/restamp.py`")  # fmt: skip
    return json.loads(content)


def read_sums() -> dict[str, str]:
    """Return the SHA-256 sum of each file, by its name; {} if there are none."""
    file = FOLDER / "SHA256SUMS"
    lines = file.read_text("utf-8", "replace").splitlines() if file.is_file() else []
    parts = [line.partition("  ") for line in lines]
    return {name: total for total, _, name in parts}


def write_sums() -> None:
    """Write the sums of the files as they are, in the form that sha256sum checks."""
    lines = [f"{hashlib.sha256(file.read_bytes()).hexdigest()}  {file.name}\n"
             for file in sorted(FOLDER.glob("*.json"))]  # fmt: skip
    (FOLDER / "SHA256SUMS").write_text("".join(lines), "utf-8", newline="\n")
