"""Recognises what is printed on paper: lines of ruled and squared paper, one under a row, the boxes of forms."""

from typing import cast

import numpy as np
from scipy import ndimage

FEWEST = 2  # lines of a ruling; a single one may be a character's headline
SPAN = 0.9  # least length of a line, share of the picture
SEEN = 0.4  # least part of a line that strokes leave visible, share of the picture
THICKEST = 0.04  # greatest thickness of a line, share of the picture's other side; at least 3 pixels
SLOPE = 40  # pixels between the steps of a line that is not quite level
SMALLEST = 16  # least side of a picture with lines, and of a box, pixels
EDGE = 0.08  # share of a box's side that contains its line, also if it is drawn slightly askew
CLOSED = 0.9  # share of each side that a box's line covers; a ring covers half
STRAY = 0.02  # share of a box's line that may extend inside
WRITTEN = 0.01  # least share of a box's inside with ink on it
UNDER = 0.1  # greatest share of a row's ink that extends below its line
ALONE = 0.6  # least part of the line under a row that is seen; the lower ends of its characters are broken
ACROSS = np.ones((3, 3), bool)  # neighbours, also across a corner


def without_ruling(density: np.ndarray, inked: float) -> np.ndarray:
    """Remove the lines of ruled or squared paper, and closes the gaps they leave in strokes.

    Args:
        density: float (H, W), 0 on paper, 1 in ink.
        inked: density above which a pixel belongs to a mark.

    Returns:
        The same values if there are no such lines.
    """
    for turned in (False, True):
        level = density.T if turned else density
        cleared = _without_level(level, inked)
        density = cleared.T if turned else cleared
    return density


def without_underline(density: np.ndarray, inked: float) -> np.ndarray:
    """Remove a line under a whole row of characters, as forms have it; see `without_ruling`."""
    marks = density > inked
    spans = [np.flatnonzero(marks.any(axis)) for axis in (1, 0)]
    if min(len(span) for span in spans) < SMALLEST:
        return density
    area = tuple(slice(int(span[0]), int(span[-1]) + 1) for span in spans)
    row = marks[area]
    under = np.zeros(marks.shape, bool)
    for place, line in _lines(row):
        above, below = (np.count_nonzero(half) for half in (row[: place[0].start], row[place[0].stop :]))
        if below <= UNDER * above and np.mean(line.any(axis=0)) > ALONE:
            under[area][place] |= line
    return _cleared(density, under, inked)


def find_boxes(marks: np.ndarray) -> list[int]:
    """Numbers of the marks that are boxes around other marks.

    Args:
        marks: int (H, W), 0 on paper, else the number of the mark, from 1.
    """
    numbers = []
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
            numbers.append(number)
    return numbers


def _without_level(density: np.ndarray, threshold: float) -> np.ndarray:
    inked = density > threshold
    if min(inked.shape) < SMALLEST:
        return density
    if min(_runs(inked[:, 0]), _runs(inked[:, -1])) < FEWEST:  # a ruling reaches both sides
        return density
    found = _lines(inked)
    if len(found) < FEWEST:
        return density
    lines = np.zeros(inked.shape, bool)
    for place, line in found:
        lines[place] |= line
    return _cleared(density, lines, threshold)


def _cleared(density: np.ndarray, lines: np.ndarray, threshold: float) -> np.ndarray:
    """Remove the pixels of lines and their blur, and close the gaps that they leave in strokes."""
    if not lines.any():
        return density
    blurred = np.logical_and(ndimage.binary_dilation(lines, np.ones((3, 1), bool), iterations=2), density > 0)
    left = np.where(blurred, 0, density)
    reach = 2 * int(blurred.sum(axis=0).max()) + 1
    bridged = ndimage.binary_closing(np.pad(left > threshold, ((reach, reach), (0, 0))), np.ones((reach, 1), bool))
    return np.where(np.logical_and(blurred, bridged[reach:-reach]), 1, left).astype(density.dtype)


def _lines(inked: np.ndarray) -> list[tuple[tuple[slice, slice], np.ndarray]]:
    """Find the lines that run from side to side of a picture, bool (H, W): where each is, and its pixels there."""
    height, width = inked.shape
    thickest = max(3, round(THICKEST * height))
    # Runs of ink no thicker than a line. A line that is not level is a staircase of runs; strokes interrupt it.
    thin = _opened(inked, max(4, min(width // 12, SLOPE)), axis=1) & ~_opened(inked, thickest + 1, axis=0)
    linked = ndimage.binary_dilation(~_opened(~thin, width // 3, axis=1), ACROSS)
    marks, _ = cast(tuple[np.ndarray, int], ndimage.label(linked, ACROSS))
    lines = []
    for number, place in enumerate(ndimage.find_objects(marks), start=1):
        if place is None or place[1].stop - place[1].start < SPAN * width:
            continue
        line = (marks[place] == number) & thin[place]
        thickness = line.sum(axis=0)
        if np.count_nonzero(thickness) < SEEN * width:
            continue
        lines.append((place, line & _course(line, thickness, float(np.median(thickness[thickness > 0])))))
    return lines


def _opened(pixels: np.ndarray, length: int, axis: int) -> np.ndarray:
    """Run of True of at least `length` along an axis, bool (H, W); the rim continues outwards."""
    kept = ndimage.minimum_filter1d(pixels.view(np.uint8), length, axis=axis, mode="nearest")
    even = -1 if length % 2 == 0 else 0  # the second filter is mirrored
    return ndimage.maximum_filter1d(kept, length, axis=axis, mode="nearest", origin=even).view(bool)


def _course(line: np.ndarray, thickness: np.ndarray, usual: float) -> np.ndarray:
    """Pixels near the course of a line, bool (h, w), without strokes that run along it for a while."""
    rows, columns = np.arange(len(line))[:, None], np.arange(line.shape[1])
    alone = (thickness > 0) & (thickness <= usual + 1)
    middle = (line * rows).sum(axis=0)[alone] / thickness[alone]
    return abs(rows - np.interp(columns, columns[alone], middle)) <= usual / 2 + 0.5


def _runs(line: np.ndarray) -> int:
    """Number of runs of True."""
    return int(line[0]) + int(np.count_nonzero(line[1:] & ~line[:-1]))
