"""Calibration: probabilities, the temperature that calibrates them, and how far confidence and accuracy differ."""

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from akshar.metrics.accuracy import cross_entropy
from akshar.metrics.intervals import wilson_bounds

BINS = 15  # as in Guo et al., ICML 2017


def softmax(logits: np.ndarray, temperature: float = 1.0) -> np.ndarray:
    """Probabilities of (N, K) logits divided by a temperature; float64 (N, K), each row sums to 1."""
    from scipy.special import softmax as scipy_softmax  # takes a quarter of a second

    return scipy_softmax(logits.astype(np.float64) / temperature, axis=1)


def fit_temperature(logits: np.ndarray, labels: np.ndarray) -> float:
    """Find the T > 0 for which softmax(logits / T) has the lowest cross-entropy (Guo et al., ICML 2017).

    The cross-entropy is convex in 1/T and so has one minimum; it is searched for log T in [-3, 3].

    Args:
        logits: float (N, K).
        labels: int (N,), true classes.
    """
    from scipy.optimize import minimize_scalar  # takes half a second

    logits = logits.astype(np.float64)
    found = minimize_scalar(
        lambda log_temperature: cross_entropy(logits, labels, math.exp(log_temperature)),
        bounds=(-3, 3),
        method="bounded",
        options={"xatol": 1e-8},
    )
    return math.exp(found.x)


@dataclass(frozen=True)
class Bins:
    """Images binned by confidence: B bins of nearly equal size, in ascending order of confidence.

    Attributes:
        size: int (B,), number of images.
        confidence: float (B,), mean confidence, [0, 1].
        accuracy: float (B,), [0, 1].
    """

    size: np.ndarray
    confidence: np.ndarray
    accuracy: np.ndarray

    @cached_property
    def bounds(self) -> np.ndarray:
        """Float (B, 2): 95 % Wilson intervals of the accuracy."""
        return wilson_bounds(np.round(self.size * self.accuracy), self.size)


def equal_bins(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> Bins:
    """Sort images into bins of equal mass.

    Images of equal confidence share their accuracy (see `share_ties`).

    Args:
        confidence: float (N,), of the predicted classes, [0, 1]; N from 1.
        correct: bool (N,), whether each prediction is correct.
        bins: number of bins; at most N are made.

    Raises:
        ValueError: N is 0.
    """
    if not len(confidence):
        raise ValueError("calibration: there are no images")
    confidence, shared = np.asarray(confidence, dtype=np.float64), share_ties(confidence, correct)
    parts = np.array_split(np.argsort(confidence, kind="stable"), min(bins, len(confidence)))
    return Bins(
        np.array([len(part) for part in parts]),
        np.array([confidence[part].mean() for part in parts]),
        np.array([shared[part].mean() for part in parts]),
    )


def calibration_error(confidence: np.ndarray, correct: np.ndarray, bins: int = BINS) -> float:
    """Expected calibration error: the mean distance of accuracy and confidence.

    The mean over bins, weighted by size, of |accuracy - mean confidence| (Guo et al., On Calibration of Modern
    Neural Networks, ICML 2017), with bins of equal mass instead of equal width (Nixon et al., Measuring
    Calibration in Deep Learning, CVPR Workshops 2019): an accurate network puts nearly all its predictions into
    the last bin of equal width. The estimate is biased upwards where bins hold few images.

    Args:
        confidence: float (N,), of the predicted classes, [0, 1].
        correct: bool (N,), whether each prediction is correct.
        bins: number of bins.

    Returns:
        [0, 1]; 0 is perfect calibration.

    >>> calibration_error(np.array([0.75, 0.75, 0.75, 0.75]), np.array([True, True, False, True]), bins=1)
    0.0
    """
    binned = equal_bins(confidence, correct, bins)
    return float(np.average(np.abs(binned.accuracy - binned.confidence), weights=binned.size))


def share_ties(confidence: np.ndarray, correct: np.ndarray) -> np.ndarray:
    """Replace the correctness (0 or 1) of images of equal confidence by its mean over them; float64 (N,).

    This makes bins and curves independent of the order of images with equal confidence.

    >>> share_ties(np.array([0.9, 0.5, 0.5]), np.array([True, True, False])).tolist()
    [1.0, 0.5, 0.5]
    """
    _, tied = np.unique(confidence, return_inverse=True)
    return (np.bincount(tied, correct) / np.bincount(tied))[tied]
