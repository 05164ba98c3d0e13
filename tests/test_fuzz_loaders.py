"""Random damage to everything that is read from a file: what was written comes back, or an error.

`make fuzz` runs the same tests with ten thousand inputs each.
"""

import contextlib
import gzip
import io
import json
import struct
import zipfile

import numpy as np
import pytest
from damage import damaged
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnist_utils import artifacts, measured, run_folder
from mnist_utils.archives import read_archive
from mnist_utils.data import DataError, MnistData, load_mnist
from mnist_utils.data.readers import IDX_FILES, IMAGE_FORMATS, KEYS, parse_idx, read_npz
from mnist_utils.selection import RunError, find_notebooks, parse_parameters

RANDOM = np.random.default_rng(0)
ARRAYS = {"x_train": RANDOM.integers(0, 256, (30, 28, 28), np.uint8),
          "y_train": np.repeat(np.arange(10, dtype=np.uint8), 3),
          "x_test": RANDOM.integers(0, 256, (1, 28, 28), np.uint8),
          "y_test": np.array([7], np.uint8)}  # fmt: skip
FEW = {key: array[:1] for key, array in ARRAYS.items()}  # small, so that damage hits every part


def as_bytes(save, **arrays):
    buffer = io.BytesIO()
    save(buffer, **arrays)
    return buffer.getvalue()


ARCHIVES = [as_bytes(np.savez, **FEW), as_bytes(np.savez_compressed, **FEW)]
IMAGES = []
for form in IMAGE_FORMATS:
    kept = io.BytesIO()
    Image.fromarray(ARRAYS["x_train"][0] // 128 * 255).save(kept, form, **({"lossless": True} if form == "WEBP" else {}))  # fmt: skip
    IMAGES.append(kept.getvalue())


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


@given(content=damaged(ARCHIVES))
def test_damaged_npz_is_refused_or_unharmed(folder, content):
    (folder / "damaged.npz").write_bytes(content)
    with contextlib.suppress(DataError):
        arrays = read_npz(folder / "damaged.npz")
        assert all(np.array_equal(arrays[key], FEW[key]) for key in KEYS)


DTYPES = st.sampled_from(["|u1", "<i8", ">i2", "<f4", "|O", "|b1", "<U9", "|V0", "<U0", "<M8[s]",
                          "<c16", "?", "nonsense", [("a", "<i4")], "<U99999999"])  # fmt: skip
SIZES = st.integers(-2, 40) | st.sampled_from([28, 2**31, 2**40, 2**62, 2**63, 2**200])


@st.composite
def crafted_member(draw):
    """The bytes of an .npy file whose header may announce anything."""
    shape = tuple(draw(st.lists(SIZES, max_size=4)))
    header = repr({"descr": draw(DTYPES), "fortran_order": draw(st.booleans()), "shape": shape})
    header = draw(st.sampled_from([header, header + " " * 70, draw(st.text(max_size=30))]))
    encoded = header.encode("latin1", "replace") + b"\n"
    version = draw(st.sampled_from([1, 1, 1, 2, 3, 9]))
    length = struct.pack("<H" if version == 1 else "<I", len(encoded))
    return b"\x93NUMPY" + bytes([version, 0]) + length + encoded + draw(st.binary(max_size=900))


@given(member=crafted_member(), key=st.sampled_from(KEYS), twice=st.booleans())
def test_crafted_npz_with_right_checksums(folder, member, key, twice):
    with zipfile.ZipFile(folder / "crafted.npz", "w") as archive:
        for name in KEYS:
            if name != key:
                archive.writestr(f"{name}.npy", as_npy(FEW[name]))
        archive.writestr(f"{key}.npy", member)
        if twice:
            archive.writestr(key, member)
    try:
        arrays = read_npz(folder / "crafted.npz")
    except DataError:
        return
    assert not twice
    assert_mnist_form(arrays)


def as_npy(array):
    buffer = io.BytesIO()
    np.save(buffer, array)
    return buffer.getvalue()


def assert_mnist_form(arrays):
    for part in ("train", "test"):
        images, labels = arrays[f"x_{part}"], arrays[f"y_{part}"]
        assert images.dtype == labels.dtype == np.uint8
        assert images.shape == (len(labels), 28, 28)
        assert len(labels) > 0
        assert labels.max() <= 9


@given(kind=st.binary(min_size=3, max_size=4), shape=st.lists(st.integers(0, 2**32 - 1), max_size=5),
       surplus=st.integers(-5, 5), right=st.booleans())  # fmt: skip
def test_any_idx_header(kind, shape, surplus, right):
    """Headers of every kind, over as much data as they announce, or a little more or less."""
    if right:
        kind, shape = bytes([0, 0, 8, len(shape)]), [size % 6 for size in shape]
    size = int(np.prod(shape, dtype=object)) + surplus
    data = bytes(max(0, min(size, 4_000)))
    with contextlib.suppress(DataError):
        array = parse_idx(kind + struct.pack(f">{len(shape)}I", *shape) + data, where="here")
        assert array.dtype == np.uint8
        assert array.size <= len(data) + 4 * len(shape)


def idx_bytes(array):
    header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
    return header + array.tobytes()


@pytest.fixture(scope="module")
def idx_folder(folder):
    for key, name in IDX_FILES.items():
        (folder / "idx").mkdir(exist_ok=True)
        (folder / "idx" / f"{name}.gz").write_bytes(gzip.compress(idx_bytes(ARRAYS[key])))
    return folder / "idx"


@given(content=damaged([gzip.compress(idx_bytes(ARRAYS["x_test"]))]))
def test_damaged_gz_is_refused_or_unharmed(idx_folder, content):
    (idx_folder / f"{IDX_FILES['x_test']}.gz").write_bytes(content)
    with contextlib.suppress(DataError):
        data = load_mnist(idx_folder, validation_examples=0)
        assert np.array_equal(data._test.images, ARRAYS["x_test"])


@pytest.fixture(scope="module")
def image_folder(folder):
    for part in ("train", "test"):
        (folder / "images" / part / "3").mkdir(parents=True, exist_ok=True)
        (folder / "images" / part / "3" / "1.png").write_bytes(IMAGES[0])
    return folder / "images"


@given(content=damaged(IMAGES) | st.binary(max_size=200))
def test_damaged_image_is_refused_or_28_by_28(image_folder, content):
    """Formats without a checksum may show other pixels; nothing else may happen."""
    (image_folder / "test/3/1.png").write_bytes(content)
    with contextlib.suppress(DataError):
        data = load_mnist(image_folder, validation_examples=0)
        assert_mnist_form({"x_train": data.train.images, "y_train": data.train.labels,
                           "x_test": data._test.images, "y_test": data._test.labels})  # fmt: skip


@given(names=st.lists(st.text(min_size=1, max_size=8), max_size=3))
def test_any_names_of_classes_and_images(tmp_path_factory, names):
    folder = tmp_path_factory.mktemp("named")
    for part in ("train", "test"):
        (folder / part).mkdir()
        for name in names:
            with contextlib.suppress(OSError, ValueError):  # not every text can name a folder
                place = (folder / part / name).resolve()
                if place.parent == folder / part:
                    place.mkdir(exist_ok=True)
                    (place / "1.png").write_bytes(IMAGES[0])
    with contextlib.suppress(DataError):
        data = load_mnist(folder, validation_examples=0)
        visible = {path.name for path in (folder / "train").iterdir() if path.name[0] != "."}
        assert len(data.train.labels) == len(visible)


ANYTHING = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20) \
    | st.binary(max_size=5) | st.lists(st.integers(), max_size=3)  # fmt: skip
PATHS = st.text() | st.sampled_from(["~nobody-of-this-name/x", "\0", "a" * 5000, "/dev/null", ".", "",
                                     "../..", "/dev/full"])  # fmt: skip


@given(path=PATHS | st.integers() | st.binary(), seed=ANYTHING, examples=ANYTHING)
def test_any_arguments_of_load_mnist(path, seed, examples):
    with contextlib.suppress(ValueError):  # DataError is one
        assert isinstance(load_mnist(path, seed=seed, validation_examples=examples), MnistData)


@given(seed=ANYTHING, examples=ANYTHING | st.integers(0, 40))
def test_any_split_of_sound_data(folder, seed, examples):
    if not (folder / "whole.npz").exists():
        np.savez(folder / "whole.npz", **ARRAYS)
    with contextlib.suppress(ValueError):
        data = load_mnist(folder / "whole.npz", seed=seed, validation_examples=examples)
        assert len(data.train.labels) + len(data.validation.labels) == 30


# What the package itself has written


@pytest.fixture(scope="module")
def checkpoint(folder, data):
    """A model, its checkpoint's file and purpose, and its variables as they are stored and not."""
    from mnist_utils.checkpoints import Checkpoint, _state
    from mnist_utils.recipes import Recipe
    from mnist_utils.training import compile_recipe, fit

    recipe = Recipe("softmax_regression", epochs=1, train_examples=64, early_stopping=2)
    file = folder / "run.npz"
    fit(recipe, data, checkpoint=file, keep_checkpoint=True)
    model, _ = compile_recipe(recipe, 64)
    fresh = [np.asarray(variable) for variable in _state(model)]
    purpose = {"recipe": repr(recipe), "data": data.checksum}
    whole = file.read_bytes()
    assert Checkpoint(file, purpose).restore(model) == 1
    return model, file, purpose, whole, fresh, [np.asarray(v) for v in _state(model)]


@given(draw=st.data())
def test_damaged_checkpoint_is_refused_or_unharmed(checkpoint, draw):
    from mnist_utils.checkpoints import Checkpoint, _state

    model, file, purpose, whole, fresh, stored = checkpoint
    file.write_bytes(draw.draw(damaged([whole])))
    for variable, value in zip(_state(model), fresh, strict=True):
        variable.assign(value)
    done = Checkpoint(file, purpose).restore(model)
    expected = stored if done else fresh
    assert all(np.array_equal(v, e) for v, e in zip(_state(model), expected, strict=True))


@given(draw=st.data())
def test_damaged_cache_entry_is_made_again(folder, draw):
    calls = []

    def compute():
        calls.append(1)
        return [1.5, 2.5]

    def save(value, place):
        (place / "value.json").write_text(json.dumps(value))
        np.savez(place / "value.npz", value=value)

    def load(place):
        assert read_archive(place / "value.npz")["value"].tolist() == [1.5, 2.5]
        return json.loads((place / "value.json").read_text())

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MNIST_UTILS_CACHE", str(folder / "cache"))
        artifacts.cached({}, compute, save, load, name="value")
        files = sorted((folder / "cache").glob("value-*/*"))
        chosen = files[draw.draw(st.integers(0, len(files) - 1))]
        content = chosen.read_bytes()
        chosen.write_bytes(draw.draw(damaged([content])))
        harmed = chosen.read_bytes() != content
        calls.clear()
        for _ in range(2):
            assert artifacts.cached({}, compute, save, load, name="value") == [1.5, 2.5]
    if chosen.name != "sums.json":  # whose form may differ while it says the same
        assert len(calls) == harmed


@pytest.fixture(scope="module")
def run(folder):
    """A run's folder with one finished notebook, and its files' contents."""
    place = folder / "run"
    (place / "figures").mkdir(parents=True)
    (place / "01_a.ipynb").write_text('{"cells": []}')
    (place / "figures/curve.png").write_bytes(IMAGES[0])
    entry = {"status": "ok", "seconds": 1.5, "parameters": {}, "error": None, "key": "k",
             "results": [{"name": "accuracy", "value": 0.98}], "test_read_cell": None,
             "figures": [{"name": "curve", "alt": "A curve"}]}  # fmt: skip
    entry["sum"] = run_folder.entry_sum(entry, place / "01_a.ipynb")
    run_folder.write_results({"environment": {}, "notebooks": {"01_a": entry}}, place)
    return place, entry, {p: p.read_bytes() for p in place.rglob("*") if p.is_file()}


@given(draw=st.data())
def test_damaged_run_is_not_taken_for_a_finished_one(run, draw):
    place, entry, contents = run
    for path, content in contents.items():
        path.write_bytes(content)
    path = draw.draw(st.sampled_from(sorted(contents)))
    path.write_bytes(draw.draw(damaged([contents[path]])))
    found = run_folder.read_results(place)["notebooks"]
    assert found in ({}, {"01_a": entry})
    if path.suffix != ".json" and path.read_bytes() != contents[path]:
        assert found == {}


@given(draw=st.data())
def test_damaged_measurements_are_refused(folder, draw):
    whole = b'{"command": "python x.py", "machine": "m", "rows": [{"accuracy": 0.9876}]}'
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(measured, "FOLDER", folder)
        (folder / "runs.json").write_bytes(whole)
        measured.write_sums()
        content = draw.draw(damaged([whole]))
        (folder / "runs.json").write_bytes(content)
        if content == whole:
            assert measured.load("runs")["machine"] == "m"
        else:
            with pytest.raises(ValueError, match=r"reinstall the package, or .* tools/restamp\.py"):
                measured.load("runs")


# What is typed on the command line


@pytest.fixture(scope="module")
def notebooks(folder):
    import nbformat
    from nbformat.v4 import new_code_cell, new_notebook

    cell = new_code_cell("EPOCHS = 3\nRATE = 0.5\nNAME = 'adam'\nMORE = None")
    cell.metadata["tags"] = ["parameters"]
    nbformat.write(new_notebook(cells=[cell]), folder / "01_lesson.ipynb")
    return [folder / "01_lesson.ipynb"]


SETTINGS = st.text() | st.builds("{}={}".format, st.sampled_from(["EPOCHS", "RATE", "NAME", "MORE"]),
                                 st.text() | ANYTHING.map(repr)
                                 | st.sampled_from(["[" * 300, "{[]: 1}", "9" * 5000, "1e999"]))  # fmt: skip


@given(setting=SETTINGS)
def test_any_parameter_is_of_its_defaults_type_or_refused(notebooks, setting):
    with contextlib.suppress(RunError):
        for name, value in parse_parameters([setting], notebooks)[notebooks[0]].items():
            assert name == "MORE" or isinstance(
                value, {"EPOCHS": int, "RATE": int | float, "NAME": str}[name]
            )


@given(wish=st.text())
def test_any_wish_is_a_notebook_of_the_folder_or_refused(notebooks, wish):
    with contextlib.suppress(RunError):
        assert find_notebooks(notebooks[0].parent, [wish]) == notebooks


@given(content=st.data())
def test_damaged_notebook_is_a_run_error(folder, notebooks, content):
    path = folder / "02_damaged.json"
    path.write_bytes(content.draw(damaged([notebooks[0].read_bytes()])))
    with contextlib.suppress(RunError):
        parse_parameters(["EPOCHS=1"], [path])
