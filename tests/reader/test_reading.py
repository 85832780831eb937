"""Any picture of a character is read as the same character in the data set is."""

import io

import numpy as np
import pytest
from conftest import WEIGHTS
from hypothesis import example, given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

import akshar

FORMATS = {"PNG": {}, "BMP": {}, "TIFF": {}, "GIF": {}, "PPM": {}, "JPEG": {"quality": 90}, "WEBP": {"quality": 90}}
TURNS = {1: None, 3: Image.Transpose.ROTATE_180, 6: Image.Transpose.ROTATE_90, 8: Image.Transpose.ROTATE_270}


@pytest.fixture(scope="module")
def reader(digit_run):
    return akshar.load(digit_run, threshold=0)


@pytest.fixture(scope="module")
def sure(reader, digit_images):
    """Images that are read rightly, and surely, as they are."""
    answers = reader.read_many(list(digit_images))
    right = [a.letter == "०१२३४५६७८९"[i // 30] and a.confidence > 0.95 for i, a in enumerate(answers)]
    assert sum(right) > 150
    return digit_images[np.array(right)]


@settings(max_examples=150, deadline=None, derandomize=True)
@given(
    st.integers(0, 10**6),
    st.booleans(),
    st.floats(1, 20),
    st.tuples(*[st.integers(0, 60)] * 4),
    st.sampled_from(sorted(FORMATS)),
    st.sampled_from(sorted(TURNS)),
)
@example(0, True, 20.0, (0, 0, 0, 0), "PNG", 1)
@example(7, False, 1.0, (0, 60, 0, 60), "GIF", 6)
def test_polarity_size_margins_format_and_turning_change_nothing(
    reader, sure, number, dark_on_light, zoom, margins, kind, turn
):
    pixels = sure[number % len(sure)]
    side = round(32 * zoom)
    large = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC))
    top, bottom, left, right = margins
    picture = np.pad(large, ((top, bottom), (left, right)))
    image = Image.fromarray(255 - picture if dark_on_light else picture)
    exif = Image.Exif()
    if TURNS[turn] is not None and kind in ("PNG", "JPEG", "WEBP", "TIFF"):
        image = image.transpose(TURNS[turn])
        exif[0x0112] = turn
    file = io.BytesIO()
    image.save(file, kind, exif=exif, **FORMATS[kind])
    expected, got = reader.read(pixels), reader.read(file.getvalue())
    assert (got.letter, got.problem) == (expected.letter, None)


def lit(paper, kind):
    """A sheet under light that falls from one side, with a shadow's edge across it, or on a coarse grain."""
    height, width = paper.shape
    across = np.linspace(0, 1, width)[None]
    if kind == "slope":
        return paper * (1 - 0.5 * across) * (1 - 0.3 * np.linspace(0, 1, height)[:, None])
    if kind == "shadow":
        return paper * (1 - 0.5 / (1 + np.exp((0.5 - across) * 20)))
    return paper * 0.8 + 0.1 + np.random.default_rng(0).normal(0, 0.1, paper.shape)


@pytest.mark.parametrize("kind", ["slope", "shadow", "grain"])
def test_light_and_grain_are_taken_off(reader, sure, kind):
    right = 0
    for pixels in sure[::3]:
        large = np.asarray(Image.fromarray(pixels).resize((96, 96), Image.Resampling.BICUBIC))
        paper = 1 - 0.8 * np.pad(large, 20).astype(np.float32) / 255
        picture = np.uint8(255 * np.clip(lit(paper, kind), 0, 1))
        right += reader.read(picture).letter == reader.read(pixels).letter
    assert right >= 0.97 * len(sure[::3])


@pytest.mark.parametrize(
    ("picture", "problem"),
    [
        (np.full((50, 50), 255, np.uint8), "blank"),
        (np.zeros((50, 50), np.uint8), "blank"),
        (np.random.default_rng(0).normal(240, 2, (50, 50)).clip(0, 255).astype(np.uint8), "blank"),
        (np.pad(np.zeros((60, 60), np.uint8), 20, constant_values=255), "all ink"),
    ],
)
def test_what_is_no_character_is_said(reader, picture, problem):
    answer = reader.read(picture)
    assert (answer.letter, answer.problem, answer.guesses, answer.confidence) == (None, problem, (), 0.0)


def test_an_unsure_reading_is_none(digit_run, digit_images):
    reader = akshar.load(digit_run, threshold=1.0)
    answer = reader.read(digit_images[0])
    assert answer.letter is None
    assert answer.problem == "unsure"
    assert answer.guesses[0].letter


def row(images, gaps, slant=0):
    """A row of dark characters on light paper."""
    parts = []
    for position, (pixels, gap) in enumerate(zip(images, gaps, strict=True)):
        part = np.pad(np.kron(pixels, np.ones((2, 2), np.uint8)), ((10, 10), (gap, 0)))
        parts.append(np.roll(part, slant * position % 7 - 3, axis=0))
    return 255 - np.pad(np.hstack(parts), 12)


def test_a_row_is_cut_into_its_characters_from_left_to_right(reader, sure):
    draw = np.random.default_rng(3)
    gapless = [pixels for pixels in sure if np.diff(np.flatnonzero(pixels.max(0) > 60)).max() == 1]
    for _ in range(20):
        chosen = [gapless[number] for number in draw.integers(0, len(gapless), 7)]
        picture = row(chosen, draw.integers(0, 15, 7), slant=1)
        expected = [reader.read(one).letter for one in chosen]
        answers = reader.read_line(picture)
        assert [answer.letter for answer in answers] == expected
        assert [answer.box[0] for answer in answers] == sorted(answer.box[0] for answer in answers)


@pytest.mark.parametrize("pen", [6, 9])
def test_a_date_and_a_telephone_number_keep_their_signs(reader, sure, pen):
    draw = np.random.default_rng(5)
    chosen = sure[draw.integers(0, len(sure), 8)]
    letters = [reader.read(one).letter for one in chosen]
    for sign, strokes in {
        "/": [((2, 62), (26, 2))],
        "-": [((2, 34), (28, 32))],
        ".": [((10, 50), (12, 58)), ((13, 50), (15, 58))],
    }.items():
        image = Image.new("L", (30, 64))
        for stroke in strokes:
            ImageDraw.Draw(image).line(stroke, 255, pen)
        mark = np.pad(np.asarray(image), ((10, 10), (8, 8)))
        parts = [np.pad(np.kron(one, np.ones((2, 2), np.uint8)), ((10, 10), (6, 0))) for one in chosen]
        picture = 255 - np.pad(np.hstack([*parts[:4], mark, *parts[4:6], mark, *parts[6:]]), 12)
        expected = [*letters[:4], sign, *letters[4:6], sign, *letters[6:]]
        assert [answer.letter for answer in reader.read_line(picture)] == expected


def test_no_digit_is_taken_for_a_sign(reader, digit_images):
    for start in range(0, 300, 6):
        chosen = digit_images[(np.arange(6) * 50 + start) % 300]
        answers = reader.read_line(row(chosen, [6] * 6))
        assert answers
        assert all(answer.letter is None or answer.letter in "०१२३४५६७८९" for answer in answers)


def on_paper(pixels, zoom=4, margin=30):
    """Dark ink on white, float [0, 255]."""
    side = 32 * zoom
    large = np.asarray(Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC), dtype=np.float32)
    return 255 - 0.85 * np.pad(large, margin)


def ruled(pixels, slope=0.0):
    paper = on_paper(pixels)
    columns = np.arange(paper.shape[1])
    for start in range(10, len(paper) + 10, 45):
        for row in (start, start + 1):
            rows = np.rint(row - slope * columns).astype(int)
            inside = (rows >= 0) & (rows < len(paper))
            cells = rows[inside], columns[inside]
            paper[cells] = np.minimum(paper[cells], 150)
    return paper


def squared(pixels):
    """On paper with lines in both directions."""
    return np.minimum(ruled(pixels), ruled(pixels.T).T)


def boxed(pixels):
    """In a box of a form."""
    paper = on_paper(pixels, margin=50)
    paper[20:-20, [20, 21, 22, -23, -22, -21]] = paper[[20, 21, 22, -23, -22, -21], 20:-20] = 60
    return paper


def dithered(pixels):
    """In black and white on paper that is not quite white, as Pillow and scanners make it."""
    return 255.0 * np.asarray(Image.fromarray(np.uint8(on_paper(pixels) - 10)).convert("1"))


def coarsely(pixels):
    """A light character on 32x32, smaller than DHCD's are."""
    return np.pad(np.asarray(Image.fromarray(pixels).resize((20, 20))), 6)


@pytest.mark.parametrize(
    ("drawn", "least"),
    [
        (ruled, 0.8),
        (lambda pixels: ruled(pixels, slope=0.02), 0.75),
        (squared, 0.65),
        (boxed, 0.97),
        (dithered, 0.97),
        (coarsely, 0.9),
    ],
    ids=["ruled", "ruled askew", "squared", "boxed", "dithered", "small on 32x32"],
)
def test_paper_to_be_written_on_is_told_from_ink(digit_images, drawn, least):
    reader, some = akshar.load(WEIGHTS, threshold=0), digit_images[::2]
    answers = reader.read_many([np.uint8(np.clip(drawn(pixels), 0, 255)) for pixels in some])
    expected = reader.read_many(list(some))
    assert np.mean([one.letter == other.letter for one, other in zip(answers, expected, strict=True)]) >= least


def test_ruled_paper_alone_is_blank(reader):
    assert reader.read(np.uint8(ruled(np.zeros((32, 32), np.uint8)))).problem == "blank"


def test_light_ink_on_nothing_is_read(reader, sure):
    for pixels in sure[::20]:
        for tone in (0, 255):
            image = Image.new("LA", (96, 96), (tone, 0))
            image.putalpha(Image.fromarray(pixels).resize((96, 96)))
            assert reader.read(image).letter == reader.read(pixels).letter


def test_a_stroke_alone_and_a_row_are_said_to_be_that(reader, sure):
    stroke = np.full((100, 100), 255, np.uint8)
    stroke[20:26, 10:90] = 0
    assert reader.read(stroke).problem == "one stroke"
    assert reader.read(row(sure[:4], [20] * 4)).problem == "several"
    assert reader.read(row(np.tile(sure[:4], (4, 1, 1)), [6] * 16)).problem == "several"
    solid = np.zeros((32, 32), np.uint8)
    solid[2:-2, 2:-2] = 255
    assert reader.read(solid).problem == "all ink"
