"""From a picture to an MNIST-like image: every awkward kind of file, and what holds for all."""

import contextlib
import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from scipy import ndimage

from mnist_utils.drawn_digits import (
    Hand,
    company,
    draw_strokes,
    make_set,
    scenes,
    set_names,
    textures,
    trace,
)
from mnist_utils.images import SKIPPABLE, ImageError, NoDigitFound, finding, prepare, reading
from mnist_utils.images.reading import NothingStandsOut
from mnist_utils.images.sheet import on_sheet_alone
from mnist_utils.preprocessing import bounding_boxes, centre_of_mass

SIZE = (160, 120)


def ink(digit=7, size=SIZE, height=90, width=7, centre=None):
    """A digit as a mask, 0-1, dark strokes being 1."""
    rng = np.random.default_rng(digit)
    return trace(draw_strokes(digit, rng), size, height, width, rng, centre=centre)


def grey(mask, paper=255, pen=0):
    return np.round(paper + (pen - paper) * mask).astype(np.uint8)


def encode(picture, kind="PNG", **options):
    file = io.BytesIO()
    picture.save(file, kind, **options)
    return file.getvalue()


def likeness(first, second):
    """The correlation of two images' pixels."""
    return np.corrcoef(first.ravel().astype(float), second.ravel().astype(float))[0, 1]


EXPECTED = prepare(grey(ink())).image


def files():
    """The same 7 in every kind of file, by name."""
    mask = ink()
    dark, light = Image.fromarray(grey(mask)), Image.fromarray(grey(mask, 0, 255))
    alpha = Image.fromarray(np.round(mask * 255).astype(np.uint8))
    black, white = (Image.new("L", dark.size, level) for level in (0, 255))
    exif = Image.Exif()
    exif[0x0112] = 6
    low = Image.fromarray(grey(mask, 128, 120))
    sixteen = Image.fromarray(grey(mask).astype(np.uint16) * 257)
    return {
        "grey": encode(dark), "light on dark": encode(light), "RGB": encode(dark.convert("RGB")),
        "1 bit": encode(dark.convert("1", dither=Image.Dither.NONE)),
        "palette": encode(dark.convert("RGB").quantize(8)),
        "palette with transparency": encode(
            Image.merge("LA", (black, alpha)).convert("RGBA").quantize(4)),
        "black on nothing": encode(Image.merge("RGBA", (black, black, black, alpha))),
        "white on nothing": encode(Image.merge("LA", (white, alpha))),
        "opaque RGBA": encode(dark.convert("RGBA")),
        "16 bit": encode(sixteen), "16 bit TIFF": encode(sixteen, "TIFF"),
        "float TIFF": encode(Image.fromarray(1 - mask), "TIFF"),
        "CMYK": encode(dark.convert("CMYK"), "JPEG"), "JPEG": encode(dark, "JPEG", quality=60),
        "on its side, by EXIF": encode(
            dark.transpose(Image.Transpose.ROTATE_90), "JPEG", quality=95, exif=exif),
        "GIF": encode(dark, "GIF"), "BMP": encode(dark, "BMP"), "WebP": encode(dark, "WEBP"),
        "red on blue": encode(Image.merge("RGB", (alpha, black, Image.eval(alpha, lambda v: 255 - v)))),
        "hardly darker": encode(low), "yellow on white": encode(
            Image.merge("RGB", (white, white, dark))),
    }  # fmt: skip


@pytest.mark.parametrize(("name", "content"), files().items(), ids=list(files()))
def test_every_kind_of_file_gives_the_same_image(name, content):
    prepared = prepare(content)
    assert prepared.image.shape == (28, 28)
    assert prepared.image.dtype == np.uint8
    assert likeness(prepared.image, EXPECTED) > 0.97, name


def test_paths_files_arrays_and_pictures_are_taken(tmp_path):
    picture = Image.fromarray(grey(ink()))
    path = tmp_path / "ein schöner 7er.png"
    picture.save(path)
    with path.open("rb") as file:
        images = [prepare(source).image for source in
                  (path, str(path), file, picture, np.asarray(picture), np.asarray(picture) / 255,
                   ink() < 0.5, np.asarray(picture.convert("RGBA")), path.read_bytes())]  # fmt: skip
    for image in images:
        assert likeness(image, EXPECTED) > 0.98


def test_all_steps_can_be_shown():
    prepared = prepare(grey(ink()))
    assert list(prepared.steps) == ["picture", "ink", "selection", "strokes", "width", "box"]
    for name, step in prepared.steps.items():
        assert step.ndim == (3 if name == "picture" else 2)
        assert step.min() >= 0
        assert step.max() <= 1.5
    assert prepared.dark
    top, left, bottom, right = prepared.box
    assert 0 <= top < bottom <= 1
    assert 0 <= left < right <= 1
    assert max(prepared.steps["box"].shape) == 160
    assert not prepare(grey(ink(), 0, 255)).dark


@given(
    st.integers(0, 9), st.integers(40, 90), st.floats(0.06, 0.16), st.booleans(),
    st.floats(-1, 1), st.floats(-1, 1),
)  # fmt: skip
@settings(max_examples=30)
def test_what_mnist_promises_holds_for_every_image(digit, height, pen, dark, down, right):
    centre = (80 + 25 * down, 60 + 15 * right)
    mask = ink(digit, height=height, width=pen * height, centre=centre)
    image = prepare(grey(mask) if dark else grey(mask, 0, 255)).image
    assert image.dtype == np.uint8
    assert image.shape == (28, 28)
    assert np.abs(centre_of_mass(image[None])[0] - 14).max() < 0.3
    _, _, rows, columns = bounding_boxes(image[None])[0]
    assert 19 <= max(rows, columns) <= 21
    assert image.max() > 200


@given(st.integers(0, 9), st.floats(0.4, 4), st.integers(-20, 20), st.integers(-12, 12))
@settings(max_examples=20)
def test_size_and_place_do_not_matter(digit, zoom, down, right):
    mask = ink(digit)
    moved = np.roll(mask, (down, right), (0, 1))
    size = tuple(int(side * zoom) for side in SIZE[::-1])
    scaled = Image.fromarray(grey(moved)).resize(size, Image.Resampling.LANCZOS)
    assert likeness(prepare(scaled).image, prepare(grey(mask)).image) > 0.9


@given(st.integers(0, 9), st.integers(1, 8))
@settings(max_examples=16)
def test_orientation_by_exif_does_not_matter(digit, tag):
    undo = {
        2: 0,
        3: 3,
        4: 1,
        5: 5,
        6: 2,
        7: 6,
        8: 4,
    }  # what puts the picture so, in Pillow's numbers
    picture = Image.fromarray(grey(ink(digit)))
    turned = picture.transpose(Image.Transpose(undo[tag])) if tag > 1 else picture
    exif = Image.Exif()
    exif[0x0112] = tag
    image = prepare(encode(turned, exif=exif)).image
    assert likeness(image, prepare(picture).image) > 0.97


def test_mnist_itself_is_left_alone(data):
    for image in data.validation.images[:20]:
        np.testing.assert_array_equal(prepare(image).image, image)
        np.testing.assert_array_equal(prepare(encode(Image.fromarray(image))).image, image)
        np.testing.assert_array_equal(prepare(255 - image).image, image)


def test_mnist_enlarged_comes_back(data):
    kept = [
        likeness(prepare(Image.fromarray(image).resize((300, 300), Image.Resampling.BICUBIC),
                         without=["width"]).image, image)
        for image in data.validation.images[:30]
    ]  # fmt: skip
    assert np.median(kept) > 0.95


@pytest.mark.parametrize("digit", range(10))
def test_photos_with_lines_shadow_and_table(digit):
    rng = np.random.default_rng(digit)
    mask = ink(digit, (400, 300), 120, 6)
    image = prepare(scenes.notebook(mask, rng, spacing=50)).image
    assert likeness(image, prepare(1 - mask).image) > 0.8


def test_dark_lines_are_taken_out():
    mask = ink(3, (400, 300), 150, 7)
    lines = np.zeros_like(mask)
    lines[20::60], lines[21::60] = 1, 1
    image = prepare(1 - np.maximum(mask, lines)).image
    assert likeness(image, prepare(1 - mask).image) > 0.85


def test_strays_are_left_out():
    mask = ink(3, (400, 300), 150, 12)
    spotted = mask.copy()
    for row, column in ((20, 30), (370, 40), (50, 270), (360, 280)):
        spotted[row : row + 6, column : column + 6] = 1
    np.testing.assert_allclose(
        prepare(1 - spotted).image.astype(int), prepare(1 - mask).image, atol=12
    )


@pytest.mark.parametrize(("height", "pen"), [(500, 5), (1500, 2), (250, 3)])
def test_thin_strokes_on_a_huge_canvas(height, pen):
    mask = ink(2, (3000, 4000), height, pen, centre=(900, 2900))
    image = prepare(grey(mask)).image
    assert likeness(image, prepare(grey(ink(2, width=6))).image) > 0.8
    assert image.max() > 200


@pytest.mark.parametrize("size", [(12, 10), (20, 20), (28, 28), (28, 40)])
def test_tiny_pictures(size):
    height = min(size) * 0.75
    image = prepare(grey(ink(7, size, height, max(height / 9, 1)))).image
    assert likeness(image, EXPECTED) > 0.75


def test_digit_that_touches_the_edge():
    mask = ink(5, width=12)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    cropped = mask[rows[0] + 3 : rows[-1] - 2, columns[0] + 3 : columns[-1] - 2]
    for picture in (1 - cropped, cropped):
        assert likeness(prepare(picture).image, prepare(1 - mask).image) > 0.85


def test_pen_on_a_sheet_on_a_dark_table():
    mask = ink(7, (600, 600), 250, 8)
    picture = np.full(mask.shape, 0.2)
    picture[100:500, 120:480] = 0.9
    prepared = prepare(picture * (1 - 0.9 * mask))
    assert prepared.dark
    assert likeness(prepared.image, prepare(1 - mask).image) > 0.9


BLANK = np.zeros((300, 240), np.float32)


@pytest.mark.parametrize("scene", ["paper", "whiteboard", "blackboard"])
@pytest.mark.parametrize("seed", range(4))
def test_blank_paper_holds_no_digit(scene, seed):
    with pytest.raises(NoDigitFound, match="no digit found"):
        prepare(getattr(scenes, scene)(BLANK, np.random.default_rng(seed)))


def _square():
    picture = np.ones((100, 100))
    picture[20:80, 20:80] = 0
    return picture


def _dot():
    picture = np.ones((400, 400))
    picture[200:204, 100:104] = 0
    return picture


@pytest.mark.parametrize(("picture", "why"), [
    (np.ones((50, 50)), "blank"), (np.zeros((50, 50)), "blank"), (np.full((1, 1), 0.5), "blank"),
    (np.zeros((40, 40, 4)), "transparent"), (_square(), "nothing"), (_dot(), "nothing"),
    (np.tile(np.linspace(0, 1, 200), (150, 1)), ""),
    (np.random.default_rng(0).random((300, 300)), ""),
    (np.hstack([1 - ink(4), 1 - ink(2)]), "more|similar size"),
], ids=["white", "black", "one pixel", "transparent", "square", "dot", "ramp", "noise", "two"])  # fmt: skip
def test_no_digit_is_said_and_not_guessed(picture, why):
    with pytest.raises(NoDigitFound, match=f"digit found: .*{why}"):
        prepare(picture)


def trimmed(mask):
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    return mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]


def in_a_row(digits, gap, sizes=(90, 90), pen=7):
    """Digits as one mask, side by side; the gap is a share of the first one's height."""
    glyphs = [trimmed(ink(digit, height=size, width=pen))
              for digit, size in zip(digits, sizes, strict=True)]  # fmt: skip
    glyphs = [np.pad(glyph, ((0, 100 - len(glyph)), (0, 0))) for glyph in glyphs]
    between = np.zeros((100, round(gap * sizes[0])), np.float32)
    return np.pad(np.hstack([glyphs[0], between, glyphs[1]]), 40)


@pytest.mark.parametrize("gap", [0.04, 0.1, 0.16, 0.3])
@pytest.mark.parametrize("digits", [(4, 7), (4, 4), (1, 8), (5, 1), (0, 0), (1, 1)])
def test_two_digits_side_by_side_are_not_taken_for_one(digits, gap):
    for sizes in ((90, 90), (90, 76), (76, 90)):
        with pytest.raises(NoDigitFound, match="similar size"):
            prepare(1 - in_a_row(digits, gap, sizes))


def test_a_pair_in_a_photo_is_not_taken_for_one_digit():
    mask = np.pad(in_a_row((4, 7), 0.1), 60)
    for scene, extra in (("paper", {}), ("notebook", {"spacing": 50}), ("blackboard", {})):
        with pytest.raises(NoDigitFound, match="similar size"):
            prepare(getattr(scenes, scene)(mask, np.random.default_rng(3), **extra))


STILL = Hand(wobble=0, slant=0, turn=0, stretch=0)


@pytest.mark.parametrize(("digit", "shift"), [
    (5, (0.1, 0)), (5, (0.05, -0.08)), (4, (0.32, 0)), (4, (0.3, 0.1)),
])  # fmt: skip
def test_a_digit_whose_strokes_are_apart_stays_whole(digit, shift):
    drawn = (draw_strokes(digit, np.random.default_rng(seed), hand=STILL) for seed in range(20))
    first, second = next(strokes for strokes in drawn if len(strokes) == 2)
    mask = trace([first, second + shift], SIZE, 90, 7, np.random.default_rng(0))
    _, count = ndimage.label(mask > 0.3)
    assert count == 2
    prepared = prepare(grey(mask))
    assert likeness(prepared.image, prepare(1 - mask, without=["selection"]).image) > 0.99


@pytest.mark.parametrize("digit", range(10))
def test_a_pen_that_skips_leaves_one_digit(digit):
    mask = ink(digit)
    for slope in (-1, 0, 2):  # of the line along which nothing is written
        rows, columns = np.mgrid[: SIZE[0], : SIZE[1]]
        away = np.abs(rows - 80 - slope * (columns - 60)) / np.hypot(1, slope)
        broken = np.where(away < 2.5, 0, mask)
        assert likeness(prepare(grey(broken)).image, prepare(grey(mask)).image) > 0.8


@pytest.mark.parametrize(("content", "message"), [
    (b"", "is empty"), (b"hello", "not a picture"), (b"\x89PNG\r\n\x1a\n", "picture"),
    (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "SVG"), (b"%PDF-1.7", "PDF"),
    (b"\x00\x00\x00\x18ftypheic" + bytes(40), "HEIC"),
    (encode(Image.fromarray(grey(ink())))[:200], "damaged"),
    (encode(Image.fromarray(grey(ink())), "JPEG")[:300], "damaged|not a picture"),
], ids=["empty", "text", "header alone", "SVG", "PDF", "HEIC", "cut PNG", "cut JPEG"])  # fmt: skip
def test_what_is_no_picture_is_named(content, message):
    with pytest.raises(ImageError, match=message):
        prepare(content)


@given(st.binary(max_size=300))
@settings(max_examples=50)
def test_noise_in_a_file_never_crashes(content):
    with pytest.raises((ImageError, NoDigitFound)):
        prepare(content)


@given(st.integers(0, 10_000), st.integers(1, 255))
@settings(max_examples=40)
def test_a_damaged_file_is_read_or_refused(place, change):
    content = bytearray(files_png())
    content[place % len(content)] ^= change
    with contextlib.suppress(ImageError, NoDigitFound):
        assert prepare(bytes(content)).image.shape == (28, 28)


def files_png():
    return encode(Image.fromarray(grey(ink())))


def test_wrong_sources_are_named(tmp_path):
    with pytest.raises(ImageError, match="folder"):
        prepare(tmp_path)
    with pytest.raises(FileNotFoundError):
        prepare(tmp_path / "none.png")
    with pytest.raises(ImageError, match="path, bytes"):
        prepare(7)
    with pytest.raises(ImageError, match="binary"):
        prepare(io.StringIO("x"))
    for array in (np.zeros(5), np.zeros((4, 4, 5)), np.zeros((0, 4)), np.array([["a"]])):
        with pytest.raises(ImageError, match="array"):
            prepare(array)
    with pytest.raises(ImageError, match="finite"):
        prepare(np.full((5, 5), np.nan))
    with pytest.raises(ImageError, match="strip"):
        prepare(np.zeros((2, 3000)))


def test_bombs_are_not_opened(monkeypatch):
    for side in (8_000, 30_000):
        bomb = encode(Image.new("1", (side, side)))
        assert len(bomb) < 1_000_000
        with pytest.raises(ImageError, match="at most 50,000,000 are read"):
            prepare(bomb)
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    with pytest.raises(ImageError, match="larger than"):
        prepare(bytes(101))
    with pytest.raises(ImageError, match="larger than"):
        prepare(io.BytesIO(bytes(101)))


def test_a_photo_beyond_what_is_read_whole_is_halved(monkeypatch):
    """Its sides are less than twice MOST_SIDE, so that for these it could stay whole."""
    monkeypatch.setattr(reading, "MOST_SIDE", 100)
    monkeypatch.setattr(reading, "MOST_PIXELS", 10_000)
    content = encode(Image.fromarray(grey(ink())), "JPEG", quality=95)
    assert reading.open_picture(content).shape == (80, 60, 3)


def test_large_pictures_are_reduced(monkeypatch):
    picture = Image.fromarray(grey(ink()))
    monkeypatch.setattr(reading, "MOST_SIDE", 80)
    for content in (encode(picture, "JPEG", quality=95), encode(picture), np.asarray(picture)):
        assert reading.open_picture(content).shape == (80, 60, 3)
        assert likeness(prepare(content).image, EXPECTED) > 0.9


def test_a_jpeg_may_be_larger_and_costs_no_more():
    large = Image.fromarray(grey(ink())).resize((6_000, 10_000))
    assert likeness(prepare(encode(large, "JPEG")).image, EXPECTED) > 0.9
    with pytest.raises(ImageError, match=r"6,000 × 10,000 pixels; at most 50,000,000"):
        prepare(encode(large))


@pytest.mark.parametrize("step", SKIPPABLE)
def test_every_step_can_be_left_out_and_changes_something(step):
    mask = ink(7, width=3, centre=(70, 45))
    picture = Image.fromarray((grey(mask, 230, 20) * np.linspace(1, 0.4, 120)).astype(np.uint8))
    if step == "tone":
        picture = Image.fromarray(255 - np.asarray(picture))
    if step == "selection":
        picture.paste(20, (100, 10, 108, 18))
    exif = Image.Exif()
    exif[0x0112] = 6
    content = encode(picture.transpose(Image.Transpose.ROTATE_90), exif=exif)
    whole = prepare(content).image
    with contextlib.suppress(NoDigitFound):
        assert likeness(prepare(content, without=[step]).image, whole) < 0.99


def test_unknown_steps_are_named():
    with pytest.raises(ValueError, match="without must name steps of orientation"):
        prepare(grey(ink()), without=["with"])


HARD = ("company", "rough")  # in which some digits are not found


@pytest.mark.parametrize("name", [name for name in set_names("tuning") if name not in HARD])
def test_sets_to_choose_by_can_be_prepared(name):
    for sample in make_set("tuning", name, 10, seed=5):
        assert prepare(sample.content).image.shape == (28, 28)


@pytest.mark.parametrize("scene", ["pen", "frame", "shadow", "held_up"])
@pytest.mark.parametrize("digit", [2, 4, 7, 8])
def test_what_is_around_the_digit_is_left_out(scene, digit):
    mask = ink(digit, size=(360, 300), height=120, width=7, centre=(190, 140))
    picture = getattr(company, scene)(mask, np.random.default_rng(digit))
    assert likeness(prepare(picture).image, prepare(1 - mask).image) > 0.9


def test_a_sheet_is_known_from_the_squares_of_squared_paper():
    rows, columns = np.mgrid[:400, :300]
    squares = np.where((rows % 100 < 4) | (columns % 100 < 4), 0.5, 0.95)
    assert on_sheet_alone(np.stack([squares] * 3, axis=2)) is None
    table = np.full((400, 300, 3), 0.3)
    table[120:320, 60:240] = 0.9
    table[200:260, 130:140] = 0.1
    alone = on_sheet_alone(table)
    assert alone[:, :5].min() > 0.8  # the sheet goes on
    assert np.array_equal(alone[200:260, 130:140], table[200:260, 130:140])


@pytest.mark.parametrize(("name", "index"), [("tilted", 12), ("rewritten", 37)])
def test_paper_in_the_sun_is_no_digit(name, index):
    """A lit patch between a shadow and the paper's edge has more mass than the dark strokes."""
    sample = next(make_set("tuning", name, 1, first=index))
    assert prepare(sample.content).dark


@pytest.mark.parametrize("ground", ["cloth", "wood", "plaster", "gravel", "tiles"])
def test_a_digit_on_a_rough_ground_is_found_and_the_ground_alone_is_no_digit(ground):
    rng = np.random.default_rng(3)
    pattern = 0.55 + 0.08 * getattr(textures, ground)((400, 300), rng)
    with pytest.raises(NoDigitFound):
        prepare(pattern)
    for digit in (2, 5):
        mask = ink(digit, size=(400, 300), height=160, width=12, centre=(210, 140))
        picture = pattern * (1 - mask) + 0.05 * mask
        assert likeness(prepare(picture).image, prepare(1 - mask).image) > 0.9


@pytest.mark.parametrize(("error", "looks"), [(NothingStandsOut, 2), (NoDigitFound, 1)])
def test_a_second_look_is_taken_only_where_nothing_stands_out(monkeypatch, error, looks):
    sides = []

    def find(picture, **options):
        sides.append(max(picture.shape[:2]))
        raise error("no digit found")

    monkeypatch.setattr(finding, "find_digit", find)
    with pytest.raises(NoDigitFound):
        prepare(grey(ink(size=(900, 700), height=400)))
    assert sides == [900, 300][:looks]


def test_a_light_digit_is_no_sheet_of_paper():
    mask = ink(9, height=40, width=5, centre=(80, 60))
    assert likeness(prepare(grey(mask, 0, 255)).image, prepare(grey(mask)).image) > 0.95
