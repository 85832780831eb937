"""Cuts through ink: curves from top to bottom that cross little of it.

Each is the cheapest path through a band around a column, after the curved cuts of Breuel, "Segmentation of
handprinted letter strings using a dynamic programming algorithm", ICDAR 2001. A headline over several letters needs
no rule of its own: between letters a curve crosses it alone.
"""

from dataclasses import dataclass

import numpy as np
from PIL import Image

SCALE = 48  # rows of a character at which curves are sought
REACH = 10  # columns that a curve may leave its middle to each side, at this scale
SIDEWAYS = 0.15  # cost of a step to the side, in pixels of ink
MOST_INK = 2.6  # ink that a cut may cross, in widths of the pen
APART = 6  # least distance of cuts, columns at this scale
SLIVER = 0.1  # least length of the strokes between two cuts, share of the height of a character
SMOOTHING = (0.1, 0.2, 0.4, 0.2, 0.1)  # of costs, so that of equal ones the middle is chosen


@dataclass(frozen=True)
class Seam:
    """A cut.

    Attributes:
        columns: int (H,), first column at the right of the cut in each row.
        ink: that it crosses, in widths of the pen.
    """

    columns: np.ndarray
    ink: float


def find_seams(density: np.ndarray, pen: float, height: float) -> list[Seam]:
    """Find cuts through a part, from left to right; they do not cross.

    Args:
        density: float32 [0, 1] (H, W), the part's own ink.
        pen: width of the strokes, pixels.
        height: of a character, pixels.
    """
    factor = min(1.0, SCALE / height)
    rows, width = (max(1, round(side * factor)) for side in density.shape)
    if width <= 2 * APART:
        return []
    small = np.asarray(Image.fromarray(density).resize((width, rows), Image.Resampling.BOX))
    costs, steps, ends = _cheapest(small)
    crossed = costs / (pen * factor)
    chosen = [anchor for anchor in _lowest(costs) if crossed[anchor] <= MOST_INK]
    seams = [Seam(_path(steps, ends, anchor), float(crossed[anchor])) for anchor in sorted(chosen)]
    seams = _without_slivers(seams, small, SLIVER * pen * factor * SCALE)
    return _enlarged(seams, density.shape, small.shape)


def _cheapest(ink: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cheapest curve around each column.

    Returns:
        Its cost (W,), the steps -1, 0 or 1 towards each place int8 (H, W, 2 REACH + 1), and its last place (W,).
    """
    height, width = ink.shape
    padded = np.pad(ink, ((0, 0), (REACH, REACH)))
    places = np.arange(width)[:, None] + np.arange(2 * REACH + 1)
    total = padded[0, places].astype(np.float64)
    steps = np.zeros((height, *places.shape), np.int8)
    inner = np.full((width, 2 * REACH + 3), np.inf)
    for row in range(1, height):
        inner[:, 1:-1] = total
        options = np.stack([inner[:, :-2] + SIDEWAYS, inner[:, 1:-1], inner[:, 2:] + SIDEWAYS])
        best = options.argmin(axis=0)
        steps[row] = best - 1
        total = np.take_along_axis(options, best[None], 0)[0] + padded[row, places]
    ends = total.argmin(axis=1)
    return total[np.arange(width), ends], steps, ends


def _lowest(costs: np.ndarray) -> list[int]:
    """The cheapest columns that lie APART from each other and from the sides, in the order of their costs."""
    smooth = np.convolve(np.pad(costs, len(SMOOTHING) // 2, mode="edge"), SMOOTHING, mode="valid")
    chosen: list[int] = []
    for anchor in np.argsort(smooth, kind="stable").tolist():
        if APART <= anchor < len(costs) - APART and all(abs(anchor - other) >= APART for other in chosen):
            chosen.append(anchor)
    return chosen


def _path(steps: np.ndarray, ends: np.ndarray, anchor: int) -> np.ndarray:
    """Columns (H,) of the curve around an anchor."""
    place = int(ends[anchor])
    columns = np.empty(len(steps), int)
    for row in range(len(steps) - 1, -1, -1):
        columns[row] = anchor + place - REACH
        place += int(steps[row, anchor, place])
    return columns


def numbered_pieces(seams: list[Seam], shape: tuple[int, ...]) -> np.ndarray:
    """Number of seams at the left of each pixel, int32 (H, W)."""
    passed = np.zeros((shape[0], shape[1] + 1), np.int32)
    rows = np.arange(shape[0])
    for seam in seams:
        passed[rows, np.clip(seam.columns, 0, shape[1])] += 1
    return passed.cumsum(axis=1, dtype=np.int32)[:, :-1]


def _without_slivers(seams: list[Seam], ink: np.ndarray, least: float) -> list[Seam]:
    """Leave out cuts until each piece has some ink: of its two cuts the more expensive one."""
    numbers = numbered_pieces(seams, ink.shape)
    areas = np.bincount(numbers.ravel(), ink.ravel(), len(seams) + 1).tolist()
    while seams and min(areas) < least:
        smallest = areas.index(min(areas))
        sides = [side for side in (smallest - 1, smallest) if 0 <= side < len(seams)]
        worse = max(sides, key=lambda side: seams[side].ink)
        seams = seams[:worse] + seams[worse + 1 :]
        areas[worse : worse + 2] = [areas[worse] + areas[worse + 1]]
    return seams


def _enlarged(seams: list[Seam], shape: tuple[int, ...], small: tuple[int, ...]) -> list[Seam]:
    """Seams at the size of the picture, each nowhere at the left of the one before it."""
    rows = np.arange(shape[0]) * small[0] // shape[0]
    enlarged: list[Seam] = []
    least = np.zeros(shape[0], int)
    for seam in seams:
        least = np.maximum(least, np.rint(seam.columns[rows] / small[1] * shape[1]).astype(int))
        enlarged.append(Seam(least, seam.ink))
    return enlarged
