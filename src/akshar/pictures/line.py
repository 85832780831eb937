"""A row of separate characters -> each of them, from left to right; signs between them are told by their shape."""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from scipy import ndimage

from akshar.errors import DataError
from akshar.pictures.ink import Ink, find_ink
from akshar.pictures.place import Placed, frame, is_placed, place

MARKS = 400  # in a row; more come of dust, dither or a page of text
TOGETHER = 0.4  # share of the narrower mark's width above the other at which both are one character
SMALL = 0.35  # share of the line's height, in both directions: a dot, which belongs to the character beside it
CLOSE = 0.2  # share of the line's height between a letter and its upright
CLOSER = 0.6  # share of the usual gap of the row
STRAIGHT = 1.4  # times the pen's width: how thick a mark may be as a whole that is one straight stroke


@dataclass
class _Part:
    marks: list[int]
    left: int
    right: int
    top: int
    bottom: int

    @property
    def width(self) -> int:
        return self.right - self.left

    @property
    def height(self) -> int:
        return self.bottom - self.top

    def overlap(self, other: "_Part") -> int:
        """Columns that both take."""
        return min(self.right, other.right) - max(self.left, other.left)

    def join(self, other: "_Part") -> None:
        self.marks += other.marks
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.top, self.bottom = min(self.top, other.top), max(self.bottom, other.bottom)


def cut_line(grey: np.ndarray) -> list[Placed]:
    """Cuts a row into its characters.

    Args:
        grey: float32 [0, 1] (H, W), dark on light or light on dark.

    Returns:
        Each character, framed, from left to right; none for a blank picture.

    Raises:
        DataError: more than MARKS marks.
    """
    ink = None if is_placed(grey) else find_ink(grey)
    if ink is None:
        placed = place(grey)
        return [] if placed.box is None else [placed]
    if (marks := np.count_nonzero(np.bincount(ink.marks.ravel())[1:])) > MARKS:
        raise DataError(f"{marks:,} separate marks, too many for a row of characters ({MARKS} are taken)")
    parts = _parts(ink)
    return [_cut(ink, part, _sign(ink, part, parts)) for part in parts]


def _parts(ink: Ink) -> list[_Part]:
    """Marks put together to characters, in order."""
    parts = [
        _Part([number], columns.start, columns.stop, rows.start, rows.stop)
        for number, slices in enumerate(ndimage.find_objects(ink.marks), start=1)
        if slices is not None
        for rows, columns in [slices]
    ]
    parts.sort(key=lambda part: part.width, reverse=True)
    whole: list[_Part] = []
    for part in parts:  # the widest first: what lies above or below it joins it
        for other in whole:
            if part.overlap(other) >= TOGETHER * part.width:
                other.join(part)
                break
        else:
            whole.append(part)
    whole.sort(key=lambda part: part.left)
    line = float(np.median([part.height for part in whole]))
    gaps = [right.left - left.right for left, right in pairwise(whole)]
    characters = whole[:1]
    for number, part in enumerate(whole[1:]):
        gap = gaps[number]
        dot = max(part.width, part.height) < SMALL * line and not _is_straight(ink, part)
        is_dot = gap < SMALL * line and dot and not _is_low(part, whole)  # at a letter's right, as in ङ
        usual = float(np.median(others)) if (others := gaps[:number] + gaps[number + 1 :]) else np.inf
        is_bar = gap < min(CLOSE * line, CLOSER * usual) and _is_upright(ink, part, line)  # of श or ग
        if is_dot or is_bar:
            characters[-1].join(part)
        else:
            characters.append(part)
    return characters


def _own(ink: Ink, part: _Part) -> np.ndarray:
    """The part's own pixels within its box, bool."""
    return np.isin(ink.marks[part.top : part.bottom, part.left : part.right], part.marks)


def _is_low(part: _Part, line: list[_Part]) -> bool:
    """Whether a part lies at the foot of its line, as a full stop does."""
    top, bottom = (float(np.median([getattr(one, side) for one in line])) for side in ("top", "bottom"))
    return part.top > bottom - SMALL * (bottom - top)


def _axes(own: np.ndarray) -> tuple[float, float, float]:
    """Of a mark as if it were one stroke: length, thickness, pixels; angle to the horizontal, degrees [0, 180)."""
    y, x = np.nonzero(own)
    if len(x) < 2:
        return 1.0, 1.0, 0.0
    values, vectors = np.linalg.eigh(np.cov(np.stack([x, -y])))
    thickness, length = np.sqrt(12 * np.maximum(values, 0))
    return float(length), float(thickness), float(np.degrees(np.arctan2(vectors[1, 1], vectors[0, 1])) % 180)


def _is_straight(ink: Ink, part: _Part) -> bool:
    length, thickness, _ = _axes(_own(ink, part))
    return thickness < STRAIGHT * ink.pen and length > 2 * thickness


def _is_upright(ink: Ink, part: _Part, line: float) -> bool:
    """Whether a part is the upright at the right of many letters, perhaps with its end of the headline."""
    length, thickness, angle = _axes(_own(ink, part))
    return part.height > 0.6 * line and thickness < 2 * ink.pen and length > 4 * thickness and 80 < angle < 100


def _sign(ink: Ink, part: _Part, line: list[_Part]) -> str | None:
    """What stands between digits in dates and telephone numbers."""
    others = [one for one in line if one is not part]
    if not others:
        return None
    height = float(np.median([one.height for one in others]))
    if max(part.width, part.height) < SMALL * height and _is_low(part, others) and not _is_straight(ink, part):
        return "."
    if not _is_straight(ink, part):
        return None
    length, _, angle = _axes(_own(ink, part))
    if min(angle, 180 - angle) < 25 and part.height < SMALL * height and length < 1.5 * height:
        return "-"
    return "/" if 45 < angle < 82 and part.height > 0.6 * height else None


def _cut(ink: Ink, part: _Part, sign: str | None) -> Placed:
    area = slice(part.top, part.bottom), slice(part.left, part.right)
    marks, own = ink.marks[area], _own(ink, part)
    others = (marks > 0) & ~own
    density = np.where(others, 0, ink.density[area])
    placed = frame(density, own, ink.pen)
    problem = None if sign else placed.problem
    return Placed(placed.pixels, (part.left, part.top, part.right, part.bottom), problem, sign)
