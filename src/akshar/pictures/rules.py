"""What is printed on paper to be written on: the lines of ruled and squared paper, the boxes of forms."""

from typing import cast

import numpy as np
from scipy import ndimage

FEWEST = 2  # lines that make a ruling; a single one may be a headline
SPAN = 0.9  # of the picture, that a line runs through
SEEN = 0.4  # of the picture, in which no stroke hides the line
THICKEST = 0.04  # of the picture's other side, at least 3 pixels
SLOPE = 40  # pixels that a line runs level at least, where it is not quite straight
SMALLEST = 16  # pixels a side, of a picture with lines and of a box
EDGE = 0.08  # share of a box's side in which its line lies, also where it is drawn a little askew
CLOSED = 0.9  # share of each side that the line covers; a ring covers half
STRAY = 0.02  # share of a box's line that may reach inside
WRITTEN = 0.01  # share of its inside that is written on at least
ACROSS = np.ones((3, 3), bool)  # neighbours, also across a corner


def without_rules(density: np.ndarray, inked: float) -> np.ndarray:
    """Ink without the lines of ruled or squared paper; strokes that they cross are made whole again.

    Args:
        density: float (H, W), 0 on paper, 1 in ink.
        inked: density above which a pixel belongs to a mark.

    Returns:
        The same where there are no such lines.
    """
    for turned in (False, True):
        level = density.T if turned else density
        cleared = _without_level(level, inked)
        density = cleared.T if turned else cleared
    return density


def boxes(marks: np.ndarray) -> list[int]:
    """Numbers of the marks that are boxes around others.

    Args:
        marks: int (H, W), 0 on paper, else the number of the mark, from 1.
    """
    found = []
    for number, place in enumerate(ndimage.find_objects(marks), start=1):
        if place is None or min(side.stop - side.start for side in place) < SMALLEST:
            continue
        area = marks[place]
        own = area == number
        y, x = (max(2, round(EDGE * side)) for side in own.shape)
        sides = own[:y].any(axis=0), own[-y:].any(axis=0), own[:, :x].any(axis=1), own[:, -x:].any(axis=1)
        inside = area[y:-y, x:-x]
        written = np.count_nonzero(inside) - np.count_nonzero(inside == number)
        if (
            min(np.mean(side) for side in sides) > CLOSED
            and np.count_nonzero(inside == number) < STRAY * np.count_nonzero(own)
            and written > WRITTEN * inside.size
        ):
            found.append(number)
    return found


def _without_level(density: np.ndarray, threshold: float) -> np.ndarray:
    inked = density > threshold
    if min(inked.shape) < SMALLEST:
        return density
    if min(_runs(inked[:, 0]), _runs(inked[:, -1])) < FEWEST:  # a ruling leaves the picture on both sides
        return density
    lines = _lines(inked)
    if lines is None:
        return density
    blurred = np.logical_and(ndimage.binary_dilation(lines, np.ones((3, 1), bool), iterations=2), density > 0)
    left = np.where(blurred, 0, density)
    reach = 2 * int(blurred.sum(axis=0).max()) + 1
    bridged = ndimage.binary_closing(np.pad(left > threshold, ((reach, reach), (0, 0))), np.ones((reach, 1), bool))
    return np.where(np.logical_and(blurred, bridged[reach:-reach]), 1, left).astype(density.dtype)


def _lines(inked: np.ndarray) -> np.ndarray | None:
    """Pixels of the lines that run from side to side, bool (H, W); None of less than FEWEST lines."""
    height, width = inked.shape
    thickest = max(3, round(THICKEST * height))
    # Runs of ink, no thicker than a line: one that is not level is a stair of them. Strokes across it part it.
    thin = _opened(inked, max(4, min(width // 12, SLOPE)), axis=1) & ~_opened(inked, thickest + 1, axis=0)
    linked = ndimage.binary_dilation(~_opened(~thin, width // 3, axis=1), ACROSS)
    marks, _ = cast(tuple[np.ndarray, int], ndimage.label(linked, ACROSS))
    lines = np.zeros(inked.shape, bool)
    found = 0
    for number, place in enumerate(ndimage.find_objects(marks), start=1):
        if place is None or place[1].stop - place[1].start < SPAN * width:
            continue
        line = (marks[place] == number) & thin[place]
        thickness = line.sum(axis=0)
        if np.count_nonzero(thickness) < SEEN * width:
            continue
        lines[place] |= line & _course(line, thickness, float(np.median(thickness[thickness > 0])))
        found += 1
    return lines if found >= FEWEST else None


def _opened(pixels: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Runs of True of at least that length along an axis, bool (H, W); what lies beyond the rim is as the rim."""
    kept = ndimage.minimum_filter1d(pixels.view(np.uint8), length, axis=axis, mode="nearest")
    even = -1 if length % 2 == 0 else 0  # the second filter looks the other way
    return ndimage.maximum_filter1d(kept, length, axis=axis, mode="nearest", origin=even).view(bool)


def _course(line: np.ndarray, thickness: np.ndarray, usual: float) -> np.ndarray:
    """Where a line goes, bool (h, w): strokes that run along it for a while are not all of it."""
    rows, columns = np.arange(len(line))[:, None], np.arange(line.shape[1])
    alone = (thickness > 0) & (thickness <= usual + 1)
    middle = (line * rows).sum(axis=0)[alone] / thickness[alone]
    return abs(rows - np.interp(columns, columns[alone], middle)) <= usual / 2 + 0.5


def _runs(line: np.ndarray) -> int:
    """How many runs of True there are."""
    return int(line[0]) + int(np.count_nonzero(line[1:] & ~line[:-1]))
