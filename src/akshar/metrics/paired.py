"""Two networks on the same images: by how much one is better, and whether chance alone would do that.

Image by image, because two accuracies that are each uncertain by a percentage point can still be told apart when
nearly all errors are common. All of it is about the two networks as they are: how much a recipe's results vary from
seed to seed, only several seeds say.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass

import numpy as np

Z95 = 1.959963984540054  # the standard normal's 97.5 % quantile
LEVEL = 0.05  # of p, below which a difference is said to be one


@dataclass(frozen=True)
class Pair:
    """How many images each of two networks gets.

    Attributes:
        both_right: images that both get.
        only_first: that the first gets and the other does not.
        only_other: that the other gets and the first does not.
        both_wrong: that neither gets.
    """

    both_right: int
    only_first: int
    only_other: int
    both_wrong: int

    @property
    def total(self) -> int:
        """Images."""
        return self.both_right + self.only_first + self.only_other + self.both_wrong

    @property
    def difference(self) -> float:
        """The other's accuracy less the first's, [-1, 1]."""
        return (self.only_other - self.only_first) / self.total

    @property
    def interval_95(self) -> tuple[float, float]:
        """95 % interval of `difference`, [-1, 1]; see `tango_interval`."""
        return tango_interval(self.only_other, self.only_first, self.total)

    @property
    def p(self) -> float:
        """McNemar's exact p; see `mcnemar`."""
        return mcnemar(self.only_first, self.only_other)

    def record(self) -> dict[str, int]:
        """Every count, as plain values."""
        right = {
            "first_right": self.both_right + self.only_first,
            "other_right": self.both_right + self.only_other,
        }
        return {"total": self.total, **right, **asdict(self)}


def pair(first_right: np.ndarray, other_right: np.ndarray) -> Pair:
    """Counts what two networks get.

    Args:
        first_right: bool (N,), N from 1: whether the first gets each image.
        other_right: bool (N,), of the other, in the same order.
    """
    if first_right.shape != other_right.shape or first_right.ndim != 1 or not len(first_right):
        raise ValueError(f"not the same images: {first_right.shape} and {other_right.shape}")
    cells = np.bincount(2 * ~first_right + ~other_right, minlength=4).tolist()
    return Pair(*cells)


def pair_by_class(first_right: np.ndarray, other_right: np.ndarray, labels: np.ndarray) -> dict[int, Pair]:
    """The same for the images of each class.

    Args:
        first_right: bool (N,).
        other_right: bool (N,).
        labels: int (N,), the truth.

    Returns:
        By label, those that occur, in order.
    """
    return {
        label: pair(first_right[labels == label], other_right[labels == label])
        for label in np.unique(labels).tolist()
    }


def mcnemar(only_first: int, only_other: int) -> float:
    """McNemar's exact two-sided test: the chance of counts as unequal as these if both were equally good.

    Images that both get or neither gets say nothing of which is better; each of the others is a toss of a fair coin
    (McNemar, Psychometrika 1947; as a binomial test, Mosteller 1952). Exact in integers, then rounded once. Chance
    is never called a difference more often than p says; the price is that a small difference is told less readily
    (Fagerland, Lydersen and Laake, BMC Medical Research Methodology 2013).

    >>> mcnemar(1, 7), mcnemar(0, 0)
    (0.0703125, 1.0)
    """
    tosses, fewer = only_first + only_other, min(only_first, only_other)
    term = tail = 1
    for heads in range(1, fewer + 1):
        term = term * (tosses - heads + 1) // heads
        tail += term
    return min(1.0, 2 * tail / 2**tosses)


def tango_interval(gained: int, lost: int, total: int, z: float = Z95) -> tuple[float, float]:
    """Score interval of a paired difference (gained - lost) / total, 95 % unless `z` says otherwise.

    The differences d that a score test would not refuse (Tango, Statistics in Medicine 17, 1998, 891-908). It stays
    within [-1, 1], has a width also where nothing is gained or lost, and keeps its level where few images differ.
    Being a score interval, it can leave out 0 by a hair where McNemar's exact p is just above 0.05.

    Args:
        gained: images that only the second gets.
        lost: images that only the first gets.
        total: images.
        z: standard normal quantile.

    >>> tuple(round(bound, 3) for bound in tango_interval(1, 7, 21))
    (-0.517, -0.026)
    """
    return -_upper(lost, gained, total, z), _upper(gained, lost, total, z)


def _upper(gained: int, lost: int, total: int, z: float) -> float:
    """The largest d that is not refused, by bisection: the score falls from 0 as d rises from the estimate."""
    low, high = (gained - lost) / total, 1.0
    while low < (middle := (low + high) / 2) < high:
        excess = total * middle - (gained - lost)
        if excess < z * math.sqrt(_variance(gained, lost, total, middle)):
            low = middle
        else:
            high = middle
    return high


def _variance(gained: int, lost: int, total: int, d: float) -> float:
    """Of gained - lost, where the likeliest rates that differ by d are the true ones."""
    # The rate of losing q maximises gained log(q + d) + lost log q + rest log(1 - 2q - d): a quadratic's root.
    b = (2 * total - gained + lost) * d - gained - lost
    c = -lost * d * (1 - d)
    root = math.sqrt(max(0.0, b * b - 8 * total * c))
    q = (root - b) / (4 * total) if b <= 0 else -2 * c / (root + b)  # neither form takes the near from the near
    return max(0.0, total * (2 * q + d * (1 - d)))


def holm(p_values: Sequence[float]) -> list[float]:
    """P-values of several tests, made larger so that any false find among them is as rare as of one test.

    Holm, Scandinavian Journal of Statistics 6, 1979, 65-70; nothing is assumed of how the tests depend on another.

    >>> [round(p, 6) for p in holm([0.04, 0.01, 0.03])]
    [0.06, 0.03, 0.06]
    """
    corrected, largest = [0.0] * len(p_values), 0.0
    for rank, position in enumerate(sorted(range(len(p_values)), key=lambda index: p_values[index])):
        largest = max(largest, min(1.0, (len(p_values) - rank) * p_values[position]))
        corrected[position] = largest
    return corrected


def verdict(only_first: int, only_other: int, p: float, other: str, first: str = "A") -> str:
    """What it means, in one sentence.

    Args:
        only_first: images that only the first gets.
        only_other: images that only the other gets.
        p: of the two, corrected where several were compared.
        other: what the other is called.
        first: what the first is called.
    """
    if not only_first + only_other:
        return f"No difference can be told: {first} and {other} get the very same images."
    more, chance = abs(only_other - only_first), "p < 0.0001" if p < 1e-4 else f"p = {p:.2g}"
    better, worse = (other, first) if only_other > only_first else (first, other)
    reads = f"{better} reads {more:,} image{'s' * (more != 1)} more than {worse}"
    if p < LEVEL:
        return f"{reads}; such a difference would come by chance with {chance}."
    told = f"{reads}, as chance may well do" if more else "both read as many"
    return f"No difference can be told: {told} ({chance})."
