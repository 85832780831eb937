"""Cuts a row of separate characters, and recognises signs between them by their shape."""

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from scipy import ndimage

from akshar.errors import DataError, UsageError
from akshar.pictures.framing import FramedPicture, frame_ink, frame_picture, is_framed
from akshar.pictures.ink import Ink, find_ink
from akshar.pictures.input_spec import InputSpec

MARKS = 400  # limit for a row; more marks are dust, dither or a page of text
TOGETHER = 0.4  # least overlap of marks that form one character, share of the narrower one's width
SMALL = 0.35  # greatest size of a dot in both directions, share of the line's height
CLOSE = 0.2  # greatest gap between a letter and its upright, share of the line's height
CLOSER = 0.6  # the same, share of the row's median gap
STRAIGHT = 1.4  # greatest thickness of a single straight stroke, in widths of the pen


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
        """Number of columns that both parts cover; negative for a gap."""
        return min(self.right, other.right) - max(self.left, other.left)

    def join(self, other: "_Part") -> None:
        self.marks += other.marks
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.top, self.bottom = min(self.top, other.top), max(self.bottom, other.bottom)


def cut_line(grey: np.ndarray, spec: InputSpec) -> list[FramedPicture]:
    """Cut a row into its characters.

    Args:
        grey: float32 [0, 1] (H, W), dark on light or light on dark.
        spec: how each character is framed.

    Returns:
        The framed characters from left to right; none for a blank picture.

    Raises:
        DataError: the picture has more than MARKS marks.
        UsageError: the spec does not frame by ink.
    """
    if spec.framing != "ink":
        raise UsageError(f"input_spec.framing={spec.framing}: the model reads whole pictures and no rows")
    ink = None if is_framed(grey, spec) else find_ink(grey)
    if ink is None:
        framed = frame_picture(grey, spec)
        return [] if framed.box is None else [framed]
    if (marks := np.count_nonzero(np.bincount(ink.marks.ravel())[1:])) > MARKS:
        raise DataError(f"{marks:,} separate marks, too many for a row of characters (at most {MARKS})")
    parts = _parts(ink)
    return [_cut(ink, part, _sign(ink, part, parts), spec) for part in parts]


def _parts(ink: Ink) -> list[_Part]:
    """Group marks into characters, from left to right."""
    parts = [
        _Part([number], columns.start, columns.stop, rows.start, rows.stop)
        for number, slices in enumerate(ndimage.find_objects(ink.marks), start=1)
        if slices is not None
        for rows, columns in [slices]
    ]
    parts.sort(key=lambda part: part.width, reverse=True)
    groups: list[_Part] = []
    for part in parts:  # the widest first; marks above or below it join it
        for other in groups:
            if part.overlap(other) >= TOGETHER * part.width:
                other.join(part)
                break
        else:
            groups.append(part)
    groups.sort(key=lambda part: part.left)
    line = float(np.median([part.height for part in groups]))
    gaps = [right.left - left.right for left, right in pairwise(groups)]
    characters = groups[:1]
    for number, part in enumerate(groups[1:]):
        gap = gaps[number]
        dot = max(part.width, part.height) < SMALL * line and not _is_straight(ink, part)
        is_dot = gap < SMALL * line and dot and not _is_low(part, groups)  # to the right of a letter, as in ङ
        usual = float(np.median(others)) if (others := gaps[:number] + gaps[number + 1 :]) else np.inf
        is_bar = gap < min(CLOSE * line, CLOSER * usual) and _is_upright(ink, part, line)  # of श or ग
        if is_dot or is_bar:
            characters[-1].join(part)
        else:
            characters.append(part)
    return characters


def _own(ink: Ink, part: _Part) -> np.ndarray:
    """The part's pixels within its box, bool."""
    return np.isin(ink.marks[part.top : part.bottom, part.left : part.right], part.marks)


def _is_low(part: _Part, line: list[_Part]) -> bool:
    """Whether a part lies at the bottom of its line, like a full stop."""
    top, bottom = (float(np.median([getattr(one, side) for one in line])) for side in ("top", "bottom"))
    return part.top > bottom - SMALL * (bottom - top)


def _axes(own: np.ndarray) -> tuple[float, float, float]:
    """A mark as one stroke: length and thickness in pixels, angle to the horizontal in degrees [0, 180)."""
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
    """Whether a part is the upright at the right of many letters, with or without its end of the headline."""
    length, thickness, angle = _axes(_own(ink, part))
    return part.height > 0.6 * line and thickness < 2 * ink.pen and length > 4 * thickness and 80 < angle < 100


def _sign(ink: Ink, part: _Part, line: list[_Part]) -> str | None:
    """The sign that a part is, as between digits in dates and telephone numbers; else None."""
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


def _cut(ink: Ink, part: _Part, sign: str | None, spec: InputSpec) -> FramedPicture:
    area = slice(part.top, part.bottom), slice(part.left, part.right)
    marks, own = ink.marks[area], _own(ink, part)
    others = (marks > 0) & ~own
    density = np.where(others, 0, ink.density[area])
    framed = frame_ink(density, own, ink.pen, spec)
    box = (part.left, part.top, part.right, part.bottom)
    return replace(framed, box=box, problem=None if sign else framed.problem, sign=sign)
