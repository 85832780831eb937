"""Parts of a row: marks, or several marks above one another, with the row's height and base line."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import ndimage

from akshar.pictures.ink import Ink

TOGETHER = 0.7  # least overlap of marks that form one part, share of the narrower one's width
TALL = 0.5  # least height of the parts that the row is measured by, share of the greatest usual height


@dataclass
class Part:
    """Marks of a row, with their box in pixels.

    Attributes:
        marks: their numbers in `Ink.marks`.
    """

    marks: list[int]
    left: int
    right: int
    top: int
    bottom: int

    @property
    def width(self) -> int:
        """Number of columns."""
        return self.right - self.left

    @property
    def height(self) -> int:
        """Number of rows."""
        return self.bottom - self.top

    @property
    def area(self) -> tuple[slice, slice]:
        """The box as an index."""
        return slice(self.top, self.bottom), slice(self.left, self.right)

    def join(self, other: "Part") -> None:
        """Take the marks of another part."""
        self.marks += other.marks
        self.left, self.right = min(self.left, other.left), max(self.right, other.right)
        self.top, self.bottom = min(self.top, other.top), max(self.bottom, other.bottom)


@dataclass(frozen=True)
class Baseline:
    """The course of a row.

    Attributes:
        height: of a usual character, pixels.
        slope: rows per column; negative if the row climbs.
        start: row of the base line at column 0.
    """

    height: float
    slope: float
    start: float

    def below(self, row: float, column: float) -> float:
        """Distance of a point to the base line, positive below it, in heights of a character."""
        return (row - self.start - self.slope * column) / self.height


def find_parts(ink: Ink) -> list[Part]:
    """Group marks that lie above one another, from left to right."""
    parts = [
        Part([number], columns.start, columns.stop, rows.start, rows.stop)
        for number, slices in enumerate(ndimage.find_objects(ink.marks), start=1)
        if slices is not None
        for rows, columns in [slices]
    ]
    parts.sort(key=lambda part: part.width, reverse=True)
    groups: list[Part] = []
    for part in parts:  # the widest first; marks above or below it join it
        for other in groups:
            if min(part.right, other.right) - max(part.left, other.left) >= TOGETHER * part.width:
                other.join(part)
                break
        else:
            groups.append(part)
    return sorted(groups, key=lambda part: part.left + part.right)


def find_baseline(parts: Sequence[Part]) -> Baseline:
    """Measure a row: the median height, and the line of Theil and Sen through the lower ends of tall parts.

    Args:
        parts: at least one.
    """
    heights = np.array([part.height for part in parts])
    tall = [part for part in parts if part.height >= TALL * np.percentile(heights, 80)]
    height = float(np.median([part.height for part in tall]))
    columns = np.array([(part.left + part.right) / 2 for part in tall])
    rows = np.array([part.bottom for part in tall], float)
    across, down = columns[:, None] - columns, rows[:, None] - rows
    apart = across > height / 2
    slope = float(np.median(down[apart] / across[apart])) if apart.sum() > 1 else 0.0
    return Baseline(height, slope, float(np.median(rows - slope * columns)))
