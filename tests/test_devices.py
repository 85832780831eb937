"""One run over several devices: processes on the CPU here, which exchange by gloo."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import TINY

from akshar.cli import main
from akshar.runs.checkpoint import read_checkpoint

TWO = [*TINY, "trainer=ddp", "trainer.devices=2", "trainer.accelerator=cpu", "trainer.max_epochs=3"]
PLAIN = [
    "optimizer=sgd",
    "optimizer.lr=0.1",
    "scheduler=none",
    "augment=none",
    "data.batch_size=46",
]


def weights(folder, name="best"):
    return read_checkpoint(Path(folder) / "checkpoints" / f"{name}.ckpt").weights


def same(one, other):
    return one.keys() == other.keys() and all(torch.equal(one[key], other[key]) for key in one)


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "akshar", "train", *words],
        stderr=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )


def processes_of(run):
    """Of the further processes that work on a run."""
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            words = path.read_bytes().split(b"\0")
            is_there = (path.parent / "cwd").samefile(run.parent)
        except OSError:
            continue
        if b"akshar.training.ddp_worker" in words and is_there:
            found.append(int(path.parent.name))
    return found


@pytest.fixture
def plain_net(monkeypatch):
    here = os.path.dirname(__file__)
    monkeypatch.setenv("PYTHONPATH", here)
    monkeypatch.syspath_prepend(here)
    small = ["data=glyphs", "data.train_per_class=20", "data.test_per_class=5", "trainer.max_epochs=3"]
    net = ["model._target_=bomb.PlainNet", "~model.widths", "~model.blocks", "~model.dropout"]
    return [*small, *PLAIN, "trainer.precision=32-true", "trainer.accelerator=cpu", *net]


def test_two_devices_learn_what_one_does_and_the_test_counts_every_image_once(train, plain_net):
    alone, folder = train(*plain_net)
    result, shared = train(*plain_net, "trainer=ddp", "trainer.devices=2")
    assert (result["fit"]["devices"], result["test"]["total"]) == (2, 46 * 5)
    assert result["fit"]["steps"] == alone["fit"]["steps"]
    one, two = weights(folder), weights(shared)
    assert all(torch.allclose(one[key], two[key], rtol=1e-3, atol=1e-5) for key in one)
    assert result["best"]["val_loss"] == pytest.approx(alone["best"]["val_loss"], rel=1e-4)
    assert result["test"]["correct"] == pytest.approx(alone["test"]["correct"], abs=2)
    assert not list(shared.glob("rank-*.log"))  # nothing was said there


@pytest.mark.slow
def test_what_validation_said_in_the_fit_is_so_on_one_device(train):
    result, folder = train(*TWO, "trainer.accumulate_grad_batches=2", "callbacks=ema", "metrics=[f1,auroc]")
    rows = (folder / "history.csv").read_text().splitlines()
    best = dict(zip(rows[0].split(","), rows[result["best"]["epoch"]].split(","), strict=True))
    assert float(best["loss/val"]) == pytest.approx(result["best"]["val_loss"], rel=1e-4)
    for name in ("f1/val", "auroc/val"):
        assert float(best[name]) == pytest.approx(result["metrics"][name], rel=1e-4)
    assert result["fit"]["images_per_second"] * result["fit"]["seconds"] == pytest.approx(3 * 828, rel=0.01)


@pytest.mark.slow
def test_stopped_within_an_epoch_it_goes_on_to_the_same_end(workplace):
    words = [*TWO, "trainer.max_epochs=12"]
    assert main(["train", *words, "hydra.run.dir=whole"]) == 0
    process = start(*words, "hydra.run.dir=stopped", "checkpoint.every_n_steps=2")
    run = workplace / "stopped"
    while not (run / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.005)
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 143, err
    assert json.loads((run / "status.json").read_text())["step"] < 12 * 13
    assert not processes_of(run)
    assert main(["train", "resume=stopped"]) == 0
    assert same(weights("whole"), weights("stopped"))
    assert same(weights("whole", "last"), weights("stopped", "last"))


@pytest.mark.slow
@pytest.mark.parametrize("lost", ["a further process", "the first"])
def test_a_lost_process_ends_the_run(lost, workplace):
    process = start(*TWO, "trainer.max_epochs=5000", "chance_warning_epochs=9999", "hydra.run.dir=run")
    run = workplace / "run"
    while not (run / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()[1]
        time.sleep(0.05)
    (further,) = processes_of(run)
    os.kill(further if lost == "a further process" else process.pid, signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    deadline = time.monotonic() + 20
    while processes_of(run) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert not processes_of(run)
    if lost == "a further process":
        assert process.returncode == 1
        assert f"error: rank 1 (process {further} on {socket.gethostname()}) was lost" in err
        assert json.loads((run / "status.json").read_text())["status"] == "failed"
    assert main(["train", "resume=run", "trainer.max_epochs=5000", "trainer.limit_train_batches=1"]) == 2


@pytest.mark.slow
def test_jobs_of_a_sweep_may_each_take_two(workplace):
    assert main(["train", "-m", *TWO, "seed=1,2", "hydra.sweep.dir=sweep"]) == 0
    results = [json.loads(path.read_text()) for path in (workplace / "sweep").glob("*/result.json")]
    assert [result["fit"]["devices"] for result in results] == [2, 2]
    assert "LOCAL_RANK" not in os.environ


def test_more_devices_than_images_are_refused(refused):
    lines = refused("train", *TWO, "trainer.devices=65")
    assert "trainer.devices=65: must not be above the 64 images of a batch" in lines[-1]


@pytest.mark.slow
def test_a_loss_that_is_no_number_ends_all(refused, workplace):
    lines = refused(
        "train", *TWO, "optimizer=sgd", "scheduler=none", "optimizer.lr=1e20", "hydra.run.dir=r", exit_code=1
    )
    assert any("the loss is nan in epoch 1" in line for line in lines)
    assert (workplace / "r" / "diverged.json").exists()
    assert not processes_of(workplace / "r")
