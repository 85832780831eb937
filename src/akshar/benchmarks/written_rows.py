"""Rows of characters composed as people write them, with the truth of each cell, for `akshar.benchmarks.rows`.

DHCD's images are stretched to a square; each character gets a plausible width again. Neighbours that touch share
ink at their closest point, as in the synthetic strings of touching digits of Hochuli et al., "Handwritten digit
segmentation: Is it still necessary?", Pattern Recognition 78, 2018.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from akshar.devanagari.letters import CONSONANTS, DIGITS, VOWELS

INKED = 0.4  # density above which a pixel belongs to a character
WIDTHS = dict(zip("०१२३४५६७८९", (0.85, 0.55, 0.75, 0.65, 0.7, 0.7, 0.7, 0.85, 0.85, 0.65), strict=True))
LETTER_WIDTH = 0.95  # of a consonant, share of its height
KEPT = {vowel.letter for vowel in VOWELS}  # whose proportions are kept: आ is wide, ऐ stands out at the top
FORM = 176  # usual height of a drawn form with its pen, pixels
STEADY, UNSTEADY = 0.4, 0.7  # deviation of the points of drawn vowels and digits, twentieths of a form's side
KERNING = 0.2  # greatest overlap of the boxes of characters that touch
OPEN_HEADLINE = "थधभ"  # letters that a headline at their left would turn into others

Images = Mapping[str, Sequence[np.ndarray]]  # letter to float [0, 1] (H, W), 1 in ink, cropped to the ink


@dataclass(frozen=True)
class Hand:
    """How a row is written; lengths are shares of the height of a character.

    Attributes:
        gaps: least and greatest gap between the boxes of neighbours.
        touching: share of neighbours that touch, [0, 1].
        sizes: standard deviation of the logarithm of heights.
        heights: standard deviation of the distance to the base line.
        climb: greatest angle of the base line, degrees.
        slant: greatest shear of the writing, columns per row.
        pen: pixels by which strokes are widened, negative to narrow them, of characters 64 pixels high.
        binary: whether the picture is black and white, with ragged strokes.
        broken: whether a high threshold breaks thin strokes of such a picture.
        headline: whether one headline joins the characters.
    """

    gaps: tuple[float, float] = (0.12, 0.35)
    touching: float = 0.0
    sizes: float = 0.03
    heights: float = 0.02
    climb: float = 0.0
    slant: float = 0.0
    pen: tuple[int, int] = (0, 0)
    binary: bool = False
    broken: bool = False
    headline: bool = False


@dataclass(frozen=True)
class WrittenRow:
    """A row and its truth.

    Attributes:
        picture: uint8 [0, 255] (H, W), dark on light.
        text: the characters from left to right.
        height: of a usual character, pixels.
        boxes: left, top, right, bottom of each character, pixels.
        cells: each character alone, uint8 [0, 255] (h, w), dark on light.
    """

    picture: np.ndarray
    text: tuple[str, ...]
    height: int
    boxes: tuple[tuple[int, int, int, int], ...]
    cells: tuple[np.ndarray, ...]


def write_row(text: Sequence[str], hand: Hand, images: Images, draw: np.random.Generator) -> WrittenRow:
    """Compose a row.

    Args:
        text: digits, letters and the signs / - .
        hand: how it is written.
        images: to choose from.
        draw: source of all random numbers.
    """
    height = int(draw.integers(44, 90))
    angle = np.radians(draw.uniform(-hand.climb, hand.climb))
    slant = draw.uniform(0.4, 1) * hand.slant * draw.choice((-1, 1))
    pen = int(draw.integers(hand.pen[0], hand.pen[1] + 1))
    placed: list[tuple[int, int, np.ndarray]] = []  # top, left, ink
    for letter in text:
        ink = _written(letter, height, pen, slant, angle, hand, images, draw)
        drop = 0.0 if hand.headline else draw.normal(0, hand.heights) * height
        if letter in "/-":
            top = (height - len(ink)) // 2
        else:
            top = round((0 if hand.headline else height - len(ink)) + drop)
        placed.append((top, _left_of(ink, top, height, placed, hand, draw), ink))
    placed = [(round(top - np.tan(angle) * left), left, ink) for top, left, ink in placed]
    first, margin = min(top for top, _, _ in placed), round(height * draw.uniform(0.15, 0.6))
    tall = max(top + len(ink) for top, _, ink in placed) - first + 2 * margin
    leftmost = min(left for _, left, _ in placed)
    wide = max(left + ink.shape[1] for _, left, ink in placed) - leftmost + 2 * margin
    placed = [(top - first + margin, left - leftmost + margin, ink) for top, left, ink in placed]
    canvas = np.zeros((tall, wide), np.float32)
    for top, left, ink in placed:
        area = canvas[top : top + len(ink), left : left + ink.shape[1]]
        np.maximum(area, ink, out=area)
    if hand.headline:
        _join_headlines(canvas, placed, text, max(3, round(height * 0.08) + pen))
    threshold = draw.uniform(0.6, 0.8) if hand.broken else draw.uniform(0.3, 0.6)
    finish: Callable[[np.ndarray], np.ndarray] = (
        (lambda ink: _binary(ink, threshold, draw)) if hand.binary else _grey(draw)
    )
    boxes = tuple(_box(top, left, ink) for top, left, ink in placed)
    cells = tuple(finish(np.pad(ink, 8)) for _, _, ink in placed)
    return WrittenRow(finish(canvas), tuple(text), height, boxes, cells)


def dhcd_inks(pixels: np.ndarray, labels: Sequence[int]) -> Images:
    """Characters of DHCD's images, uint8 (N, 32, 32), by letter; labels count consonants, then digits."""
    letters = [character.letter for character in CONSONANTS + DIGITS]
    inks: dict[str, list[np.ndarray]] = {}
    for image, label in zip(pixels, labels, strict=True):
        inks.setdefault(letters[label], []).append(_cropped(image.astype(np.float32) / 255))
    return inks


def drawn_inks(
    forms: Mapping[str, Sequence[str]], count: int, draw: np.random.Generator, jitter: float = UNSTEADY
) -> Images:
    """Characters drawn with a round pen from forms as those of `strokes.FORMS`, `count` of each letter."""
    return {
        letter: [_drawn(variants[number % len(variants)], jitter, draw) for number in range(count)]
        for letter, variants in forms.items()
    }


def _written(
    letter: str,
    height: int,
    pen: int,
    slant: float,
    angle: float,
    hand: Hand,
    images: Images,
    draw: np.random.Generator,
) -> np.ndarray:
    """One character at its size, float32 [0, 1], cropped."""
    tall = max(12, round(height * np.exp(draw.normal(0, hand.sizes))))
    if letter in "/-.":
        ink = _sign(letter, tall, max(3, round(height * 0.09) + pen), draw)
    else:
        chosen = images[letter][int(draw.integers(len(images[letter])))]
        width = WIDTHS.get(letter, LETTER_WIDTH)
        if letter in KEPT:
            tall, width = max(12, round(tall * len(chosen) / FORM)), chosen.shape[1] / len(chosen)
        wide = max(8, round(tall * width * np.exp(draw.normal(0, 0.1))))
        ink = np.asarray(Image.fromarray(chosen).resize((wide, tall), Image.Resampling.BICUBIC))
        ink = np.clip(ink, 0, 1)
    if pen and letter not in "/-.":
        reach = max(2, round(abs(pen) * tall / 64) + 1)
        widen = ndimage.grey_dilation if pen > 0 else ndimage.grey_erosion
        thinner = widen(np.pad(ink, reach), (reach, reach))
        ink = thinner if _pieces(thinner) == _pieces(ink) else ink
    if slant or angle:
        side = max(ink.shape)
        padded = np.pad(ink, ((side // 4, side // 4), (side // 2, side // 2)))
        middle = np.array(padded.shape) / 2
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        matrix = turn @ np.array([[1, 0], [slant, 1]])
        ink = np.clip(
            ndimage.affine_transform(padded, matrix, cast(float, middle - matrix @ middle), order=1), 0, 1
        )
    return _cropped(ink.astype(np.float32))


def _left_of(
    ink: np.ndarray,
    top: int,
    height: int,
    placed: Sequence[tuple[int, int, np.ndarray]],
    hand: Hand,
    draw: np.random.Generator,
) -> int:
    """Column of the next character's left side."""
    if not placed:
        return 0
    last_top, last_left, last = placed[-1]
    right = last_left + last.shape[1]
    apart = right + round(draw.uniform(*hand.gaps) * height)
    low, high = max(top, last_top), min(top + len(ink), last_top + len(last))
    if low >= high:
        return apart
    # Least distance of the two inks over their common rows, if their boxes touched
    ends = _extent(last[low - last_top : high - last_top, ::-1])
    starts = _extent(ink[low - top : high - top])
    with np.errstate(invalid="ignore"):
        distance = np.nanmin(ends + starts) if np.isfinite(ends + starts).any() else 0
    if draw.random() < hand.touching:
        return right - round(min(distance + 1, KERNING * height) + draw.uniform(0, 0.04) * height)
    return max(apart, right - round(distance) + 3)


def _extent(ink: np.ndarray) -> np.ndarray:
    """Columns of paper before the ink of each row; infinite for rows of paper."""
    inked = ink > INKED
    return np.where(inked.any(axis=1), inked.argmax(axis=1), np.inf)


def _sign(sign: str, height: int, pen: int, draw: np.random.Generator) -> np.ndarray:
    length = height * (draw.uniform(0.9, 1.25) if sign == "/" else draw.uniform(0.3, 0.6))
    angle = np.radians(draw.uniform(60, 78) if sign == "/" else draw.uniform(-8, 8))
    if sign == ".":
        length = pen * draw.uniform(0, 0.5)
        pen = round(pen * 1.3)
    side = int(length) + 4 * pen + 4
    zoom = 4
    image = Image.new("L", (side * zoom, side * zoom))
    x, y = (np.array([np.cos(angle), -np.sin(angle)]) * length / 2 * zoom).tolist()
    middle = side * zoom / 2
    pencil = ImageDraw.Draw(image)
    pencil.line((middle - x, middle - y, middle + x, middle + y), 255, pen * zoom)
    for end in (-1, 1):
        centre = np.array([middle + end * x, middle + end * y])
        pencil.ellipse((*(centre - pen * zoom / 2).tolist(), *(centre + pen * zoom / 2).tolist()), 255)
    small = np.asarray(image.resize((side, side), Image.Resampling.BOX), np.float32) / 255
    return _cropped(small)


def _drawn(form: str, jitter: float, draw: np.random.Generator) -> np.ndarray:
    image = Image.new("L", (400, 400))
    pencil = ImageDraw.Draw(image)
    pen = int(draw.integers(10, 22))
    for stroke in form.split("/"):
        points = np.array(
            [[float(value) for value in point.split(",")] for point in stroke.replace("H", "0,0 20,0").split()]
        )
        points = (points + draw.normal(0, jitter, points.shape)) * 8 + 100
        steps = np.linspace(0, len(points) - 1, 16 * len(points))
        knots = np.arange(len(points))
        straight = [np.interp(steps, knots, points[:, axis]) for axis in (0, 1)]
        curve = np.asarray(ndimage.gaussian_filter1d(straight, 4, mode="nearest"))
        line = [(float(x), float(y)) for x, y in curve.T]
        pencil.line(line, 255, pen, joint="curve")
        for x, y in (line[0], line[-1]):
            pencil.ellipse((x - pen / 2, y - pen / 2, x + pen / 2, y + pen / 2), 255)
    return _cropped(np.asarray(image, np.float32) / 255)


def _join_headlines(
    canvas: np.ndarray, placed: Sequence[tuple[int, int, np.ndarray]], text: Sequence[str], pen: int
) -> None:
    image = Image.new("L", (canvas.shape[1], canvas.shape[0]))
    pencil = ImageDraw.Draw(image)
    for number in range(1, len(placed)):
        if text[number] in OPEN_HEADLINE:
            continue
        (top, left, ink), (next_top, next_left, next_ink) = placed[number - 1 : number + 1]
        start = left + 0.7 * ink.shape[1], top + pen / 2
        end = next_left + 0.3 * next_ink.shape[1], next_top + pen / 2
        pencil.line((*start, *end), 255, pen)
    np.maximum(canvas, ndimage.gaussian_filter(np.asarray(image, np.float32) / 255, 0.7), out=canvas)


def _grey(draw: np.random.Generator) -> Callable[[np.ndarray], np.ndarray]:
    paper, dark = draw.uniform(200, 255), draw.uniform(0, 90)
    return lambda ink: np.rint(paper + (dark - paper) * ink).astype(np.uint8)


def _binary(ink: np.ndarray, threshold: float, draw: np.random.Generator) -> np.ndarray:
    """Black and white, with the ragged edges of a scanner's threshold."""
    ragged = ndimage.gaussian_filter(ink, 0.6) + ndimage.gaussian_filter(draw.normal(0, 0.25, ink.shape), 0.8)
    return np.where(ragged > threshold, 0, 255).astype(np.uint8)


def _box(top: int, left: int, ink: np.ndarray) -> tuple[int, int, int, int]:
    return left, top, left + ink.shape[1], top + ink.shape[0]


def _cropped(ink: np.ndarray) -> np.ndarray:
    rows, columns = (np.flatnonzero((ink > INKED).any(axis)) for axis in (1, 0))
    return np.ascontiguousarray(ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1])


def _pieces(ink: np.ndarray) -> int:
    """Number of marks: a thinner pen does not break strokes."""
    _, count = cast(tuple[np.ndarray, int], ndimage.label(ink > INKED, np.ones((3, 3))))
    return count
