"""Figures of merit of a classifier, exact: from counts and from all logits, not from batch means."""

import math
from typing import NamedTuple

import torch.nn.functional as F
from torch import Tensor
from torchmetrics.functional.classification import multiclass_accuracy


class Score(NamedTuple):
    """Of one pass over a set.

    Attributes:
        correct: images whose most likely class is the true one.
        total: images.
        loss: mean cross-entropy in nats, without label smoothing.
        macro_accuracy: mean over classes of each class's accuracy, [0, 1].
    """

    correct: int
    total: int
    loss: float
    macro_accuracy: float

    @property
    def accuracy(self) -> float:
        """Share of the images that is right, [0, 1]."""
        return self.correct / self.total


def score(logits: Tensor, labels: Tensor) -> Score:
    """Scores float (N, K) logits against int64 (N,) labels."""
    return Score(
        correct=int((logits.argmax(1) == labels).sum()),
        total=len(labels),
        loss=float(F.cross_entropy(logits.double(), labels)),
        macro_accuracy=float(multiclass_accuracy(logits, labels, logits.shape[1], average="macro")),
    )


def wilson_interval(correct: int, total: int, z: float = 1.959963984540054) -> tuple[float, float]:
    """Interval of a proportion, 95 % unless `z` says otherwise (Wilson, JASA 1927).

    >>> tuple(round(bound, 4) for bound in wilson_interval(13709, 13800))
    (0.9919, 0.9946)
    """
    share, spread = correct / total, z * z / total
    centre = share + spread / 2
    half = z * math.sqrt(share * (1 - share) / total + spread / (4 * total))
    low, high = (centre - half) / (1 + spread), (centre + half) / (1 + spread)
    return max(0.0, low), min(1.0, high)


def fit_temperature(logits: Tensor, labels: Tensor) -> float:
    """The T > 0 for which softmax(logits / T) has the least log loss (Guo et al., ICML 2017).

    The loss is convex in 1/T, so a golden-section search over log T, from -3 to 3, finds its one minimum.
    """
    logits = logits.double()

    def loss(log_temperature: float) -> float:
        return float(F.cross_entropy(logits / math.exp(log_temperature), labels))

    low, high, ratio = -3.0, 3.0, (math.sqrt(5) - 1) / 2
    for _ in range(40):
        left, right = high - ratio * (high - low), low + ratio * (high - low)
        low, high = (low, right) if loss(left) < loss(right) else (left, high)
    return math.exp((low + high) / 2)
