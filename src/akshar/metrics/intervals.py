"""Confidence intervals of proportions."""

import numpy as np
from numpy.typing import ArrayLike

Z95 = 1.959963984540054  # 97.5 % quantile of the standard normal distribution


def wilson_interval(correct: int, total: int) -> tuple[float, float]:
    """Wilson score interval, 95 %, of the proportion correct / total (Wilson, JASA 22, 1927).

    Args:
        correct: number of successes, 0 to `total`.
        total: number of trials, from 1.

    Returns:
        Lower and upper bound, within [0, 1].

    >>> tuple(round(bound, 4) for bound in wilson_interval(13709, 13800))
    (0.9919, 0.9946)
    """
    low, high = wilson_bounds(correct, total).tolist()
    return low, high


def wilson_bounds(correct: ArrayLike, total: ArrayLike) -> np.ndarray:
    """Wilson score intervals, 95 %, of many proportions at once.

    Args:
        correct: numbers of successes, shape (...).
        total: numbers of trials, from 1, shape (...).

    Returns:
        float64 (..., 2): lower and upper bounds, within [0, 1].
    """
    # Not scipy.stats.binomtest: it takes one proportion at a time, 0.2 ms each, and plots need thousands.
    correct, total = np.asarray(correct, dtype=np.float64), np.asarray(total, dtype=np.float64)
    share, spread = correct / total, Z95**2 / total
    centre = share + spread / 2
    half = Z95 * np.sqrt(share * (1 - share) / total + spread / (4 * total))
    bounds = np.stack([centre - half, centre + half], axis=-1) / (1 + spread)[..., None]
    return bounds.clip(0.0, 1.0)
