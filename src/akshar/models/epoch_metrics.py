"""The metrics that a config names beside loss and accuracy, computed from all predictions of a pass at once."""

import warnings
from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric

from akshar.errors import AksharError, UsageError, first_line


class EpochMetrics:
    """Computes `torchmetrics` metrics of whole validations and tests.

    Every process of a run has the predictions of all, so the metrics exchange nothing between processes. Being
    computed from scratch after each epoch, they have no state that a resumed run would need.

    Args:
        metrics: name -> metric; updated with probabilities, float32 [0, 1] (N, K), and labels, int64 (N,).
    """

    def __init__(self, metrics: Mapping[str, Metric] | None = None):
        self.metrics = dict(metrics or {})
        parts = [part for metric in self.metrics.values() for part in metric.modules()]
        for part in parts:
            if isinstance(part, Metric):  # a wrapper holds others
                part.sync_on_compute = part._to_sync = False

    def compute(self, logits: Tensor, labels: Tensor) -> dict[str, float]:
        """Compute each metric.

        Args:
            logits: float32 (N, K), on the CPU.
            labels: int64 (N,), true classes.

        Raises:
            AksharError: a metric cannot be computed; the message names it.
        """
        probabilities = logits.softmax(1)
        values = {}
        for name, metric in self.metrics.items():
            try:
                values[name] = float(_computed(metric, probabilities, labels))
            except Exception as error:  # whatever a metric raises
                raise AksharError(f"metrics.{name}: cannot be computed ({first_line(error)})") from error
        return values

    def check(self, num_classes: int) -> None:
        """Compute each metric of made-up predictions.

        Raises:
            UsageError: one is no single number, or for another task, such as binary classification or regression.
        """
        labels = torch.arange(num_classes + 1) % num_classes
        logits = torch.randn(len(labels), num_classes, generator=torch.Generator().manual_seed(0))
        for name, metric in self.metrics.items():
            try:
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")  # about classes with few predictions
                    value = _computed(metric, logits.softmax(1), labels)
            except Exception as error:  # whatever a metric raises
                raise UsageError(
                    f"metrics.{name}: {type(metric).__name__} does not take probabilities of shape "
                    f"{tuple(logits.shape)} with one class index for each image ({first_line(error)}); choose a "
                    "metric for several classes, as torchmetrics.classification.Multiclass..."
                ) from error
            if not isinstance(value, Tensor | int | float) or torch.as_tensor(value).numel() != 1:
                got = f"shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
                raise UsageError(
                    f"metrics.{name}: {type(metric).__name__} returns {got}; must be one number, as with "
                    "average=macro"
                )


def _computed(metric: Metric, probabilities: Tensor, labels: Tensor) -> Any:
    metric.reset()
    metric.update(probabilities, labels)
    value = metric.compute()
    metric.reset()  # some keep every prediction
    return value
