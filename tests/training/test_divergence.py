"""What is said of a run whose validation is no better than guessing."""

import logging
import math
from types import SimpleNamespace

import pytest
import torch

from akshar.training.callbacks import divergence
from akshar.training.callbacks.divergence import DivergenceGuard


def warnings(caplog, accuracies, losses, warn_after):
    """What a guard of ten classes says over some epochs."""
    guard = DivergenceGuard(None, None, 10, warn_after)  # pyright: ignore[reportArgumentType]
    with caplog.at_level(logging.WARNING, divergence.__name__):
        for epoch, (accuracy, loss) in enumerate(zip(accuracies, losses, strict=True)):
            metrics = {"loss/val": torch.tensor(loss), "accuracy/train": torch.tensor(accuracy)}
            trainer = SimpleNamespace(
                state=SimpleNamespace(fn="fit"), current_epoch=epoch, callback_metrics=metrics
            )
            guard.on_validation_end(trainer, None)  # pyright: ignore[reportArgumentType]
    return [record.getMessage() for record in caplog.records]


GUESSING = math.log(10)


def test_a_run_that_learns_nothing_is_told_to_change_its_rate(caplog):
    (line,) = warnings(caplog, [0.1, 0.11, 0.1], [2.31, 2.3, 2.31], 2)
    assert line == (
        "after 2 epochs validation is no better than guessing (loss 2.300, guessing 2.303), "
        "and training accuracy has not risen; try another optimizer.lr"
    )


@pytest.mark.parametrize(("accuracies", "warn_after"), [([0.2, 0.6], 2), ([0.6, 0.7], 1)])
def test_a_run_that_learns_its_training_images_is_not_said_to_learn_nothing(caplog, accuracies, warn_after):
    (line,) = warnings(caplog, accuracies, [3.0, 3.1], warn_after)
    assert f"while training accuracy rose to {accuracies[warn_after - 1]:.1%}" in line
    assert "optimizer.lr" not in line


def test_one_class_that_is_most_of_the_data_is_no_rise(caplog):
    (line,) = warnings(caplog, [0.9, 0.9], [GUESSING, GUESSING], 2)
    assert "has not risen" in line


def test_a_run_that_learns_is_left_in_peace(caplog):
    assert warnings(caplog, [0.2, 0.5, 0.6], [1.9, 1.0, 0.9], 2) == []
