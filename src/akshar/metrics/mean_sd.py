"""Mean and standard deviation of a metric over runs."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class MeanSd:
    """Mean and sample standard deviation of a metric.

    Attributes:
        mean: over the runs.
        sd: sample standard deviation (n - 1); None for a single run.
    """

    mean: float
    sd: float | None

    @staticmethod
    def of(values: Sequence[float]) -> "MeanSd | None":
        """Summarise one value per run; None for no values.

        >>> MeanSd.of([1.0, 3.0]), MeanSd.of([1.0]), MeanSd.of([])
        (MeanSd(mean=2.0, sd=1.4142135623730951), MeanSd(mean=1.0, sd=None), None)
        """
        if not values:
            return None
        with np.errstate(all="ignore"):  # of NaN and infinity the mean is NaN or infinite, without a warning
            return MeanSd(float(np.mean(values)), float(np.std(values, ddof=1)) if len(values) > 1 else None)
