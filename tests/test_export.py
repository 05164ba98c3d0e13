"""Exported files: they answer like the network, replace nothing unasked, and bad ones are refused."""

import io
import json
import os
import pickle
import subprocess
import sys
import zipfile
from pathlib import Path

import h5py
import numpy as np
import pytest

from mnist_utils import export, exported, keras_files, models
from mnist_utils.artifacts import get_or_train
from mnist_utils.export import FORMATS, compare
from mnist_utils.exported import SUMS, ModelFileError, load
from mnist_utils.recipes import Recipe
from mnist_utils.startup import keras

RECIPE = Recipe("cnn_fast", epochs=1, batch_size=128, train_examples=6_000, learning_rate=3e-3)


@pytest.fixture(scope="module")
def model(data):
    return get_or_train(RECIPE, data, verbose=0).model


@pytest.fixture(scope="module")
def folder(model, data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    export.export(model, folder, data.train.images[:300])
    return folder


@pytest.fixture
def copies(folder, tmp_path):
    """The exported files in a folder without sums, as if they came from somebody else."""
    for file in folder.glob("digits*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())
    return tmp_path


def test_every_format_answers_like_the_network(model, folder, data):
    files = {form: folder / f"digits{end}" for form, end in FORMATS.items()}
    images, labels = data.validation.images[:2000], data.validation.labels[:2000]
    table = compare(model, files, images, labels)
    assert list(table.index) == ["in memory", *FORMATS]
    assert table.accuracy["in memory"] > 0.9
    assert table.agreement[["keras", "litert_float32", "onnx"]].min() > 0.999
    assert table.agreement.min() > 0.97
    assert (table.low < table.accuracy).all()
    assert (table.accuracy < table.high).all()
    assert table.largest[["keras", "litert_float32", "onnx"]].max() < 1e-3
    sizes = table.kilobytes
    assert sizes.litert_int8 < sizes.litert_float16 < sizes.litert_float32 < sizes["keras"]


def test_readers_take_any_number_and_dtype_of_pixels(folder, data):
    for name in ("digits_float32.tflite", "digits.onnx"):
        reader = load(folder / name)
        images = data.validation.images[:203]
        answers = reader(images)
        assert answers.shape == (203, 10)
        assert answers.dtype == np.float32
        assert np.allclose(reader(images.astype(float)[:7]), answers[:7], atol=1e-5)
        assert reader(images[:0]).shape == (0, 10)
        with pytest.raises(ValueError, match=r"shape \(n, 28, 28\)"):
            reader(images[0])


def test_nothing_is_replaced_unasked(model, data, tmp_path):
    samples = data.train.images[:100]
    mine = tmp_path / "digits.onnx"
    mine.write_text("precious")
    with pytest.raises(FileExistsError, match=r"digits\.onnx .* overwrite=True"):
        export.export(model, tmp_path, samples, formats=["keras", "onnx"])
    assert [file.name for file in tmp_path.iterdir()] == ["digits.onnx"]
    assert mine.read_text() == "precious"
    files = export.export(model, tmp_path, samples, formats=["keras", "onnx"], overwrite=True)
    assert load(files["onnx"])(samples).shape == (100, 10)


def test_sums_are_those_that_sha256sum_checks(folder):
    listed = dict(reversed(line.split()) for line in (folder / SUMS).read_text().splitlines())
    assert set(listed) == {f"digits{end}" for end in FORMATS.values()}
    assert sorted(file.name for file in folder.iterdir()) == sorted([*listed, SUMS])
    assert exported.read_sums(folder) == listed


def test_a_failing_export_leaves_what_was_there(model, data, tmp_path, monkeypatch):
    samples = data.train.images[:100]
    export.export(model, tmp_path, samples, formats=["keras"])
    before = {file.name: file.read_bytes() for file in tmp_path.iterdir()}

    def fail(*arguments):
        raise KeyboardInterrupt

    monkeypatch.setattr(export, "_convert", fail)
    with pytest.raises(KeyboardInterrupt):
        export.export(model, tmp_path, samples, formats=["keras", "litert_int8"], overwrite=True)
    assert {file.name: file.read_bytes() for file in tmp_path.iterdir()} == before


def test_a_conversion_that_answers_otherwise_is_refused(model, data, tmp_path, monkeypatch):
    convert, other = export._convert, models.build("cnn_fast")
    monkeypatch.setattr(export, "_convert", lambda model, *rest: convert(other, *rest))
    with pytest.raises(ValueError, match="does not answer like the model"):
        export.export(model, tmp_path, data.train.images[:100], formats=["litert_float32"])
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("wrong", "message"),
    [({"formats": ["tensorrt"]}, "formats must be among"), ({"name": "../up"}, "name must be"),
     ({"name": ""}, "name must be"), ({"samples": 99}, "at least 100")],
)  # fmt: skip
def test_wrong_arguments(model, data, tmp_path, wrong, message):
    samples = data.train.images[: wrong.pop("samples", 100)]
    with pytest.raises(ValueError, match=message):
        export.export(model, tmp_path, samples, **wrong)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("end", FORMATS.values())
def test_a_flipped_bit_is_noticed_by_its_sum(folder, end, tmp_path):
    content = bytearray((folder / f"digits{end}").read_bytes())
    content[len(content) * 2 // 3] ^= 4
    (tmp_path / f"digits{end}").write_bytes(content)
    (tmp_path / SUMS).write_text((folder / SUMS).read_text())
    with pytest.raises(ModelFileError, match="SHA-256 sum"):
        load(tmp_path / f"digits{end}")


@pytest.mark.parametrize("end", FORMATS.values())
@pytest.mark.parametrize("damage", ["cut in half", "beginning", "empty", "text", "pickle"])
def test_a_damaged_file_is_refused_without_a_sum_too(copies, end, damage):
    file = copies / f"digits{end}"
    content = file.read_bytes()
    file.write_bytes({
        "cut in half": content[: len(content) // 2], "beginning": content[:1000], "empty": b"",
        "text": b"This is no network. " * 50, "pickle": pickle.dumps({"weights": [1, 2, 3]}),
    }[damage])  # fmt: skip
    with pytest.raises(ModelFileError, match=f"digits{end}"):
        load(file)


def test_a_damaged_file_never_ends_the_interpreter(copies):
    """LiteRT is C++: what can't be caught is looked for in a process of its own."""
    code = """
import sys, pathlib, numpy as np
from mnist_utils.exported import load, ModelFileError
file = pathlib.Path(sys.argv[1]); content = file.read_bytes(); random = np.random.default_rng(0)
refused = 0
for trial in range(60):
    bad = bytearray(content)
    if trial % 2:
        bad = bad[: random.integers(8, len(bad))]
    for place in random.integers(0, len(bad), 20):
        bad[place] = random.integers(0, 256)
    other = file.with_name("bad" + file.suffix); other.write_bytes(bad)
    try:
        load(other)
    except ModelFileError:
        refused += 1
print(refused)
"""
    for name in ("digits_float32.tflite", "digits_int8.tflite", "digits.onnx"):
        done = subprocess.run([sys.executable, "-c", code, str(copies / name)], capture_output=True,
                              text=True, check=False)  # fmt: skip
        assert done.returncode == 0, (name, done.stderr[-2000:])
        assert int(done.stdout.split()[-1]) >= 30  # those that were cut off


def test_other_endings_and_missing_files(tmp_path):
    (tmp_path / "model.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    with pytest.raises(ModelFileError, match="must end in one of"):
        load(tmp_path / "model.h5")
    with pytest.raises(ModelFileError, match="can't be read: No such file"):
        load(tmp_path / "model.onnx")
    (tmp_path / "folder.keras").mkdir()
    with pytest.raises(ModelFileError, match="can't be read: it is not a file"):
        load(tmp_path / "folder.keras")
    if hasattr(os, "mkfifo"):
        os.mkfifo(tmp_path / "pipe.onnx")
        with pytest.raises(ModelFileError, match="not a file"):
            load(tmp_path / "pipe.onnx")


def test_networks_for_something_else_are_refused(model, data, tmp_path):
    wide = keras.Sequential([keras.Input((32, 32)), keras.layers.Flatten(), keras.layers.Dense(10)])
    wide.save(tmp_path / "wide.keras")
    wide(np.zeros((1, 32, 32)))
    wide.export(tmp_path / "wide.onnx", format="onnx", verbose=False)
    for file in ("wide.keras", "wide.onnx"):
        with pytest.raises(ModelFileError, match=r"must take float32 images \(n, 28, 28\)"):
            load(tmp_path / file)
    logits = keras.Sequential(
        [keras.Input((28, 28)), keras.layers.Flatten(), keras.layers.Dense(10)]
    )
    logits.save(tmp_path / "logits.keras")
    with pytest.raises(ModelFileError, match="does not answer with probabilities"):
        load(tmp_path / "logits.keras")


def rewrite(file: Path, target: Path, change) -> Path:
    """Copy a .keras file with a changed configuration."""
    with zipfile.ZipFile(file) as old, zipfile.ZipFile(target, "w") as new:
        for member in old.namelist():
            content = old.read(member)
            if member == "config.json":
                config = json.loads(content)
                change(config)
                content = json.dumps(config).encode()
            new.writestr(member, content)
    return target


@pytest.mark.parametrize("planted", [
    {"module": "builtins", "class_name": "function", "config": "exec", "registered_name": "function"},
    {"module": "os", "class_name": "function", "config": "system", "registered_name": "system"},
    {"module": "keras.layers", "class_name": "Lambda", "config": {"name": "x", "function": "print"}},
    {"module": "keras.config", "class_name": "function", "config": "enable_unsafe_deserialization"},
    {"class_name": "__lambda__", "config": {"value": "aGVsbG8="}},
    {"module": "keras.layers", "class_name": "TFSMLayer", "config": {"filepath": "/tmp/x"}},
])  # fmt: skip
def test_nothing_but_known_layers_is_made(folder, tmp_path, planted, monkeypatch):
    def change(config):
        config["config"]["layers"].append(planted)

    def never(*arguments, **named):
        raise AssertionError("the file was handed to Keras")

    monkeypatch.setattr(keras.saving, "load_model", never)
    with pytest.raises(ModelFileError, match="which no network of the series needs"):
        load(rewrite(folder / "digits.keras", tmp_path / "planted.keras", change))


def layers_of(config) -> dict:
    """Return a configuration's layers by name, none of which is built beforehand."""
    layers = config["config"]["layers"]
    for layer in layers:
        layer.pop("build_config", None)
    return {layer["config"]["name"]: layer["config"] for layer in layers}


def widen(config):
    layers_of(config)["hidden"]["units"] = 1_000_000_000  # 48 GB


def pad(config):
    layers_of(config)["edge"]["padding"] = [[50_000, 50_000]] * 2  # 40 GB


def lengthen(config):
    config["name"] = "x" * keras_files.LARGEST_CONFIG


@pytest.mark.parametrize(("change", "message"), [
    (widen, "parameters take more than 200 MB"), (pad, "at most 4,194,304"), (lengthen, "1 MB"),
])  # fmt: skip
def test_networks_that_would_need_much_memory_are_refused(tmp_path, monkeypatch, change, message):
    keras.Sequential([
        keras.Input((28, 28)), keras.layers.Reshape((28, 28, 1)),
        keras.layers.ZeroPadding2D(1, name="edge"), keras.layers.GlobalAveragePooling2D(),
        keras.layers.Dense(4, name="hidden"), keras.layers.Dense(10, activation="softmax"),
    ]).save(tmp_path / "small.keras")  # fmt: skip
    load(tmp_path / "small.keras")

    def never(*arguments, **named):
        raise AssertionError("the file was handed to Keras")

    monkeypatch.setattr(keras.saving, "load_model", never)
    with pytest.raises(ModelFileError, match=message):
        load(rewrite(tmp_path / "small.keras", tmp_path / "large.keras", change))


@pytest.mark.parametrize("filled", [False, True])
def test_weights_that_are_only_declared_are_refused(folder, tmp_path, filled):
    """A few bytes of HDF5 can stand for gigabytes: never written, or compressed."""
    content = io.BytesIO()
    with h5py.File(content, "w") as file:
        numbers = file.create_dataset(
            "layers/dense/vars/0", (60_000_000,), "f4", compression="gzip"
        )
        if filled:
            numbers[:] = 0
    assert len(content.getvalue()) < 1_000_000
    with zipfile.ZipFile(folder / "digits.keras") as old, \
         zipfile.ZipFile(tmp_path / "large.keras", "w") as new:  # fmt: skip
        for member in old.namelist():
            weights = member == "model.weights.h5"
            new.writestr(member, content.getvalue() if weights else old.read(member))
    with pytest.raises(ModelFileError, match="weights take more than 200 MB"):
        load(tmp_path / "large.keras")


def test_a_keras_file_with_more_in_it_is_refused(folder, tmp_path):
    content = io.BytesIO((folder / "digits.keras").read_bytes())
    with zipfile.ZipFile(content, "a") as archive:
        archive.writestr("assets/extra.txt", "x")
    (tmp_path / "more.keras").write_bytes(content.getvalue())
    with pytest.raises(ModelFileError, match="nothing else"):
        load(tmp_path / "more.keras")


@pytest.mark.parametrize("name", [name for name in models.BUILDERS])
def test_every_network_of_the_series_can_be_read_back(name, tmp_path):
    model = models.build(name)
    model.save(tmp_path / "model.keras")
    images = np.random.default_rng(0).integers(0, 256, (5, 28, 28))
    again = load(tmp_path / "model.keras")
    assert np.allclose(again.predict_on_batch(images), model.predict_on_batch(images), atol=1e-5)
