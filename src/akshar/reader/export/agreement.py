"""Whether an exported file answers as its checkpoint does."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """How far a file may be from its checkpoint.

    Attributes:
        difference: of any probability, at most; None where only answers count.
        equal: share of the answers, [0, 1], at least.
        tie: an answer counts as equal whose probability in the checkpoint is this near to the best one's.
    """

    difference: float | None
    equal: float
    tie: float


FLOAT = Tolerance(1e-3, 1.0, 2e-3)  # the same arithmetic in another order: 1e-6 is usual
INT8 = Tolerance(None, 0.995, 0.1)


@dataclass(frozen=True)
class Agreement:
    """What came of the same images.

    Attributes:
        images: how many.
        largest: difference of a probability.
        equal: images with the same answer.
        equal_or_tied: images with the same answer, or with one that the checkpoint finds about as likely.
    """

    images: int
    largest: float
    equal: int
    equal_or_tied: int

    def within(self, tolerance: Tolerance) -> bool:
        """Whether it is enough; a probability that is no number never is."""
        near = self.largest <= (1.0 if tolerance.difference is None else tolerance.difference)
        return near and self.equal_or_tied >= tolerance.equal * self.images

    def __str__(self) -> str:
        """In a sentence."""
        said = (
            f"largest difference of a probability {self.largest:.1e}, "
            f"{self.equal:,} of {self.images:,} answers equal ({100 * self.equal / self.images:.1f} %)"
        )
        if self.equal == self.images:
            return said
        beyond = self.images - self.equal_or_tied
        return f"{said}, {f'{beyond:,} of the others beyond a near tie' if beyond else 'the others near ties'}"


def agreement(expected: np.ndarray, got: np.ndarray, tie: float) -> Agreement:
    """Compares probabilities.

    Args:
        expected: float (N, K), the checkpoint's.
        got: float (N, K), the file's.
        tie: see `Tolerance`.
    """
    rows = np.arange(len(expected))
    best, answer = expected.argmax(1), got.argmax(1)
    lost = expected[rows, best] - expected[rows, answer]
    largest = float(np.abs(expected - got).max())
    return Agreement(len(expected), largest, int((best == answer).sum()), int((lost <= tie).sum()))
