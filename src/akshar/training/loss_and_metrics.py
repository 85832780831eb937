"""Builds the loss and the metrics of a run, and tries them before training."""

from collections.abc import Mapping
from pkgutil import resolve_name

import torch
from torch import Tensor, nn
from torchmetrics import Metric

from akshar.config.build import build
from akshar.config.schema import LossConfig, Part
from akshar.errors import UsageError, first_line
from akshar.models.data_arguments import taken_of
from akshar.models.epoch_metrics import EpochMetrics


def build_loss(loss: LossConfig, class_counts: Tensor) -> nn.Module:
    """Build the loss and compute it of made-up logits.

    Args:
        loss: of the config.
        class_counts: number of training images of each class, int64 (K,).

    Raises:
        UsageError: it is no `nn.Module` that takes logits and class indices, or its weights are not one per class.
    """
    num_classes = len(class_counts)
    passed: dict[str, object] = {"num_classes": num_classes}
    if loss.weight is not None:
        passed["weight"] = class_weights(loss.weight, class_counts)
    built = build("loss", loss, **taken_of(passed, resolve_name(loss.target)))
    if not isinstance(built, nn.Module):
        raise UsageError(f"loss: must be an nn.Module, not {type(built).__name__}")
    labels = torch.arange(num_classes + 1) % num_classes
    logits = torch.zeros(len(labels), num_classes, requires_grad=True)
    name, shapes = type(built).__name__, f"logits of shape {tuple(logits.shape)} and one class index for each image"
    try:
        value = built(logits, labels)
    except Exception as error:  # whatever a loss raises
        raise UsageError(
            f"loss: {name} does not take {shapes} ({first_line(error)}); choose another, as loss=cross_entropy"
        ) from error
    if not isinstance(value, Tensor) or value.numel() != 1 or not value.requires_grad:
        got = f"a tensor of shape {tuple(value.shape)}" if isinstance(value, Tensor) else type(value).__name__
        raise UsageError(f"loss: {name} returns {got} of {shapes}; must be one number with a gradient")
    return built


def class_weights(weight: list[float] | str, class_counts: Tensor) -> Tensor:
    """Return the weight of each class, float32 (K,).

    Args:
        weight: one number per class, or "balanced": N / (K n) for the n of N training images of a class.
        class_counts: number of training images of each class, int64 (K,); zeros where they are unknown.

    Raises:
        UsageError: not one number per class.
    """
    num_classes = len(class_counts)
    if isinstance(weight, str):
        if not class_counts.any():
            raise UsageError(
                f"loss.weight={weight}: needs the number of training images of each class, which a "
                f"LightningDataModule of one's own does not tell; give {num_classes} numbers"
            )
        return class_counts.sum() / (num_classes * class_counts.clamp(min=1)).float()
    if len(weight) != num_classes:
        raise UsageError(f"loss.weight: has {len(weight)} numbers; must have {num_classes}, one per class")
    return torch.tensor(weight)


def build_metrics(metrics: Mapping[str, Part | None], num_classes: int) -> EpochMetrics:
    """Build the config's metrics and compute them of made-up predictions.

    Raises:
        UsageError: one is no metric of torchmetrics, not a single number, or for another task.
    """
    built = {}
    for name, part in metrics.items():
        if part is None:
            continue
        passed = taken_of({"num_classes": num_classes, "task": "multiclass"}, resolve_name(part.target))
        metric = build(f"metrics.{name}", part.with_arguments(**passed | part.arguments))
        if not isinstance(metric, Metric):
            raise UsageError(f"metrics.{name}: must be a torchmetrics.Metric, not {type(metric).__name__}")
        built[name] = metric
    epoch_metrics = EpochMetrics(built)
    epoch_metrics.check(num_classes)
    return epoch_metrics
