"""Finds ink in grey values: separates ink from paper, evens out the light, removes noise and specks."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image
from scipy import ndimage

from akshar.pictures.ruling import find_boxes, without_ruling, without_underline

INKED = 0.35  # share of the way from paper to ink at which a pixel belongs to a mark
LARGE = 0.1  # marks above this share of the largest mark's area are used to measure the pen; specks are not
DOTTED = 100  # number of marks above which the picture counts as dotted, and strokes as ragged
FAINT = 0.08  # contrast below this is grain of the paper
QUIET = 0.08  # standard deviation of the noise that smoothing leaves, share of the contrast
TWO_TONES = 0.9  # if two tones explain more of the variance than this share, the light is even
THUMBNAIL = 64  # pixels a side of the thumbnail that the light is measured on
_LEVELS = np.arange(256) / 255
EIGHT = np.ones((3, 3), bool)  # neighbours, also across a corner


@dataclass(frozen=True)
class Ink:
    """The marks on a picture.

    Attributes:
        density: float32 [0, 1] (H, W), 0 on paper, 1 in ink; without specks.
        marks: int32 (H, W), 0 on paper, else the number of the mark, from 1.
        pen: width of the strokes, pixels.
    """

    density: np.ndarray
    marks: np.ndarray
    pen: float


def find_ink(grey: np.ndarray, in_row: bool = False) -> Ink | None:
    """Find the marks on a picture, dark on light or light on dark.

    Args:
        grey: float32 [0, 1] (H, W).
        in_row: whether characters stand beside each other, so that a line under all of them is no part of one.

    Returns:
        None if nothing is drawn.
    """
    density = _density(grey)
    if density is None:
        return None
    density = without_ruling(density, INKED)
    if in_row:
        density = without_underline(density, INKED)
    marks, count = cast(tuple[np.ndarray, int], ndimage.label(density > INKED, EIGHT))
    if not count:
        return None
    if count > 1:
        for box in find_boxes(marks):
            density = np.where(ndimage.binary_dilation(marks == box, EIGHT), 0, density)
            marks[marks == box] = 0
    inked = marks > 0
    areas = np.bincount(marks.ravel(), minlength=count + 1)
    areas[0] = 0  # paper
    large = areas > LARGE * areas.max()
    strokes = inked if large[1:].all() else large[marks]
    if count > DOTTED:
        smooth = ndimage.uniform_filter(strokes.astype(np.float32), 3) > 0.5
        strokes = smooth if smooth.any() else strokes
    pen = pen_width(strokes)
    # Marks smaller than a dot of the pen are dust or noise.
    specks = areas < 0.3 * pen**2
    if specks[1:].all():
        return None
    if specks[1:].any():
        specks[0] = False
        speck = specks[marks]
        grown = ndimage.binary_dilation(speck, EIGHT)  # includes the blur around them
        keep = ndimage.binary_dilation(inked & ~speck, EIGHT)
        density = np.where(np.logical_and(grown, np.logical_not(keep)), 0, density)
        marks = np.where(speck, 0, marks)
    elif count <= DOTTED:  # small marks on a clean picture are the pen's too: dots and colons
        pen = pen_width(inked)
    return Ink(density.astype(np.float32), marks, pen)


def _density(grey: np.ndarray) -> np.ndarray | None:
    """Values from 0 on paper to 1 in ink; None without contrast."""
    grey = _without_noise(grey)
    threshold, separation = _otsu(grey)
    light = grey > threshold
    best, best_score = (grey, light), -np.inf
    for tones, paper in ((grey, light), (1 - grey, ~light)):  # dark on light, then light on dark
        score = separation + _as_paper(paper)
        if score > best_score:
            best, best_score = (tones, paper), score
        if separation < TWO_TONES:
            even = _evenly_lit(tones)
            threshold, even_separation = _otsu(even)
            score = even_separation - 0.02 + _as_paper(even > threshold)
            if score > best_score:
                best, best_score = (even, even > threshold), score
    return _scaled(*best)


def _as_paper(paper: np.ndarray) -> float:
    """Score for how much a part of a picture looks like paper, [-0.5, 0.5].

    Paper covers most of the rim and most of the picture; each criterion alone fails on characters that fill it.
    """
    rim = sum(int(np.count_nonzero(side)) for side in (paper[0], paper[-1], paper[:, 0], paper[:, -1]))
    return (rim / (2 * sum(paper.shape)) + np.count_nonzero(paper) / paper.size - 1) / 2


def _without_noise(grey: np.ndarray) -> np.ndarray:
    """Smooth noise of paper and sensor as far as needed; leave a picture without noise unchanged."""
    steps = np.abs(np.diff(grey, axis=1))
    noise = 1.48 * float(np.median(steps)) / np.sqrt(2) if steps.size else 0.0
    contrast = float(np.subtract(*np.percentile(grey, [95, 5]))) if noise > QUIET else 1.0
    # Deviation of a Gaussian that reduces white noise to QUIET.
    needed = noise / max(contrast, FAINT) / (QUIET * 2 * np.sqrt(np.pi))
    return grey if needed < 0.3 else ndimage.gaussian_filter(grey, min(needed, 3.0))


def _scaled(tones: np.ndarray, paper: np.ndarray) -> np.ndarray | None:
    """Scale dark ink on light paper to 0 on paper and 1 in ink, and cuts off the noise of the paper."""
    if paper.all() or not paper.any():
        return None
    white, black = float(np.median(tones[paper])), float(np.median(tones[~paper]))
    if white - black < FAINT:
        return None
    density = (white - tones) / (white - black)
    noise = 1.48 * float(np.median(np.abs(density[paper])))  # standard deviation, from the median deviation
    floor = min(2 * noise, 0.3)
    return np.clip((density - floor) / (1 - floor), 0, 1)


def _evenly_lit(tones: np.ndarray) -> np.ndarray:
    """Divide dark ink on light paper by the light on the paper.

    The light is measured on a thumbnail in which a morphological closing fills marks narrower than a quarter of the
    picture with the tones around them.
    """
    height, width = tones.shape
    small = Image.fromarray(tones).resize(
        (min(width, THUMBNAIL), min(height, THUMBNAIL)), Image.Resampling.BOX, reducing_gap=None
    )
    reach = max(3, min(small.size) // 4)
    paper = ndimage.grey_closing(np.asarray(small), (reach, reach), mode="nearest")
    paper = ndimage.gaussian_filter(paper, 1.2, mode="nearest")
    light = np.asarray(Image.fromarray(paper).resize((width, height), Image.Resampling.BILINEAR))
    return np.clip(tones / np.maximum(light, FAINT), 0, 1)


def pen_width(inked: np.ndarray) -> float:
    """Estimate a pen's width in pixels: twice the inked area, bool (H, W), divided by the length of its outline."""
    padded = np.pad(inked, 1)
    edges = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    # Pixel edges are longer than a smooth outline, by 4 / pi on average over all directions.
    return float(2 * inked.sum() / max(edges * np.pi / 4, 1))


def _otsu(grey: np.ndarray) -> tuple[float, float]:
    """Threshold that separates two tones best (Otsu, IEEE SMC 1979), and the share of the variance it explains."""
    counts = np.bincount((grey * 255 + 0.5).astype(np.uint8).ravel(), minlength=256).astype(np.float64)
    total = counts.sum()
    weights = counts * _LEVELS
    below, sums = counts.cumsum(), weights.cumsum()
    mean = sums[-1] / total
    # Between-class variance times total squared, without dividing by the size of an empty class.
    between = (mean * below - sums) ** 2 / np.maximum(below * (total - below), 0.5)
    best = np.flatnonzero(between == between.max())
    variance = float(weights @ _LEVELS) / total - mean**2
    return float(_LEVELS[best].mean() + 0.5 / 255), float(between.max() / max(variance, 1e-12))
