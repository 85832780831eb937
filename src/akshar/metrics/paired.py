"""Comparison of two networks on the same images: the paired difference in accuracy and its significance.

Two accuracies whose intervals overlap can still differ significantly when most errors are common to both networks,
so the comparison is made image by image. It is about two given networks; how much the results of a recipe vary
from seed to seed can be estimated only from several seeds.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

from akshar.metrics.intervals import Z95

LEVEL = 0.05  # significance level


@dataclass(frozen=True)
class Pair:
    """Number of images that each of two networks predicts correctly.

    Attributes:
        both_right: images that both predict correctly.
        only_first: images that only the first predicts correctly.
        only_other: images that only the second predicts correctly.
        both_wrong: images that neither predicts correctly.
    """

    both_right: int
    only_first: int
    only_other: int
    both_wrong: int

    @property
    def total(self) -> int:
        """Number of images."""
        return self.both_right + self.only_first + self.only_other + self.both_wrong

    @property
    def difference(self) -> float:
        """Accuracy of the second minus accuracy of the first, [-1, 1]."""
        return (self.only_other - self.only_first) / self.total

    @property
    def interval_95(self) -> tuple[float, float]:
        """95 % interval of `difference`, [-1, 1]; see `tango_interval`."""
        return tango_interval(self.only_other, self.only_first, self.total)

    @property
    def p(self) -> float:
        """P-value of McNemar's exact test; see `mcnemar`."""
        return mcnemar(self.only_first, self.only_other)

    def record(self) -> dict[str, int]:
        """All counts as plain values, for JSON."""
        right = {
            "first_right": self.both_right + self.only_first,
            "other_right": self.both_right + self.only_other,
        }
        return {"total": self.total, **right, **asdict(self)}


def pair(first_right: np.ndarray, other_right: np.ndarray) -> Pair:
    """Count the images that two networks predict correctly.

    Args:
        first_right: bool (N,), N from 1: whether the first network predicts each image correctly.
        other_right: bool (N,): the same of the second network, in the same order.

    Raises:
        ValueError: the shapes differ, or there are no images.
    """
    if first_right.shape != other_right.shape or first_right.ndim != 1 or not len(first_right):
        raise ValueError(f"not the same images: {first_right.shape} and {other_right.shape}")
    cells = np.bincount(2 * ~first_right + ~other_right, minlength=4).tolist()
    return Pair(*cells)


def pair_by_class(first_right: np.ndarray, other_right: np.ndarray, labels: np.ndarray) -> dict[int, Pair]:
    """Count as `pair` does, separately for the images of each class.

    Args:
        first_right: bool (N,).
        other_right: bool (N,).
        labels: int (N,), true classes.

    Returns:
        Label -> counts, for the labels that occur, in ascending order.
    """
    return {
        label: pair(first_right[labels == label], other_right[labels == label])
        for label in np.unique(labels).tolist()
    }


def mcnemar(only_first: int, only_other: int) -> float:
    """Two-sided p-value of McNemar's exact test: are both networks equally accurate?

    Images that both or neither predict correctly carry no information; under the null hypothesis each other image
    is a toss of a fair coin (McNemar, Psychometrika 12, 1947; as a binomial test, Mosteller 1952). The exact test
    never exceeds its nominal level, at the price of less power for small differences (Fagerland, Lydersen and
    Laake, BMC Medical Research Methodology 13, 2013).

    >>> mcnemar(1, 7), mcnemar(0, 0)
    (0.0703125, 1.0)
    """
    from scipy.special import bdtr  # takes a quarter of a second

    # The binomial distribution is symmetric, so the two tails are equal. scipy.stats.binomtest does the same, but
    # refuses 0 images and takes half a second to import.
    return min(1.0, 2 * float(bdtr(min(only_first, only_other), only_first + only_other, 0.5)))


def tango_interval(gained: int, lost: int, total: int) -> tuple[float, float]:
    """Score interval, 95 %, of the paired difference (gained - lost) / total.

    The differences that a score test does not reject (Tango, Statistics in Medicine 17, 1998, 891-908). The
    interval stays within [-1, 1], has a positive width also for gained = lost = 0, and keeps its level for few
    discordant images. It may exclude 0 where the exact p-value of McNemar's test is just above 0.05.

    Args:
        gained: images that only the second network predicts correctly.
        lost: images that only the first network predicts correctly.
        total: images.

    >>> tuple(round(bound, 3) for bound in tango_interval(1, 7, 21))
    (-0.517, -0.026)
    """
    return -_upper(lost, gained, total), _upper(gained, lost, total)


def _upper(gained: int, lost: int, total: int) -> float:
    """The largest difference that is not rejected, by bisection: the score falls as d rises from the estimate."""
    low, high = (gained - lost) / total, 1.0
    while low < (middle := (low + high) / 2) < high:
        excess = total * middle - (gained - lost)
        if excess < Z95 * math.sqrt(_variance(gained, lost, total, middle)):
            low = middle
        else:
            high = middle
    return high


def _variance(gained: int, lost: int, total: int, d: float) -> float:
    """Variance of gained - lost at the maximum likelihood estimate under a true difference of d."""
    # The loss rate q maximises gained log(q + d) + lost log q + rest log(1 - 2q - d): the root of a quadratic.
    b = (2 * total - gained + lost) * d - gained - lost
    c = -lost * d * (1 - d)
    root = math.sqrt(max(0.0, b * b - 8 * total * c))
    q = (root - b) / (4 * total) if b <= 0 else -2 * c / (root + b)  # the form without cancellation
    return max(0.0, total * (2 * q + d * (1 - d)))


def holm(p_values: Sequence[float]) -> list[float]:
    """Adjust p-values of several tests so that the family-wise error rate is controlled.

    Holm, Scandinavian Journal of Statistics 6, 1979, 65-70; valid under any dependence of the tests.

    >>> [round(p, 6) for p in holm([0.04, 0.01, 0.03])]
    [0.06, 0.03, 0.06]
    """
    p = np.asarray(p_values, dtype=np.float64)
    order = np.argsort(p, kind="stable")
    adjusted = np.empty_like(p)
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p[order] * np.arange(len(p), 0, -1)))
    return adjusted.tolist()


def verdict(only_first: int, only_other: int, p: float, other: str) -> str:
    """States the result of a comparison in one sentence.

    Args:
        only_first: images that only the first network, A, predicts correctly.
        only_other: images that only the second predicts correctly.
        p: p-value, adjusted where several networks were compared.
        other: name of the second network.
    """
    if not only_first + only_other:
        return f"No difference: A and {other} predict the same images correctly."
    more, p_text = abs(only_other - only_first), "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
    better, worse = (other, "A") if only_other > only_first else ("A", other)
    found = f"{better} predicts {more:,} more image{'s' * (more != 1)} correctly than {worse}"
    if p < LEVEL:
        return f"Significant difference: {found} ({p_text})."
    found = found if more else "both predict the same number of images correctly"
    return f"No significant difference: {found} ({p_text})."
