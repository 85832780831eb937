"""Accuracy and loss of a classifier, computed from all its logits and not averaged over batches."""

from typing import NamedTuple

import numpy as np

from akshar.metrics.confusion import confusion_counts, macro_average, rates_by_class


class Score(NamedTuple):
    """Accuracy and loss on N images.

    Attributes:
        correct: number of images whose most likely class is the true one.
        total: number of images.
        loss: mean cross-entropy in nats, without label smoothing.
        macro_accuracy: mean recall over the classes that have images, [0, 1].
    """

    correct: int
    total: int
    loss: float
    macro_accuracy: float

    @property
    def accuracy(self) -> float:
        """Proportion of correct predictions, [0, 1]."""
        return self.correct / self.total


def score(logits: np.ndarray, labels: np.ndarray) -> Score:
    """Score predictions against the true classes.

    Args:
        logits: float (N, K), N from 1.
        labels: int (N,), true classes.
    """
    rates = rates_by_class(confusion_counts(labels, logits.argmax(1), logits.shape[1]))
    return Score(
        correct=int(rates.correct.sum()),
        total=len(labels),
        loss=cross_entropy(logits, labels),
        macro_accuracy=macro_average(rates.recall, rates.total),
    )


def cross_entropy(logits: np.ndarray, labels: np.ndarray, temperature: float = 1.0) -> float:
    """Mean cross-entropy in nats of softmax(logits / temperature), in double precision.

    Args:
        logits: float (N, K), N from 1; the result is NaN or infinite where they are not finite.
        labels: int (N,), true classes.
        temperature: divides the logits.

    >>> round(cross_entropy(np.array([[0.0, 0.0]]), np.array([1])), 6)
    0.693147
    """
    from scipy.special import log_softmax  # takes a quarter of a second

    with np.errstate(over="ignore", invalid="ignore"):  # a diverged network's logits; its loss shows it
        log_probabilities = log_softmax(logits.astype(np.float64) / temperature, axis=1)
    return float(-log_probabilities[np.arange(len(labels)), labels].mean())
