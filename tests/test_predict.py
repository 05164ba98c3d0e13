"""The command `predict` and the reader behind it, with a network that trains in seconds."""

import json
import os
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from mnist_utils.__main__ import main
from mnist_utils.drawn_digits import draw_strokes, trace
from mnist_utils.images import NoDigitFound
from mnist_utils.predict import predict
from mnist_utils.reader import ACCEPTED_ERRORS, Reader, get_reader
from mnist_utils.recipes import FAST_RECIPES, Ensemble

DIGITS = range(10)


@pytest.fixture(scope="module")
def reader(data):
    return get_reader(FAST_RECIPES["dense_98_3"], data)


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    """A folder with a 3, a 7, blank paper, a text file and a picture that is cut short."""
    folder = tmp_path_factory.mktemp("pictures")
    for digit in (3, 7):
        rng = np.random.default_rng(digit)
        mask = trace(draw_strokes(digit, rng), (200, 150), 120, 12, rng)
        Image.fromarray(np.uint8(255 * (1 - mask))).save(folder / f"{digit}.png")
    Image.new("L", (50, 50), 255).save(folder / "blank.png")
    (folder / "text.png").write_text("no picture")
    (folder / "cut.png").write_bytes((folder / "7.png").read_bytes()[:300])
    return folder


def test_digits_are_read(reader, pictures):
    for digit in (3, 7):
        reading = reader.read(pictures / f"{digit}.png")
        assert reading.top[0][0] == digit
        assert reading.rejected == (reading.digit is None)
        assert reading.probabilities.sum() == pytest.approx(1)
        assert reading.prepared.image.shape == (28, 28)
        assert [p for _, p in reading.top] == sorted((p for _, p in reading.top), reverse=True)


def test_blank_paper_is_rejected_with_the_reason(reader, pictures):
    reading = reader.read(pictures / "blank.png")
    assert (reading.digit, reading.rejected, reading.top) == (None, True, ())
    assert reading.reason == "no digit found: the picture is blank"
    assert reading.prepared is None


def test_unsure_readings_are_rejected(reader):
    unsure = np.full(10, 0.1)
    reading = reader.judge(unsure)
    assert (reading.digit, reading.rejected) == (None, True)
    assert "not sure enough: 10%" in reading.reason
    assert len(reading.top) == 3
    sure = np.eye(10)[4]
    assert reader.judge(sure).digit == 4


def test_threshold_keeps_validation_errors_rare(reader, data):
    images, labels = data.validation
    probabilities = reader.probabilities(images)
    accepted = probabilities.max(axis=1) >= reader.threshold
    wrong = probabilities.argmax(axis=1) != labels
    assert (wrong & accepted).sum() <= ACCEPTED_ERRORS * accepted.sum()
    assert accepted.mean() > 0.8
    assert reader.temperature > 0


def test_a_network_that_is_as_sure_of_its_errors_gets_no_threshold(data, monkeypatch):
    answers_with(monkeypatch, data, wrong=0.82)
    with pytest.raises(ValueError, match="no threshold keeps the errors among the answers"):
        get_reader(FAST_RECIPES["dense_98_3"], data)


@pytest.mark.parametrize(("pixels", "looks"), [(0, 1), (1, 5)])
def test_an_ensemble_looks_at_shifted_images_too(data, monkeypatch, pixels, looks):
    network = answers_with(monkeypatch, data, wrong=0.3)
    reader = get_reader(Ensemble(FAST_RECIPES["dense_98_3"], 1, pixels), data)
    assert (reader.pixels, network.asked) == (pixels, looks)
    reader.probabilities(data.validation.images)
    assert network.asked == 2 * looks


def answers_with(monkeypatch, data, wrong):
    """Let all networks give 0.82 to the right digit, or, to every fifth image, `wrong` to another."""
    labels = data.validation.labels
    sure = np.where(np.arange(len(labels)) % 5, 0.82, wrong)
    given = np.where(np.arange(len(labels)) % 5, labels, (labels + 1) % 10)
    chances = np.repeat((1 - sure)[:, None] / 9, 10, axis=1)
    chances[np.arange(len(labels)), given] = sure
    network = Answers(chances)
    trained = SimpleNamespace(model=network)
    monkeypatch.setattr("mnist_utils.reader.get_or_train", lambda *_, **__: trained)
    return network


class Answers:
    """A network that gives what it is told, and counts how often it is asked."""

    def __init__(self, chances):
        self.chances, self.asked = chances, 0

    def get_weights(self):
        return [self.chances]

    def predict(self, images, **_):
        self.asked += 1
        return self.chances[: len(images)]


def test_calibration_is_stored(reader, data, monkeypatch):
    monkeypatch.setattr("mnist_utils.reader.fit_temperature", None)  # would fail if it were asked
    again = get_reader(FAST_RECIPES["dense_98_3"], data)
    assert (again.temperature, again.threshold) == (reader.temperature, reader.threshold)


def test_table(reader, pictures, capsys):
    names = ["3.png", "blank.png", "text.png", "cut.png", "none.png"]
    status = predict([str(pictures / name) for name in names], reader=reader)
    lines = capsys.readouterr().out.splitlines()
    assert status == 1
    assert lines[0].split() == ["file", "digit", "sure", "otherwise"]
    assert len(lines) == 6
    assert "no digit found: the picture is blank" in lines[2]
    assert "not a picture that can be read" in lines[3]
    assert "damaged" in lines[4]
    assert "No such file" in lines[5]
    assert len({line.index("–") for line in lines[2:]}) == 1  # the columns stand below each other


def test_json(reader, pictures, capsys):
    status = predict([pictures / "7.png", pictures / "blank.png"], as_json=True, reader=reader)
    seven, blank = json.loads(capsys.readouterr().out)
    assert status == 0
    assert set(seven) == {"file", "digit", "rejected", "top3", "reason"}
    assert seven["digit"] in (7, None)
    assert seven["top3"][0][0] == 7
    assert 0 < seven["top3"][0][1] <= 1
    assert len(seven["top3"]) == 3
    assert blank == {"file": str(pictures / "blank.png"), "digit": None, "rejected": True,
                     "top3": [], "reason": "no digit found: the picture is blank"}  # fmt: skip


def test_command_in_a_process_of_its_own(reader, pictures):
    """The reader fixture has filled the cache, which the process shares."""
    command = [sys.executable, "-m", "mnist_utils", "predict", "7.png", "text.png", "--json",
               "--recipe", "dense_98_3"]  # fmt: skip
    root = os.path.dirname(
        os.path.dirname(os.path.abspath(sys.modules[Reader.__module__].__file__))
    )
    done = subprocess.run(command, capture_output=True, text=True, cwd=pictures,
                          env=os.environ | {"PYTHONPATH": root})  # fmt: skip
    assert done.returncode == 1, done.stderr
    seven, text = json.loads(done.stdout)
    assert seven["top3"][0][0] == 7
    assert text["rejected"]
    assert done.stderr == ""


def test_wrong_calls(capsys):
    assert main(["predict", "x.png", "--recipe", "none"]) == 2
    assert "no recipe 'none'; there are dense_98_3" in capsys.readouterr().err
    with pytest.raises(SystemExit) as stop:
        main(["predict"])
    assert stop.value.code == 2


def test_what_is_not_installed_is_named_before_anything_is_trained(monkeypatch, capsys):
    monkeypatch.setitem(sys.modules, "skimage", None)
    monkeypatch.setattr("mnist_utils.reader.get_reader", lambda *_: pytest.fail("it trains"))
    assert main(["predict", "x.png"]) == 2
    error = capsys.readouterr().err
    assert error.startswith("scikit-image is not installed; ")
    assert 'pip install -e ".[images]"' in error


def test_no_digit_found_is_a_value_error():
    assert issubclass(NoDigitFound, ValueError)
