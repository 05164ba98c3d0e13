"""The data and its readers: what is right, and what every kind of damage says."""

import contextlib
import gzip
import hashlib
import io
import shutil
import struct
import zipfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mnist_utils.data import PACKAGED, DataError, Split, load_mnist, load_once
from mnist_utils.data.readers import IDX_FILES, KEYS, parse_idx, read_npz
from mnist_utils.data.sums import PUBLISHED_SUMS

FASHION = Path("/usr/share/datasets/fashion-mnist")


@pytest.fixture(scope="module")
def arrays():
    """A small data set in MNIST's form, ten of each class to train on and two to test on."""
    random = np.random.default_rng(0)

    def images(n):
        return random.integers(0, 256, (n, 28, 28), dtype=np.uint8)

    labels = np.arange(10, dtype=np.uint8)
    return {"x_train": images(100), "y_train": np.repeat(labels, 10),
            "x_test": images(20), "y_test": np.repeat(labels, 2)}  # fmt: skip


def save(path, **arrays):
    np.savez_compressed(path, **arrays)
    return path


def test_packaged_arrays_are_mnist():
    found = {key: hashlib.sha256(array).hexdigest() for key, array in read_npz(PACKAGED).items()}
    assert found == PUBLISHED_SUMS


def test_splits_have_documented_sizes_and_types(data):
    for split, size in [(data.train, 55_000), (data.validation, 5_000), (data.test, 10_000)]:
        assert split.images.shape == (size, 28, 28)
        assert split.images.dtype == split.labels.dtype == np.uint8
        assert split.labels.shape == (size,)


def test_validation_is_stratified_shuffled_and_disjoint(data):
    everything = np.load(PACKAGED)
    share = np.bincount(data.validation.labels) / 5_000
    assert np.abs(share - np.bincount(everything["y_train"]) / 60_000).max() < 2e-4
    both = np.concatenate([data.train.images, data.validation.images]).reshape(60_000, -1)
    rows = {row.tobytes() for row in both}
    assert rows == {row.tobytes() for row in everything["x_train"].reshape(60_000, -1)}
    tail = {row.tobytes() for row in everything["x_train"][-5_000:].reshape(5_000, -1)}
    held = {row.tobytes() for row in data.validation.images.reshape(5_000, -1)}
    assert len(tail & held) < 1_000  # drawn from everywhere, not the unshuffled tail


def test_split_depends_on_seed_alone(data):
    assert (load_mnist().validation.labels == data.validation.labels).all()
    other = load_mnist(seed=1)
    assert (other.validation.labels != data.validation.labels).any()
    assert other.checksum != data.checksum
    assert load_mnist(validation_examples=1_000).checksum != data.checksum


def test_first_reading_of_the_test_set_is_announced_once(capsys):
    data = load_mnist()
    assert repr(data) == "MnistData(train=55,000, validation=5,000, test=10,000)"
    assert capsys.readouterr().out == ""
    assert data.test is data.test
    assert capsys.readouterr().out.count("test set is open") == 1


@pytest.mark.parametrize("examples", [5, -1, 59_995, 2.5, "many", True])
def test_impossible_validation_size_is_refused(examples):
    with pytest.raises(ValueError, match="validation_examples must be"):
        load_mnist(validation_examples=examples)


def test_no_validation_split_is_possible():
    data = load_mnist(validation_examples=0)
    assert len(data.train.labels) == 60_000
    assert len(data.validation.labels) == 0


@pytest.mark.parametrize("examples", [0, 55_001, -3])
def test_take_refuses_what_is_not_there(data, examples):
    with pytest.raises(ValueError, match="between 1 and 55,000"):
        data.train.take(examples)
    assert data.train.take(None) is data.train
    assert data.train.take(7).images.shape == (7, 28, 28)


def test_npz_file(tmp_path, arrays):
    data = load_mnist(save(tmp_path / "a.npz", **arrays), validation_examples=20)
    assert [len(s.labels) for s in (data.train, data.validation, data.test)] == [80, 20, 20]
    assert (data.test.images == arrays["x_test"]).all()


@pytest.mark.parametrize("end", ["", ".gz"])
def test_idx_folder(tmp_path, arrays, end):
    write = gzip.open if end else open
    for key, name in IDX_FILES.items():
        array = arrays[key]
        header = bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape)
        with write(tmp_path / (name + end), "wb") as stream:
            stream.write(header + array.tobytes())
    data = load_mnist(tmp_path, validation_examples=20)
    assert (data.test.images == arrays["x_test"]).all()
    assert (data.test.labels == arrays["y_test"]).all()


def test_image_folder(tmp_path, arrays):
    for part in ("train", "test"):
        for number, (image, label) in enumerate(
            zip(arrays[f"x_{part}"], arrays[f"y_{part}"], strict=True)
        ):
            folder = tmp_path / part / str(label)
            folder.mkdir(parents=True, exist_ok=True)
            Image.fromarray(image).save(folder / f"{number:04}.png")
    data = load_mnist(tmp_path, validation_examples=20)
    assert (data.test.images == arrays["x_test"]).all()
    assert (data.test.labels == arrays["y_test"]).all()

    Image.new("L", (30, 28)).save(tmp_path / "train" / "3" / "odd.png")
    with pytest.raises(DataError, match=r"odd\.png: 30×28 pixels; expected 28×28"):
        load_mnist(tmp_path)
    (tmp_path / "train" / "3" / "odd.png").write_bytes(b"not a picture")
    with pytest.raises(DataError, match=r"odd\.png: not a readable image"):
        load_mnist(tmp_path)
    shutil.rmtree(tmp_path / "test" / "4")
    with pytest.raises(DataError, match="train has the classes"):
        load_mnist(tmp_path)


@pytest.mark.skipif(not FASHION.is_dir(), reason="Debian's dataset-fashion-mnist is not installed")
def test_fashion_mnist_from_debian():
    data = load_mnist(FASHION)
    assert [len(s.labels) for s in (data.train, data.validation, data.test)] == [
        55_000,
        5_000,
        10_000,
    ]
    assert np.bincount(data.test.labels).tolist() == [1_000] * 10


def test_missing_file_or_folder(tmp_path):
    with pytest.raises(DataError, match="nowhere: no such file or folder; expected"):
        load_mnist(tmp_path / "nowhere")
    with pytest.raises(DataError, match="expected the folders train/CLASS"):
        load_mnist(tmp_path)
    (tmp_path / IDX_FILES["x_train"]).write_bytes(b"")
    with pytest.raises(DataError, match="expected the header"):
        load_mnist(tmp_path)


@pytest.mark.parametrize(("key", "change", "message"), [
    ("x_train", lambda a: a.astype(np.float32), "x_train is float32 .*; expected uint8"),
    ("x_train", lambda a: a.reshape(-1, 784), r"x_train is uint8 \(100, 784\)"),
    ("x_train", lambda a: a[:50], r"expected integers \(50,\)"),
    ("x_test", lambda a: a[:0], "holds no images"),
    ("y_train", lambda a: a + 1, "labels from 1 to 10; expected 0 to 9"),
    ("y_test", lambda a: a.astype(np.int64) - 1, "labels from -1 to 8"),
    ("y_test", lambda a: a.astype(float), "y_test is float64"),
    ("y_test", lambda a: a.astype(object), "not an .npz of plain arrays"),
])  # fmt: skip
def test_wrong_arrays_are_named(tmp_path, arrays, key, change, message):
    changed = arrays | {key: change(arrays[key])}
    with pytest.raises(DataError, match=message):
        load_mnist(save(tmp_path / "a.npz", **changed), validation_examples=20)


def test_missing_array_is_named(tmp_path, arrays):
    few = {key: arrays[key] for key in KEYS[:3]}
    with pytest.raises(DataError, match="holds no y_test; expected x_train"):
        load_mnist(save(tmp_path / "a.npz", **few))


def test_altered_copy_of_mnist_is_refused(tmp_path, monkeypatch):
    arrays = dict(np.load(PACKAGED))
    arrays["x_train"][0, 0, 0] = 1
    monkeypatch.setattr("mnist_utils.data.PACKAGED", save(tmp_path / "mnist.npz", **arrays))
    with pytest.raises(DataError, match="x_train does not have its published SHA-256"):
        load_mnist()


def test_damaged_package_says_to_reinstall_it(tmp_path, monkeypatch):
    (tmp_path / "mnist.npz").write_bytes(PACKAGED.read_bytes()[:100_000])
    monkeypatch.setattr("mnist_utils.data.PACKAGED", tmp_path / "mnist.npz")
    with pytest.raises(DataError, match=r"mnist\.npz.*; reinstall the package"):
        load_mnist()


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "0", None, True])
def test_impossible_seed_is_refused(seed):
    with pytest.raises(ValueError, match="seed must be"):
        load_mnist(seed=seed)


def test_truncated_and_altered_archives(tmp_path, arrays):
    whole = save(tmp_path / "a.npz", **arrays).read_bytes()
    damaged = tmp_path / "damaged.npz"
    for content in (b"", whole[: len(whole) // 2], whole[:-10], b"PK" + whole[2:200]):
        damaged.write_bytes(content)
        with pytest.raises(DataError, match=r"damaged\.npz"):
            load_mnist(damaged, validation_examples=20)
    for position in range(100, len(whole) - 100, len(whole) // 40):
        flipped = bytearray(whole)
        flipped[position] ^= 0xFF
        damaged.write_bytes(flipped)
        with pytest.raises(DataError, match=r"damaged\.npz"):
            load_mnist(damaged, validation_examples=20)


def test_archive_that_would_unpack_to_gigabytes_is_refused(tmp_path, arrays, monkeypatch):
    monkeypatch.setattr("mnist_utils.data.readers.LARGEST_FILE", 10_000)
    with pytest.raises(DataError, match="would unpack to"):
        load_mnist(save(tmp_path / "a.npz", **arrays))
    with gzip.open(tmp_path / (IDX_FILES["x_train"] + ".gz"), "wb") as stream:
        stream.write(bytes(20_000))
    with pytest.raises(DataError, match="unpacks to more than"):
        load_mnist(tmp_path)


def test_foreign_member_of_the_archive_is_an_error_not_code(tmp_path, arrays):
    path = save(tmp_path / "a.npz", **{k: arrays[k] for k in KEYS[1:]})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr("x_train.npy", b"cos\nsystem\n(S'true'\ntR.")  # a pickle
    with pytest.raises(DataError, match="of plain arrays"):
        load_mnist(path)


@given(st.binary(max_size=64))
def test_any_bytes_are_an_array_or_a_data_error(content):
    with contextlib.suppress(DataError):  # the only error that it may raise
        assert parse_idx(content, where="bytes").dtype == np.uint8


@given(st.binary(max_size=400))
def test_any_file_is_a_data_error(tmp_path_factory, content):
    path = tmp_path_factory.getbasetemp() / "any.npz"
    path.write_bytes(content)
    with pytest.raises(DataError):
        read_npz(path)


def test_npy_that_is_no_archive(tmp_path):
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    (tmp_path / "a.npz").write_bytes(buffer.getvalue())
    with pytest.raises(DataError):
        load_mnist(tmp_path / "a.npz")


def test_another_training_split_keeps_the_others_and_leaves_the_test_set_closed(capsys):
    data = load_mnist()
    few = data.train.take(20)
    soft = np.eye(10)[few.labels]
    other = data.with_train(Split(few.images, soft))
    assert other.train.labels.shape == (20, 10)
    assert other.validation is data.validation
    assert "train=20, validation=5,000, test=10,000" in repr(other)
    assert len({data.checksum, other.checksum, data.with_train(few).checksum}) == 3
    assert data.with_train(few).checksum == data.with_train(few).checksum
    assert "test set is open" not in capsys.readouterr().out
    for images, labels in ((few.images, soft[:, :9]), (few.images[:5], soft), (soft, soft)):
        with pytest.raises(ValueError, match=r"train must hold images \(n, 28, 28\) and labels"):
            data.with_train(Split(images, labels))


def test_load_once_is_load_mnist_read_once():
    data = load_once()
    assert load_once() is data
    assert data.checksum == load_mnist().checksum
