"""Loggers: several at once, one of one's own, one that fails; what they log is what the result says."""

import csv
import errno
import logging
from pathlib import Path

import pytest
from conftest import TINY
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from akshar.cli import main
from akshar.training.logger_guard import Guard

BATCHES = 13  # of an epoch: 828 images in 64s

OWN = """
from pytorch_lightning.loggers.logger import DummyLogger

class Failing(DummyLogger):
    def __init__(self, place, calls=2):
        super().__init__()
        self.place, self.left = place, calls

    def log_metrics(self, metrics, step=None):
        self.left -= 1
        if self.left < 0:
            raise ConnectionError(f"{self.place} is away")

class Closed(DummyLogger):
    @property
    def experiment(self):
        raise ConnectionError("no such server:\\nhttps://me:secret@logs.example")
"""


def scalars(folder: Path) -> dict[str, dict[int, float]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    return {tag: {event.step: event.value for event in events.Scalars(tag)} for tag in events.Tags()["scalars"]}


def test_several_loggers_show_the_same_by_epoch_and_by_step(train):
    result, folder = train(*TINY, "logger=[tensorboard,csv]", "trainer.log_every_n_steps=5")
    shown = scalars(folder)
    steps = [1, 5, 10, 15, 20, 25]
    assert [*shown["step/loss"]] == [*shown["step/lr"]] == steps
    assert [*shown["loss/val"]] == [*shown["lr"]] == [BATCHES, 2 * BATCHES]
    assert shown["epoch"] == {BATCHES: 1, 2 * BATCHES: 2}
    assert shown["loss/test"] == {result["best"]["epoch"] * BATCHES: pytest.approx(result["test"]["loss"])}

    with (folder / "csv/version_0/metrics.csv").open() as file:
        rows = [*csv.DictReader(file)]
    for tag, points in shown.items():
        assert {int(row["step"]): float(row[tag]) for row in rows if row[tag]} == pytest.approx(points), tag
    with (folder / "history.csv").open() as file:
        history = [*csv.DictReader(file)]
    assert [float(row["loss/val"]) for row in history] == pytest.approx([*shown["loss/val"].values()])


@pytest.fixture
def own_loggers(workplace, monkeypatch):
    (workplace / "own_loggers.py").write_text(OWN)
    monkeypatch.syspath_prepend(workplace)


def test_a_logger_that_fails_says_so_once_and_the_run_goes_on(own_loggers, train, capfd):
    words = ("logger=csv", "+logger.mine._target_=own_loggers.Failing", "+logger.mine.place=https://me:pw@there")
    result, folder = train(*TINY, *words)
    said = [line for line in capfd.readouterr().err.splitlines() if "logger.mine" in line]
    assert len(said) == 1
    assert (
        "logger.mine: failed, and logs no more of this run (ConnectionError: https://***@there is away)" in said[0]
    )
    assert result["test"]["total"] == 230
    assert "BEST/accuracy/test" in (folder / "csv/version_0/metrics.csv").read_text()


@pytest.mark.parametrize(
    ("target", "message"),
    [
        ("own_loggers.Closed", "cannot be opened (ConnectionError: no such server: https://***@logs.example)"),
        ("json.JSONDecoder", "must be a Logger of pytorch_lightning, not JSONDecoder"),
    ],
)
def test_a_logger_that_cannot_be_opened_ends_the_run_before_training(
    own_loggers, workplace, capfd, target, message
):
    assert main(["train", *TINY, f"+logger.mine._target_={target}"]) == 2
    assert f"logger.mine: {message}" in capfd.readouterr().err
    (folder,) = workplace.glob("outputs/train/*")
    assert not (folder / "history.csv").exists()
    assert not (folder / "result.json").exists()


def test_a_full_disk_is_not_a_failure_of_the_logger_alone(caplog):
    def write():
        raise OSError(errno.ENOSPC, "No space left on device")

    guard = Guard("logger.x")
    with pytest.raises(OSError, match="No space"), caplog.at_level(logging.WARNING):
        guard(write)()
    assert not caplog.records
    assert not guard.failed
