"""A row of separate characters -> each of them, from left to right."""

from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from akshar.pictures.ink import Ink, find_ink
from akshar.pictures.place import Placed, frame, is_placed, place

TOGETHER = 0.4  # share of the narrower mark's width above the other at which both are one character
SMALL = 0.35  # share of the line's height, in both directions: a dot, which belongs to the character beside it


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
    """
    ink = None if is_placed(grey) else find_ink(grey)
    if ink is None:
        placed = place(grey)
        return [] if placed.box is None else [placed]
    return [_cut(ink, part) for part in _parts(ink)]


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
    characters: list[_Part] = []
    for part in whole:
        near = characters and part.left - characters[-1].right < SMALL * line
        if near and max(part.width, part.height) < SMALL * line:
            characters[-1].join(part)  # a dot at a letter's right, as in ङ
        else:
            characters.append(part)
    return characters


def _cut(ink: Ink, part: _Part) -> Placed:
    area = slice(part.top, part.bottom), slice(part.left, part.right)
    marks = ink.marks[area]
    own = np.isin(marks, part.marks)
    others = (marks > 0) & ~own
    density = np.where(others, 0, ink.density[area])
    placed = frame(density, own, ink.pen)
    return Placed(placed.pixels, (part.left, part.top, part.right, part.bottom), placed.problem)
