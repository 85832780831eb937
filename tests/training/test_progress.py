"""The progress bar and the estimate of a training's duration."""

import logging
from types import SimpleNamespace

import pytest
import torch

from akshar.data.batch import Batch
from akshar.training.callbacks import progress
from akshar.training.callbacks.progress import DurationEstimate, Progress, duration

BATCH = Batch(torch.zeros(8, 1, 4, 4), torch.zeros(8), 0)


def trainer(steps_per_epoch=100, epochs=10, accumulate=1, validation=200, **changed):
    """Stand-in for Lightning's Trainer, with what the callbacks read."""
    data = SimpleNamespace(train_dataloader=lambda: range(steps_per_epoch))
    fields = {
        "is_global_zero": True,
        "max_epochs": epochs,
        "num_training_batches": steps_per_epoch,
        "current_epoch": 0,
        "global_step": 0,
        "accumulate_grad_batches": accumulate,
        "limit_train_batches": 1.0,
        "max_steps": -1,
        "callbacks": [],
        "datamodule": data,
        "world_size": 1,
        "validation": validation,
    }
    return SimpleNamespace(**(fields | changed))


class Clock:
    """A clock of which every step takes half a second."""

    def __init__(self):
        self.now = 0.0

    def perf_counter(self):
        return self.now


def lines(caplog, monkeypatch, shown, steps=40, step_seconds=0.5, before=lambda estimate: None):
    clock, estimate = Clock(), DurationEstimate(shown.validation)
    monkeypatch.setattr(progress, "time", clock)
    before(estimate)
    with caplog.at_level(logging.INFO, progress.__name__):
        for step in range(steps):
            clock.now += step_seconds
            shown.global_step = (step + 1) // shown.accumulate_grad_batches
            estimate.on_train_batch_end(shown, None, None, BATCH, step)
    return [record.getMessage() for record in caplog.records]


def test_the_duration_is_estimated_once_from_ten_steps_after_the_warm_up(caplog, monkeypatch):
    # 1,000 steps less 13, half a second each, and validation: 200 of 800 images at a third of the cost
    seconds = (1 + 200 / 800 / 3) * (1000 - 13) * 0.5
    assert lines(caplog, monkeypatch, trainer()) == [
        f"training takes about {duration(seconds)} (estimated from 10 steps)"
    ]


def test_each_device_validates_its_share(caplog, monkeypatch):
    (line,) = lines(caplog, monkeypatch, trainer(world_size=2))
    seconds = (1 + 200 / 1600 / 3) * (1000 - 13) * 0.5
    assert line == f"training takes about {duration(seconds)} (estimated from 10 steps)"


def test_quick_steps_are_measured_for_two_seconds(caplog, monkeypatch):
    (line,) = lines(caplog, monkeypatch, trainer(), steps=100, step_seconds=0.05)
    assert "(estimated from 40 steps)" in line or "(estimated from 41 steps)" in line


def test_accumulated_batches_count_as_batches(caplog, monkeypatch):
    (line,) = lines(caplog, monkeypatch, trainer(accumulate=4, validation=0))
    # 250 optimizer steps of 4 batches, less the 3 of the first 13 batches
    assert line == f"training takes about {duration((250 - 3) * 4 * 0.5)} (estimated from 10 steps)"


def test_nothing_is_estimated_after_an_epoch_or_by_other_processes(caplog, monkeypatch):
    assert lines(caplog, monkeypatch, trainer(), before=lambda e: e.on_validation_start(None, None)) == []
    assert lines(caplog, monkeypatch, trainer(is_global_zero=False)) == []


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0.4, "0 s"), (89, "89 s"), (90, "2 min"), (5369, "89 min"), (5400, "1 h 30 min"), (90_000, "25 h 0 min")],
)
def test_a_duration_is_written_for_people(seconds, text):
    assert duration(seconds) == text


def test_the_bar_follows_the_epoch_and_is_removed():
    shown, bar = trainer(), Progress()
    bar.on_train_batch_start(shown, None, BATCH, 3)
    assert bar._bar is not None
    assert bar._bar.disable  # no terminal in a test
    bar.on_train_batch_end(shown, None, None, BATCH, 3)
    bar.on_validation_start(shown, None)
    assert bar._bar is None
    bar.on_train_batch_end(shown, None, None, BATCH, 4)  # without a bar nothing happens
    bar.on_exception(shown, None, ValueError())
