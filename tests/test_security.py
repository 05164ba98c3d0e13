"""Nothing that is read can run code, fill the memory or reach outside its folder."""

import ast
import json
import os
import re
import stat
import struct
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from PIL import Image
from series import ROOT, all_notebooks, read_notebook

from mnist_utils import artifacts, cache_entries, execution, measured, run_folder
from mnist_utils.archives import read_archive
from mnist_utils.checks import verdict
from mnist_utils.data import DataError, load_mnist
from mnist_utils.results import KEY
from mnist_utils.training import Recipe, fit

UNPICKLERS = {
    "pickle",
    "cPickle",
    "_pickle",
    "dill",
    "cloudpickle",
    "shelve",
    "marshal",
    "jsonpickle",
}
LOADERS = {"read_pickle", "enable_unsafe_deserialization", "unsafe_load", "full_load"}
# The first executes cells of the series' own notebook, which are the program that it measures; the
# second passes results from its own processes to itself, as joblib does, in a folder of its own.
EXECUTES = {"benchmarks/training_effects.py", "mnist_utils/sweeps.py"}


def find_unsafe(source):
    """Return a line for whatever in a program's text could run code that stands in a file."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = [alias.name for alias in node.names] + [getattr(node, "module", None) or ""]
            found += [f"imports {name}" for name in names if name.split(".")[0] in UNPICKLERS]
        if not isinstance(node, ast.Call):
            continue
        name = ast.unparse(node.func)
        last = name.rpartition(".")[2]
        words = {word.arg: ast.unparse(word.value) for word in node.keywords}
        if name in ("eval", "exec", "joblib.load", "torch.load", "yaml.load") or last in LOADERS:
            found.append(name)
        if name in ("np.load", "numpy.load", "np.lib.format.read_array"):
            found += [name] * (words.get("allow_pickle") != "False")
        if last == "load_model" and words.get("safe_mode", "True") != "True":
            found.append(name)
    return found


def sources():
    for folder in ("mnist_utils", "tools", "benchmarks"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield path.relative_to(ROOT).as_posix(), path.read_text("utf-8")
    for path in all_notebooks():
        cells = [cell.source for cell in read_notebook(path).cells if cell.cell_type == "code"]
        lines = "\n".join(cells).splitlines()
        yield path.name, "\n".join(re.sub(r"^(\s*)[%!].*", r"\1pass", line) for line in lines)


def test_nothing_in_the_project_unpickles_or_executes_files():
    found = {name: unsafe for name, text in sources() if (unsafe := find_unsafe(text))}
    assert set(found) <= EXECUTES, found


@pytest.mark.parametrize("line", [
    "import pickle", "from dill import loads", "np.load('x')", "np.load('x', allow_pickle=True)",
    "eval(text)", "exec(text)", "pd.read_pickle('x')", "keras.saving.load_model('x', safe_mode=False)",
    "keras.config.enable_unsafe_deserialization()", "torch.load('x')", "joblib.load('x')",
])  # fmt: skip
def test_planted_danger_is_found(line):
    assert find_unsafe(f"def f():\n    {line}\n")
    assert not find_unsafe("np.load('x', allow_pickle=False)\nload_model('x')\nmodel.eval()")


class Payload:
    """Leaves a mark when it is unpickled."""

    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.mkdir, (str(self.mark),)


def test_object_arrays_are_refused_before_they_are_unpickled(tmp_path):
    np.savez(tmp_path / "a.npz", x=np.array([Payload(tmp_path / "mark")], dtype=object))
    with pytest.raises(ValueError, match="x is to be object"):
        read_archive(tmp_path / "a.npz")
    np.load(tmp_path / "a.npz", allow_pickle=True)["x"]
    assert (tmp_path / "mark").exists()  # the mark would have been left


def test_stored_model_with_code_in_it_is_not_trusted(data, tmp_path, monkeypatch, capsys):
    """Even where someone has written the sums that fit it."""
    import keras

    recipe = Recipe("softmax_regression", epochs=1, train_examples=64)
    monkeypatch.setenv("MNIST_UTILS_CACHE", str(tmp_path / "cache"))
    expected = artifacts.get_or_train(recipe, data).model.get_weights()
    (entry,) = (tmp_path / "cache").glob("softmax_regression-*")
    mark = str(tmp_path / "mark")
    evil = keras.Sequential([
        keras.Input((28, 28)),
        keras.layers.Lambda(lambda x: (__import__("os").mkdir(mark), x)[1], output_shape=(28, 28)),
        keras.layers.Flatten(), keras.layers.Dense(10),
    ])  # fmt: skip
    evil.save(entry / "model.keras")
    evil.predict_on_batch(data.validation.images[:1])
    os.rmdir(mark)  # which it has just left, as it would wherever it is loaded and asked
    (entry / "sums.json").write_text(json.dumps(cache_entries._sums(entry)))
    model = artifacts.get_or_train(recipe, data).model
    model.predict_on_batch(data.validation.images[:1])
    again = model.get_weights()
    assert "is damaged" in capsys.readouterr().out
    assert not os.path.exists(mark)
    assert all((a == b).all() for a, b in zip(again, expected, strict=True))
    assert fit(recipe, data).model.count_params() == 7_850


# Bombs


def npy(announced, data=b""):
    header = repr({"descr": "|u1", "fortran_order": False, "shape": announced}).encode() + b"\n"
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


def peak_of(call):
    """Return how many bytes a call that must fail with ValueError took at most."""
    tracemalloc.start()
    try:
        with pytest.raises(ValueError, match=r"\w"):
            call()
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("announced", [(2**34,), (2**20, 2**20), (2**62,), (2**80,)])
def test_array_that_announces_more_than_it_holds_takes_no_memory(tmp_path, announced):
    with zipfile.ZipFile(tmp_path / "a.npz", "w") as archive:
        archive.writestr("x.npy", npy(announced, bytes(100)))
    assert peak_of(lambda: read_archive(tmp_path / "a.npz")) < 2_000_000


def test_member_that_lies_about_its_size_takes_no_memory(tmp_path):
    """20 MB of zeros, said to be 128 bytes in both of the archive's directories."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x.npy", npy((20_000_000,), bytes(20_000_000)))
        true, total = archive.getinfo("x.npy").file_size, archive.getinfo("x.npy").CRC
    content = (tmp_path / "a.npz").read_bytes()
    assert len(content) < 100_000
    start = npy((20_000_000,), bytes(20_000_000))[:128]
    lying = content.replace(struct.pack("<I", true), struct.pack("<I", 128))
    lying = lying.replace(struct.pack("<I", total), struct.pack("<I", zlib.crc32(start)))
    (tmp_path / "a.npz").write_bytes(lying)
    assert peak_of(lambda: read_archive(tmp_path / "a.npz")) < 2_000_000


def test_second_member_of_one_name_does_not_get_past_the_limit(tmp_path):
    """numpy.load opens "x" where "x.npy" was measured."""
    with zipfile.ZipFile(tmp_path / "a.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("x", bytes(10_000_000))
        archive.writestr("x.npy", npy((4,), b"abcd"))
    assert peak_of(lambda: read_archive(tmp_path / "a.npz", ["x"])) < 2_000_000


@pytest.fixture
def images(tmp_path):
    """A folder of images by class, in which test/0 is still to be filled."""
    for part in ("train", "test"):
        (tmp_path / "images" / part / "0").mkdir(parents=True)
        Image.new("L", (28, 28), 9).save(tmp_path / "images" / part / "0" / "1.png")
    return tmp_path / "images"


def png(width, height):
    def chunk(kind, data):
        return (struct.pack(">I", len(data)) + kind + data
                + struct.pack(">I", zlib.crc32(kind + data)))  # fmt: skip

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(9)))


@pytest.mark.parametrize("size", [(100_000, 100_000), (10_000, 10_000), (2**31 - 1, 28)])
def test_image_of_gigabytes_takes_no_memory(images, size):
    (images / "test/0/2.png").write_bytes(png(*size))
    assert peak_of(lambda: load_mnist(images, validation_examples=0)) < 5_000_000


def test_image_file_of_megabytes_is_refused(images):
    (images / "test/0/2.png").write_bytes((images / "test/0/1.png").read_bytes() + bytes(2**20))
    with pytest.raises(
        DataError, match=r"2\.png: [\d,]+ bytes; an image of 28×28 pixels has at most"
    ):
        load_mnist(images, validation_examples=0)


def test_only_formats_of_pixels_are_read(images):
    """Pillow would hand an EPS to Ghostscript, whatever its name."""
    Image.new("L", (28, 28)).save(images / "test/0/2.png", "EPS")
    with pytest.raises(DataError, match=r"2\.png: not a readable image .* expected PNG, JPEG"):
        load_mnist(images, validation_examples=0)


# Ways out of a folder


@pytest.mark.parametrize("link", ["test/0/2.png", "test/1", "test"])
def test_links_out_of_the_image_folder_are_refused(images, tmp_path, link):
    outside = tmp_path / "outside"
    (outside / "0").mkdir(parents=True)
    (outside / "1").mkdir()
    Image.new("L", (28, 28), 77).save(outside / "2.png")
    for folder in ("0", "1"):
        Image.new("L", (28, 28), 77).save(outside / folder / "1.png")
    target = {"test/0/2.png": outside / "2.png", "test/1": outside / "1", "test": outside}[link]
    if link == "test":
        (images / "test/0/1.png").unlink()
        (images / "test/0").rmdir()
        (images / "test").rmdir()
    if link != "test/0/2.png":
        (images / "train/1").mkdir()
        Image.new("L", (28, 28)).save(images / "train/1/1.png")
    (images / link).symlink_to(target)
    with pytest.raises(DataError, match="a link that leads out of"):
        load_mnist(images, validation_examples=0)


def test_links_within_the_folder_and_hidden_files_are_fine(images):
    (images / "test/0/2.png").symlink_to(images / "train/0/1.png")
    (images / "train/.ipynb_checkpoints").mkdir()
    (images / "test/0/._1.png").write_bytes(b"left by macOS")
    data = load_mnist(images, validation_examples=0)
    assert repr(data) == "MnistData(train=1, validation=0, test=2)"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="needs a POSIX system")
def test_pipe_that_would_never_end_is_not_opened(images, tmp_path):
    os.mkfifo(images / "test/0/2.png")
    with pytest.raises(DataError, match=r"2\.png: not a file"):
        load_mnist(images, validation_examples=0)
    os.mkfifo(tmp_path / "pipe.npz")
    assert stat.S_ISFIFO((tmp_path / "pipe.npz").stat().st_mode)
    with pytest.raises(DataError, match="no such file or folder"):
        load_mnist(tmp_path / "pipe.npz")


@pytest.mark.parametrize("name", ["../up", "/tmp/up", "a/b", "", ".", "a\0b"])
def test_names_of_cache_entries_and_measurements_stay_in_their_folder(name):
    with pytest.raises(ValueError, match="name must be letters"):
        artifacts.cached({}, dict, lambda *_: None, dict, name=name)
    with pytest.raises(ValueError, match="no measurements named"):
        measured.load(name)


def test_figure_of_a_tampered_notebook_stays_in_its_folder(tmp_path):
    import nbformat

    def picture(name):
        return new_output("display_data", {"image/png": "iVBORw0KGgo=", "text/plain": ""},
                          metadata={KEY: {"figure": name}, "image/png": {"alt": "A"}})  # fmt: skip

    names = ["../../up", "/tmp/up", "fine", ["list"], None, "a.b"]
    cell = new_code_cell("", outputs=[picture(name) for name in names])
    (tmp_path / "run").mkdir()
    nbformat.write(new_notebook(cells=[cell]), tmp_path / "run/01_a.ipynb")
    collected = execution._collect(tmp_path / "run/01_a.ipynb")
    assert [figure["name"] for figure in collected["figures"]] == ["fine"]
    assert [path.name for path in tmp_path.rglob("*.png")] == ["fine.png"]


def test_entry_of_a_tampered_run_stays_in_its_folder(tmp_path, capsys):
    (tmp_path / "run").mkdir()
    (tmp_path / "up.ipynb").write_text("{}")
    entry = {"figures": []}
    entry["sum"] = run_folder.entry_sum(entry, tmp_path / "up.ipynb")
    run_folder.write_results({"notebooks": {"../up": entry}}, tmp_path / "run")
    assert run_folder.read_results(tmp_path / "run")["notebooks"] == {}
    assert "no longer fit" in capsys.readouterr().out


@pytest.mark.parametrize("number", ["../os.1", "os.path", "../../x.1", "１.1", "9" * 5000])
def test_number_of_an_exercise_imports_nothing_else(number):
    assert "no such exercise" in verdict(number, 1)
