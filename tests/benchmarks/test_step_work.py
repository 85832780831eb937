"""What a training step does besides the network's own work: nothing, but for one of fifty that is logged."""

import os

import pytest
from pytorch_lightning import LightningModule

from akshar.benchmarks import step
from akshar.benchmarks.measured import Measured
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import RunLogger


@pytest.fixture
def calls(monkeypatch):
    """Counts the calls of everything that logs or writes."""
    counts = {}

    def count(owner, name):
        original = getattr(owner, name)

        def counted(*args, **kwargs):
            counts[name] = counts.get(name, 0) + 1
            return original(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    count(LightningModule, "log")
    count(LightningModule, "log_dict")
    count(RunLogger, "log_metrics")
    count(RunDir, "write_status")
    count(os, "replace")  # of every file that is written whole
    return counts


def work_of(steps, calls):
    calls.clear()
    (figure,) = (step.measure_step(step.tiny_net, steps=steps, rounds=0)[step.OURS],)
    assert figure.rounds == 1
    return {**calls}


def test_logging_and_writing_happen_once_an_epoch_whatever_the_steps(calls):
    few, many = work_of(20, calls), work_of(60, calls)
    assert many.pop("log_metrics") == few["log_metrics"] + 1  # step 50, trainer.log_every_n_steps
    assert {name: count for name, count in few.items() if name != "log_metrics"} == many
    assert few["log_dict"] >= 1
    assert few["log_metrics"] >= 1


def test_overhead_is_the_median_difference_within_a_round():
    assert step.overhead(Measured("a", "ms", (1.0, 9.0, 2.0)), Measured("b", "ms", (2.0, 10.0, 5.0))) == 1.0
