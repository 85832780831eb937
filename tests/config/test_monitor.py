"""Which metric compares epochs, and which of its values are better."""

import math

import pytest

from akshar.config.monitor import direction, is_cross_entropy, monitor_problems, sort_key

METRICS = {
    "f1": {"_target_": "torchmetrics.classification.MulticlassF1Score"},
    "ece": {"_target_": "torchmetrics.classification.MulticlassCalibrationError"},
    "any": {"_target_": "torchmetrics.classification.Accuracy"},  # its class does not say
    "lossy": {"_target_": "torchmetrics.classification.MulticlassF1Score"},
    "gone": None,
}


@pytest.mark.parametrize(
    ("monitor", "mode"),
    [
        *(("loss/val", "min"), ("loss/train", "min"), ("criterion/val", "min"), ("accuracy/val", "max")),
        *(("epoch", "max"), ("f1/val", "max"), ("ece/val", "min"), ("lossy/val", "max"), ("any/val", None)),
    ],
)
def test_a_loss_falls_and_a_metric_says_itself(monitor, mode):
    assert direction({"monitor": monitor, "monitor_mode": "auto", "metrics": METRICS}) == mode
    assert direction({"monitor": monitor, "monitor_mode": "min", "metrics": METRICS}) == "min"


def test_a_name_that_is_not_logged_is_refused_with_those_that_are():
    config = {"monitor": "f2/val", "metrics": METRICS, "loss": {"_target_": "torch.nn.CrossEntropyLoss"}}
    (line,) = monitor_problems(config)
    assert line == (
        "monitor=f2/val: no such metric; did you mean f1/val? (choices: loss/val, accuracy/val, loss/train, "
        "accuracy/train, f1/val, ece/val, any/val, lossy/val, epoch)"
    )
    assert monitor_problems({"monitor": "f1/val", "metrics": METRICS}) == []
    assert monitor_problems({"monitor": "gone/val", "metrics": METRICS}) != []
    assert monitor_problems({"monitor": "epoch"}) == []


@pytest.mark.parametrize(
    ("loss", "logged"),
    [
        ({"_target_": "torch.nn.CrossEntropyLoss", "label_smoothing": 0.1, "weight": None}, False),
        ({"_target_": "torch.nn.CrossEntropyLoss", "weight": "balanced"}, True),
        ({"_target_": "torch.nn.CrossEntropyLoss", "reduction": "sum"}, True),
        ({"_target_": "akshar.models.focal_loss.FocalLoss"}, True),
    ],
)
def test_a_loss_that_is_not_cross_entropy_can_be_monitored_itself(loss, logged):
    assert is_cross_entropy({"loss": loss}) != logged
    assert (monitor_problems({"monitor": "criterion/val", "loss": loss}) == []) == logged


def test_epochs_are_sorted_by_their_value():
    assert sort_key(0.3, "min") < sort_key(0.4, "min")
    assert sort_key(0.4, "max") < sort_key(0.3, "max") < sort_key(math.nan, "max")
