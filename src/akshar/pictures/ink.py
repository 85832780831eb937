"""Grey values -> ink: which of two tones is paper, light that falls unevenly, noise, specks, the pen's width."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from PIL import Image
from scipy import ndimage

from akshar.pictures.rules import boxes, without_rules

INKED = 0.35  # share of the way from paper to ink at which a pixel belongs to a mark
LARGE = 0.1  # share of the largest mark's area above which marks tell the pen's width: specks do not
DOTTED = 100  # marks above which strokes are taken to be pierced and ragged as paper is dotted
FAINT = 0.08  # less contrast than this is paper's own grain
QUIET = 0.08  # standard deviation of grain, share of the contrast, that may stay
TWO_TONES = 0.9  # share of the variance explained by two tones above which the light is even
THUMBNAIL = 64  # pixels a side, on which the light is measured
_LEVELS = np.arange(256) / 255
EIGHT = np.ones((3, 3), bool)  # neighbours, also across a corner


@dataclass(frozen=True)
class Ink:
    """The marks of a picture.

    Attributes:
        density: float32 [0, 1] (H, W), 0 on paper, 1 in ink; specks are gone.
        marks: int32 (H, W), 0 on paper, else the number of the mark, from 1.
        pen: width of the strokes, pixels.
    """

    density: np.ndarray
    marks: np.ndarray
    pen: float


def find_ink(grey: np.ndarray) -> Ink | None:
    """The marks on a picture, whichever of its two tones is the lighter.

    Args:
        grey: float32 [0, 1] (H, W).

    Returns:
        None where nothing is drawn.
    """
    density = _density(grey)
    if density is None:
        return None
    density = without_rules(density, INKED)
    marks, count = cast(tuple[np.ndarray, int], ndimage.label(density > INKED, EIGHT))
    if not count:
        return None
    if count > 1:
        for box in boxes(marks):
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
    pen = _pen_width(strokes)
    # A pen leaves no mark smaller than its own dot: what is, is dust or noise.
    specks = areas < 0.3 * pen**2
    if specks[1:].all():
        return None
    if specks[1:].any():
        specks[0] = False
        speck = specks[marks]
        grown = ndimage.binary_dilation(speck, EIGHT)  # with the blur around them
        keep = ndimage.binary_dilation(inked & ~speck, EIGHT)
        density = np.where(np.logical_and(grown, np.logical_not(keep)), 0, density)
        marks = np.where(speck, 0, marks)
    return Ink(density.astype(np.float32), marks, pen)


def _density(grey: np.ndarray) -> np.ndarray | None:
    """0 on paper to 1 in ink; None without contrast."""
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
    """How much a part of a picture looks like paper, [-0.5, 0.5].

    Paper is what the rim shows and what there is more of; either alone errs on characters that fill the picture.
    """
    rim = sum(int(np.count_nonzero(side)) for side in (paper[0], paper[-1], paper[:, 0], paper[:, -1]))
    return (rim / (2 * sum(paper.shape)) + np.count_nonzero(paper) / paper.size - 1) / 2


def _without_noise(grey: np.ndarray) -> np.ndarray:
    """Smoothed as far as the grain of paper and sensor asks for; not at all without grain."""
    steps = np.abs(np.diff(grey, axis=1))
    noise = 1.48 * float(np.median(steps)) / np.sqrt(2) if steps.size else 0.0
    contrast = float(np.subtract(*np.percentile(grey, [95, 5]))) if noise > QUIET else 1.0
    # The deviation of a Gaussian that leaves QUIET of white noise.
    needed = noise / max(contrast, FAINT) / (QUIET * 2 * np.sqrt(np.pi))
    return grey if needed < 0.3 else ndimage.gaussian_filter(grey, min(needed, 3.0))


def _scaled(tones: np.ndarray, paper: np.ndarray) -> np.ndarray | None:
    """0 on paper to 1 in ink, of dark ink on light paper; noise of the paper itself is cut off."""
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
    """Dark ink on light paper as it would be if the light on the paper were even.

    The paper is what is left when marks narrower than a quarter of the picture are filled with what is around them
    (a morphological closing), on a thumbnail.
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


def _pen_width(inked: np.ndarray) -> float:
    """Twice the area over the outline's length."""
    padded = np.pad(inked, 1)
    edges = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    # Pixel edges are longer than a smooth outline of any direction, by 4 / pi on average.
    return float(2 * inked.sum() / max(edges * np.pi / 4, 1))


def _otsu(grey: np.ndarray) -> tuple[float, float]:
    """The threshold that parts two tones best (Otsu, IEEE SMC 1979), and the share of the variance it explains."""
    counts = np.bincount((grey * 255 + 0.5).astype(np.uint8).ravel(), minlength=256).astype(np.float64)
    total = counts.sum()
    weights = counts * _LEVELS
    below, sums = counts.cumsum(), weights.cumsum()
    mean = sums[-1] / total
    # Between-class variance times total squared, with no division by an empty class.
    between = (mean * below - sums) ** 2 / np.maximum(below * (total - below), 0.5)
    best = np.flatnonzero(between == between.max())
    variance = float(weights @ _LEVELS) / total - mean**2
    return float(_LEVELS[best].mean() + 0.5 / 255), float(between.max() / max(variance, 1e-12))
