"""`akshar train --dry-run`: what it prints, what it leaves out, and that it keeps nothing."""

import re
from collections import namedtuple
from pathlib import Path

import pytest
from conftest import TINY

from akshar.cli import main
from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.data.batch import Batch
from akshar.models.classifier import Classifier
from akshar.sweeps import dry_run as printing
from akshar.training.dry_run import Estimate, rehearse

Usage = namedtuple("Usage", "total used free")
FAKE = Estimate(5.0, 60.0, 10.0, 3, 10**9, None, 4 * 10**6, 6 * 10**6, {"data": "some"}, [])


def config_of(*words):
    with composing("train"):
        return compose("train", [*TINY, *words], TrainConfig).config


@pytest.fixture
def steps(monkeypatch):
    """List the number of images of every training step."""
    done, training_step = [], Classifier.training_step

    def counted(self, batch: Batch, batch_idx):
        done.append(len(batch.labels))
        return training_step(self, batch, batch_idx)

    monkeypatch.setattr(Classifier, "training_step", counted)
    return done


@pytest.fixture
def rehearsed(monkeypatch):
    """Put fixed figures in the place of a rehearsal, and list the configs that are rehearsed."""
    configs = []

    def fake(config, began):
        configs.append(config)
        return FAKE

    monkeypatch.setattr(printing, "rehearse", fake)
    return configs


def test_a_dry_run_says_what_a_run_takes_and_keeps_nothing(workplace, capsys):
    """The run is so short that all of its steps are measured."""
    assert main(["train", "--dry-run", *TINY]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert [*lines] == ["dry", "data", "model", "device", "time", "memory", "disk"]
    assert lines["data"] == "glyphs: 828 train, 92 val, 230 test"
    assert re.fullmatch(r"about .+: .+ start, 2 epochs of .+, .+ test and plots", lines["time"])
    assert re.fullmatch(r"about [\d.]+ [MG]B in outputs/train \([\d,.]+ GB free\)", lines["disk"])
    assert [*workplace.iterdir()] == []


def test_a_long_run_is_measured_for_some_steps_alone(workplace, steps, monkeypatch):
    monkeypatch.setattr("akshar.training.callbacks.rehearsal.Rehearsal.MIN_SECONDS", 0.0)
    estimate = rehearse(config_of("trainer.max_epochs=500", "trainer.min_epochs=3", "logger=csv"), 0.0)
    assert len(steps) == 13  # three to warm up, ten to measure: all of the 13 batches of an epoch
    assert estimate.epochs == 500
    assert estimate.training > 100 * estimate.training / 500
    assert estimate.room > estimate.disk > 0
    assert estimate.notes == []


def test_it_says_what_ends_a_run_and_what_was_not_rehearsed(workplace, monkeypatch):
    monkeypatch.setattr("akshar.training.callbacks.rehearsal.Rehearsal.MIN_SECONDS", 0.0)
    words = ["trainer.max_epochs=9", "trainer.max_steps=20", "callbacks=early_stopping", "logger=mlflow"]
    estimate = rehearse(config_of(*words, "test=false", "trainer.devices=2"), 0.0)
    assert estimate.epochs == 2
    assert [note.partition(";")[0].partition(",")[0] for note in estimate.notes] == [
        "time: trainer.max_steps=20 ends training in epoch 2",
        "time: at most",
        "time and memory: of one device with whole batches",
        "not rehearsed: logger mlflow",
    ]
    assert [*workplace.iterdir()] == []


def test_jobs_that_cost_the_same_are_rehearsed_once(workplace, rehearsed, capsys):
    words = ["seed=1,2", "data.batch_size=32,64", "hydra/launcher=joblib"]
    assert main(["train", "-m", "--dry-run", *TINY, *words]) == 0
    assert [config.data.batch_size for config in rehearsed] == [32, 64]
    out = capsys.readouterr().out
    assert "jobs        4, 2 at a time" in out
    assert "2 jobs      as data.batch_size=32 seed=1\n" in out
    assert re.search(r"all jobs    about [34] min\n", out)  # 4 of 75 s, two at a time
    assert "about 16.0 MB in outputs/multirun" in out
    assert [*workplace.iterdir()] == []


@pytest.mark.parametrize(
    ("word", "same"), [("seed=9", True), ("optimizer.lr=0.9", True), ("data.batch_size=9", False)]
)
def test_seeds_and_learning_rates_cost_nothing(word, same):
    assert (printing._cost_key(config_of(word)) == printing._cost_key(config_of())) == same


def test_every_job_of_a_sweep_is_checked_before_one_is_rehearsed(workplace, rehearsed, capsys):
    assert main(["train", "-m", "--dry-run", *TINY, "optimizer.lr=0.1,-1"]) == 2
    assert "job 2 of 2: optimizer.lr=-1" in capsys.readouterr().err
    assert rehearsed == []


def test_a_search_takes_at_most_all_its_trials(workplace, rehearsed, capsys):
    words = ["hydra/sweeper=akshar_optuna", "hydra.sweeper.search.trials=4", "optimizer.lr=interval(0.01, 0.1)"]
    assert main(["train", "-m", "--dry-run", *TINY, *words]) == 0
    assert len(rehearsed) == 1
    shown = capsys.readouterr().out
    assert re.search(r"all jobs    about [56] min, if all trials are like the first", shown)
    assert main(["train", "-m", "--dry-run", *TINY, *words, "hydra.sweeper.search.trials=0"]) == 2
    assert "hydra.sweeper.search.trials=0: must be" in capsys.readouterr().err


def test_too_little_room_on_the_disk_is_a_failure(workplace, rehearsed, capsys, monkeypatch):
    monkeypatch.setattr(printing.shutil, "disk_usage", lambda _: Usage(10, 5, 5 * 10**6))
    assert main(["train", "--dry-run", *TINY]) == 1
    assert "5.0 MB are free, and 6.0 MB are needed" in capsys.readouterr().err


def test_a_recorded_run_is_not_rehearsed(workplace, capsys):
    assert main(["train", "--dry-run", "resume=latest"]) == 2
    assert "--dry-run: for a new run or sweep" in capsys.readouterr().err


def test_lightning_classes_of_one_s_own_are_rehearsed(workplace, monkeypatch, capsys):
    page = (Path(__file__).parents[1] / "docs" / "your-own-lightning.md").read_text(encoding="utf-8")
    for name, code in re.findall(r"```python\n# (\w+\.py)\n(.*?)```", page, re.S):
        (workplace / name).write_text(code)
    monkeypatch.syspath_prepend(workplace)
    own = ["data=lightning", "data._target_=my_lightning.Bars"]
    own += ["model=lightning", "model._target_=my_steps.Steps"]
    assert main(["train", "--dry-run", *own, "monitor=f1/val", "trainer.max_epochs=2"]) == 0
    lines = dict(line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines())
    assert lines["data"] == "bars: 480 train, 60 val, 60 test"
    assert lines["model"].startswith("steps, ")
    assert not (workplace / "outputs").exists()
