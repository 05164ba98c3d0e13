"""The generator: the same seed gives the same files, each set its own styles, files that open."""

import io

import numpy as np
import pytest
from PIL import Image

from mnist_utils.drawn_digits import Hand, draw_strokes, make_set, scenes, set_names, trace
from mnist_utils.drawn_digits.styles import STYLES

SETS = [(purpose, name) for purpose in ("tuning", "held back") for name in set_names(purpose)]


@pytest.mark.parametrize(("purpose", "name"), SETS)
def test_samples_open_and_come_again(purpose, name):
    samples = list(make_set(purpose, name, 10, seed=3))
    assert [sample.digit for sample in samples] == list(range(10))
    assert samples[:3] == list(make_set(purpose, name, 3, seed=3))
    assert samples[0] != next(make_set(purpose, name, 1, seed=4))
    for sample in samples:
        with Image.open(io.BytesIO(sample.content)) as picture:
            assert min(picture.size) >= 8
            picture.load()


def test_unknown_sets_are_named():
    with pytest.raises(ValueError, match="no set 'dreams' for 'tuning'; there are"):
        make_set("tuning", "dreams", 1)
    with pytest.raises(ValueError, match="no set"):
        make_set("test", "paper", 1)
    with pytest.raises(ValueError, match="purpose must be one of tuning, held back, got 'test'"):
        set_names("test")


def test_the_families_share_no_style():
    styles = [
        str(style) for family in STYLES.values() for ways in family.values() for style in ways
    ]
    assert len(set(styles)) == len(styles) > 60
    assert all(set(family) == set(range(10)) for family in STYLES.values())


@pytest.mark.parametrize("family", STYLES)
@pytest.mark.parametrize("digit", range(10))
def test_strokes_are_one_high_and_centred(family, digit):
    strokes = draw_strokes(digit, np.random.default_rng(digit), family=family)
    points = np.concatenate(strokes)
    assert np.ptp(points[:, 1]) == pytest.approx(1)
    assert points.min(0) == pytest.approx(-points.max(0))
    steps = [np.linalg.norm(np.diff(stroke, axis=0), axis=1).max() for stroke in strokes]
    assert max(steps) < 0.08  # closely spaced


def test_styles_and_hands_vary():
    drawn = [draw_strokes(7, np.random.default_rng(seed)) for seed in range(8)]
    assert {len(strokes) for strokes in drawn} == {1, 2}  # with and without a bar
    still = Hand(wobble=0, slant=0, turn=0, stretch=0)
    same = [draw_strokes(8, np.random.default_rng(seed), hand=still) for seed in range(12)]
    assert len({strokes[0].tobytes() for strokes in same}) == len(STYLES["first"][8])
    with pytest.raises(ValueError, match="need a digit 0-9"):
        draw_strokes(10, np.random.default_rng(0))
    with pytest.raises(ValueError, match="a family of"):
        draw_strokes(1, np.random.default_rng(0), family="tenth")


def test_pen_width_and_place():
    rng = np.random.default_rng(0)
    line = [np.stack([np.zeros(50), np.linspace(-0.5, 0.5, 50)], axis=1)]
    mask = trace(line, (100, 80), 60, 8, rng, centre=(50, 30), pressure=0)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    assert len(columns) == pytest.approx(8, abs=1.5)
    assert len(rows) == pytest.approx(68, abs=2)
    assert columns.mean() == pytest.approx(29.5, abs=1)
    assert rows.mean() == pytest.approx(49.5, abs=1)
    assert (mask.dtype, mask.min(), mask.max()) == (np.float32, 0, 1)


@pytest.mark.parametrize(
    "scene", ["screen", "paper", "notebook", "desk", "whiteboard", "blackboard"]
)
def test_ink_differs_from_its_ground_in_every_scene(scene):
    rng = np.random.default_rng(1)
    mask = trace(draw_strokes(3, rng), (200, 150), 120, 10, rng)
    extra = {"spacing": 40} if scene in ("notebook", "desk") else {}
    picture = getattr(scenes, scene)(mask, rng, **extra)
    assert picture.shape == (200, 150, 3)
    assert 0 <= picture.min() <= picture.max() <= 1
    near = (mask == 0) & (np.roll(mask, (12, 12), (0, 1)) > 0.5)
    assert np.abs(picture[mask > 0.9].mean(0) - picture[near].mean(0)).max() > 0.15
