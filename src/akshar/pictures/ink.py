"""Grey values -> ink: which of two tones is paper, light that falls unevenly, noise, specks, the pen's width."""

from dataclasses import dataclass
from typing import cast

import numpy as np
from scipy import ndimage

INKED = 0.35  # share of the way from paper to ink at which a pixel belongs to a mark
FAINT = 0.08  # less contrast than this is paper's own grain
SHADED = 0.06  # paper whose light varies by less is taken as even
THUMBNAIL = 64  # pixels a side, on which the light is measured
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
    marks, count = cast(tuple[np.ndarray, int], ndimage.label(density > INKED, EIGHT))
    if not count:
        return None
    inked = marks > 0
    pen = _pen_width(inked)
    # A pen leaves no mark smaller than its own dot: what is, is dust or noise.
    areas = np.bincount(marks.ravel(), minlength=count + 1)
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
    threshold, separation = _otsu(grey)
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    # Paper is what the rim shows and what there is more of; either alone errs on characters that fill the picture.
    light_paper = (rim > threshold).mean() + (grey > threshold).mean() > 1
    tones = grey if light_paper else 1 - grey
    even = _evenly_lit(tones)
    if even is not None:
        even_threshold, even_separation = _otsu(even)
        if even_separation > separation + 0.02:
            return _scaled(even, even_threshold)
    return _scaled(tones, threshold if light_paper else 1 - threshold)


def _scaled(tones: np.ndarray, threshold: float) -> np.ndarray | None:
    """0 on paper to 1 in ink, of dark ink on light paper; noise of the paper itself is cut off."""
    inked = tones < threshold
    if not inked.any() or inked.all():
        return None
    paper, ink = float(np.median(tones[~inked])), float(np.median(tones[inked]))
    if paper - ink < FAINT:
        return None
    density = (paper - tones) / (paper - ink)
    noise = 1.48 * float(np.median(np.abs(density[~inked])))  # standard deviation, from the median deviation
    floor = min(2 * noise, 0.3)
    return np.clip((density - floor) / (1 - floor), 0, 1)


def _evenly_lit(tones: np.ndarray) -> np.ndarray | None:
    """Tones as they would be if the light on light paper were even; None where it is."""
    height, width = tones.shape
    steps = max(1, -(-height // THUMBNAIL)), max(1, -(-width // THUMBNAIL))
    small = tones[: height // steps[0] * steps[0], : width // steps[1] * steps[1]]
    small = small.reshape(height // steps[0], steps[0], width // steps[1], steps[1]).mean((1, 3))
    if min(small.shape) < 8:
        return None
    design = _quadratic(*small.shape)
    values = small.ravel()
    kept = np.ones(len(values), bool)
    weights = np.zeros(design.shape[1])
    for _ in range(6):  # ink is darker than the paper around it and is left out step by step
        weights, *_ = np.linalg.lstsq(design[kept], values[kept], rcond=None)
        rest = values - design @ weights
        deviation = 1.48 * np.median(np.abs(rest[kept])) + 0.005
        kept = (rest > -1.5 * deviation) & (rest < 4 * deviation)
        if kept.sum() < 40:
            return None
    light = design @ weights
    if np.ptp(light) < SHADED or light.min() < 0.05:
        return None
    return np.clip(tones / (_quadratic(height, width) @ weights).reshape(tones.shape), 0, 1.2) / 1.2


def _quadratic(height: int, width: int) -> np.ndarray:
    y, x = np.meshgrid(np.linspace(-1, 1, height), np.linspace(-1, 1, width), indexing="ij")
    return np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], -1).reshape(-1, 6).astype(np.float32)


def _pen_width(inked: np.ndarray) -> float:
    """Twice the area over the outline's length."""
    padded = np.pad(inked, 1)
    edges = (padded[1:] != padded[:-1]).sum() + (padded[:, 1:] != padded[:, :-1]).sum()
    # Pixel edges are longer than a smooth outline of any direction, by 4 / pi on average.
    return float(2 * inked.sum() / max(edges * np.pi / 4, 1))


def _otsu(grey: np.ndarray) -> tuple[float, float]:
    """The threshold that parts two tones best (Otsu, IEEE SMC 1979), and the share of the variance it explains."""
    counts = np.bincount(np.clip(grey * 255 + 0.5, 0, 255).astype(np.uint8).ravel(), minlength=256).astype(
        np.float64
    )
    levels = np.arange(256) / 255
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * levels).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2 / below[-1] ** 2
    between = np.nan_to_num(between)
    best = np.flatnonzero(between == between.max())
    variance = (counts * levels**2).sum() / below[-1] - (sums[-1] / below[-1]) ** 2
    return float(levels[best].mean() + 0.5 / 255), float(between.max() / max(variance, 1e-12))
