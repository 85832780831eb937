"""Selective prediction: accuracy when the least confident predictions are rejected."""

import numpy as np

from akshar.metrics.calibration import share_ties


def coverage_curve(confidence: np.ndarray, correct: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Accuracy of the k most confident predictions for each k from 1 to N (El-Yaniv and Wiener, JMLR 2010).

    Predictions of equal confidence share their accuracy (see `share_ties`).

    Args:
        confidence: float (N,), of the predicted classes.
        correct: bool (N,), whether each prediction is correct.

    Returns:
        Coverage k / N, float64 (N,), rising to 1; and the accuracy at that coverage, float64 (N,).

    >>> coverage_curve(np.array([0.9, 0.6, 0.8]), np.array([True, False, True]))[1].round(2).tolist()
    [1.0, 1.0, 0.67]
    """
    order = np.argsort(-np.asarray(confidence), kind="stable")
    kept = np.arange(1, len(order) + 1)
    accuracy = np.cumsum(share_ties(confidence, correct)[order]) / kept
    return kept / len(order), np.minimum(accuracy, 1.0)  # rounding of shared thirds may exceed 1


def coverage_at(confidence: np.ndarray, correct: np.ndarray, target: float) -> float | None:
    """Largest coverage at which the accuracy reaches `target`; None if it never does.

    The threshold is chosen on the images it is reported for, so new images may do slightly worse.
    """
    coverage, accuracy = coverage_curve(confidence, correct)
    reached = np.flatnonzero(accuracy >= target - 1e-12)
    return float(coverage[reached[-1]]) if len(reached) else None
