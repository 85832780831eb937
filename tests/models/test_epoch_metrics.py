"""Metrics beside loss and accuracy: of all predictions at once, and refused where they are for another task."""

import pytest
import torch
import torchmetrics
from torchmetrics.classification import (
    BinaryF1Score,
    MulticlassAccuracy,
    MulticlassAUROC,
    MulticlassCalibrationError,
    MulticlassConfusionMatrix,
    MulticlassF1Score,
    MultilabelF1Score,
)

from akshar.errors import AksharError, UsageError
from akshar.models.epoch_metrics import EpochMetrics

LOGITS = torch.randn(40, 3, generator=torch.Generator().manual_seed(1)) * 3
LABELS = torch.arange(40) % 3


class Open(torchmetrics.Metric):
    """Fails on real predictions only."""

    def update(self, probabilities, labels):
        if len(labels) > 10:
            raise ValueError("too many")

    def compute(self):
        return 1


def test_each_is_computed_from_probabilities_every_time_anew():
    metrics = EpochMetrics(
        {"f1": MulticlassF1Score(3), "auroc": MulticlassAUROC(3), "ece": MulticlassCalibrationError(3)}
    )
    first = metrics.compute(LOGITS, LABELS)
    probabilities = LOGITS.softmax(1)
    assert first == {
        "f1": float(MulticlassF1Score(3)(probabilities, LABELS)),
        "auroc": float(MulticlassAUROC(3)(probabilities, LABELS)),
        "ece": float(MulticlassCalibrationError(3)(probabilities, LABELS)),
    }
    assert metrics.compute(LOGITS[:9], LABELS[:9]) != first
    assert metrics.compute(LOGITS, LABELS) == first


def test_logits_between_0_and_1_are_not_taken_for_probabilities():
    logits = torch.tensor([[0.0, 1.0, 0.0]]).repeat(4, 1)
    value = EpochMetrics({"ece": MulticlassCalibrationError(3)}).compute(logits, torch.ones(4, dtype=torch.long))
    assert value["ece"] == pytest.approx(1 - float(logits.softmax(1)[0, 1]))


def test_processes_exchange_nothing_also_inside_a_wrapper():
    wrapped = torchmetrics.MinMaxMetric(MulticlassF1Score(3))
    EpochMetrics({"f1": wrapped})
    assert not wrapped._to_sync
    assert not wrapped._base_metric._to_sync  # pyright: ignore[reportAttributeAccessIssue]


@pytest.mark.parametrize(
    ("metric", "message"),
    [
        (
            BinaryF1Score(),
            r"^metrics.m: BinaryF1Score does not take probabilities of shape \(4, 3\) with one class",
        ),
        (MultilabelF1Score(3), r"^metrics.m: MultilabelF1Score does not take probabilities"),
        (torchmetrics.MeanSquaredError(), r"^metrics.m: MeanSquaredError does not take probabilities"),
        (MulticlassConfusionMatrix(3), r"returns shape \(3, 3\); must be one number, as with average=macro"),
        (MulticlassF1Score(3, average="none"), r"returns shape \(3,\); must be one number"),
        (torchmetrics.MinMaxMetric(MulticlassF1Score(3)), "returns dict; must be one number"),
    ],
)
def test_one_for_another_task_is_refused_before_training(metric, message):
    with pytest.raises(UsageError, match=message):
        EpochMetrics({"m": metric}).check(3)


def test_one_that_fits_is_as_it_was_after_the_check():
    metrics = EpochMetrics({"accuracy": MulticlassAccuracy(3, average="micro"), "own": Open()})
    before = torch.get_rng_state()
    metrics.check(3)
    assert torch.equal(torch.get_rng_state(), before)
    with pytest.raises(AksharError, match=r"^metrics.own: cannot be computed \(too many\)"):
        metrics.compute(LOGITS, LABELS)
    assert metrics.metrics["accuracy"].update_count == 0
