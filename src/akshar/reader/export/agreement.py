"""Compares the answers of an exported file with those of its checkpoint."""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Tolerance:
    """How much a file's answers may differ from its checkpoint's.

    Attributes:
        difference: largest difference of a probability; None to compare answers only.
        equal: least share of equal answers, [0, 1].
        tie: answers also count as equal if the checkpoint's probabilities for them differ by no more than this.
    """

    difference: float | None
    equal: float
    tie: float


FLOAT = Tolerance(1e-3, 1.0, 2e-3)  # only the order of summation differs, usually by 1e-6
INT8 = Tolerance(None, 0.995, 0.1)


@dataclass(frozen=True)
class Agreement:
    """Answers of a file and its checkpoint to the same images.

    Attributes:
        images: number of images.
        largest: largest difference of a probability.
        equal: number of images with the same answer.
        equal_or_tied: number of images with the same answer, or one that the checkpoint finds about as likely.
    """

    images: int
    largest: float
    equal: int
    equal_or_tied: int

    def within(self, tolerance: Tolerance) -> bool:
        """Whether the differences are within a tolerance; NaN never is."""
        near = self.largest <= (1.0 if tolerance.difference is None else tolerance.difference)
        return near and self.equal_or_tied >= tolerance.equal * self.images

    def __str__(self) -> str:
        """One line for the terminal and the card."""
        counts = (
            f"largest difference of a probability {self.largest:.1e}, "
            f"{self.equal:,} of {self.images:,} answers equal ({100 * self.equal / self.images:.1f} %)"
        )
        if self.equal == self.images:
            return counts
        beyond = self.images - self.equal_or_tied
        return f"{counts}, {f'{beyond:,} of the others beyond a near tie' if beyond else 'the others near ties'}"


def agreement(expected: np.ndarray, got: np.ndarray, tie: float) -> Agreement:
    """Compare probabilities for the same images.

    Args:
        expected: float (N, K), from the checkpoint.
        got: float (N, K), from the file.
        tie: see `Tolerance`.
    """
    rows = np.arange(len(expected))
    best, answer = expected.argmax(1), got.argmax(1)
    lost = expected[rows, best] - expected[rows, answer]
    largest = float(np.abs(expected - got).max())
    return Agreement(len(expected), largest, int((best == answer).sum()), int((lost <= tie).sum()))
