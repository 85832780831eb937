"""Focal loss (Lin, Goyal, Girshick, He and Dollár, Focal Loss for Dense Object Detection, ICCV 2017)."""

from typing import Annotated

import torch
from pydantic import Field
from torch import Tensor, nn

TINY = 1e-12  # below it the gradient is 0; that of a power below 1 is infinite at 0


class FocalLoss(nn.Module):
    """Mean of `-(1 - p)^gamma log p`, where p is the probability of the true class.

    Images that are classified surely count less than in cross-entropy, which it is with `gamma=0`.

    Args:
        gamma: how much less.
        weight: of each class, float (K,), as in `torch.nn.CrossEntropyLoss`: the mean is weighted.
    """

    weight: Tensor | None

    def __init__(self, gamma: Annotated[float, Field(ge=0)] = 2.0, weight: Tensor | None = None):
        super().__init__()
        self.gamma = gamma
        self.register_buffer("weight", weight)

    def forward(self, logits: Tensor, labels: Tensor) -> Tensor:
        """Logits (N, K) and labels int64 (N,) -> the loss, a scalar."""
        log_p = logits.log_softmax(1).gather(1, labels[:, None]).squeeze(1)
        unsure = (-log_p.expm1()).clamp(min=TINY)  # 1 - p
        losses = -(unsure**self.gamma) * log_p
        if self.weight is None:
            return losses.mean()
        weights = self.weight[labels]
        return torch.dot(weights, losses) / weights.sum()
