"""A metric: how well the class that is recognised worst is recognised."""

import torch
from torch import Tensor
from torchmetrics import Metric


class WorstRecall(Metric):
    """Smallest recall of all classes: min over k of (images of k classified as k) / (images of k).

    Args:
        num_classes: number of classes; passed by akshar.
    """

    higher_is_better = True
    correct: Tensor
    images: Tensor

    def __init__(self, num_classes: int):
        super().__init__()
        self.add_state("correct", torch.zeros(num_classes), dist_reduce_fx="sum")
        self.add_state("images", torch.zeros(num_classes), dist_reduce_fx="sum")

    def update(self, probabilities: Tensor, labels: Tensor) -> None:
        """Count a batch: probabilities float32 (B, num_classes), labels int64 (B,)."""
        is_correct = (probabilities.argmax(1) == labels).to(self.correct)
        self.correct.index_add_(0, labels, is_correct)
        self.images.index_add_(0, labels, torch.ones_like(is_correct))

    def compute(self) -> Tensor:
        """Return a number in [0, 1]; classes without images do not count."""
        seen = self.images > 0
        return (self.correct[seen] / self.images[seen]).min()
