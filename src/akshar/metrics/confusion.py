"""Confusion counts, and the recall, precision and F1 of each class."""

from typing import NamedTuple

import numpy as np


class ClassRates(NamedTuple):
    """Counts and rates of K classes.

    Attributes:
        total: int64 (K,), images of each class.
        correct: int64 (K,), images of each class that were predicted correctly.
        recall: float64 (K,), correct / total; 0 where the class has no images.
        precision: float64 (K,), correct / number of predictions of the class; 0 where it was never predicted.
        f1: float64 (K,), harmonic mean of recall and precision; 0 where both are 0.
    """

    total: np.ndarray
    correct: np.ndarray
    recall: np.ndarray
    precision: np.ndarray
    f1: np.ndarray


def confusion_counts(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Count how often each class was predicted as each other.

    Args:
        labels: int (N,), true classes.
        predicted: int (N,), predicted classes.
        classes: number of classes K.

    Returns:
        int64 (K, K): rows are true classes, columns are predicted ones.

    >>> confusion_counts(np.array([0, 0, 1]), np.array([0, 1, 1]), 2).tolist()
    [[1, 1], [0, 1]]
    """
    return np.bincount(labels * classes + predicted, minlength=classes * classes).reshape(classes, classes)


def rates_by_class(counts: np.ndarray) -> ClassRates:
    """Compute recall, precision and F1 of each class from its confusion counts, int (K, K)."""
    correct, total, predicted = counts.diagonal(), counts.sum(1), counts.sum(0)
    return ClassRates(
        total=total,
        correct=correct,
        recall=_ratio(correct, total),
        precision=_ratio(correct, predicted),
        f1=_ratio(2 * correct, total + predicted),
    )


def macro_average(rate: np.ndarray, total: np.ndarray) -> float:
    """Mean of a rate over the classes that have images.

    Args:
        rate: float (K,).
        total: int (K,), images of each class; at least one is above 0.

    >>> macro_average(np.array([0.5, 1.0, 0.0]), np.array([10, 20, 0]))
    0.75
    """
    return float(rate[total > 0].mean())


def _ratio(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """Divide element by element; 0 where the divisor is 0."""
    return np.divide(part, whole, out=np.zeros(len(part)), where=whole > 0)
