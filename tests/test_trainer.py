"""Arguments of Lightning's Trainer in real trainings: what they do is seen in what the run leaves and says."""

import csv
import json
import logging

import pytest
import torch
from conftest import TINY

from akshar.cli import main
from akshar.models.classifier import Classifier
from akshar.training import console_summary
from akshar.training.job import quiet_libraries

BATCHES = 13  # of an epoch of TINY


def test_steps_tables_and_bars(train, capfd):
    """A run that ends within its second epoch, which is validated, and for which the rate is planned."""
    words = ["trainer.max_steps=17", "trainer.profiler=simple", "trainer.enable_model_summary=true"]
    words += ["callbacks.bar._target_=pytorch_lightning.callbacks.TQDMProgressBar", "trainer.max_epochs=5"]
    words += ["trainer.strategy=ddp", "trainer.num_nodes=1", "trainer.detect_anomaly=true"]
    result, folder = train(*TINY, *words)
    assert (result["fit"]["epochs"], result["fit"]["steps"]) == (2, 17)
    with (folder / "history.csv").open() as file:
        rows = [*csv.DictReader(file)]
    assert [int(row["step"]) for row in rows] == [BATCHES, 17]
    assert float(rows[-1]["lr"]) < 1e-6  # onecycle ends where the run does
    shown = capfd.readouterr()
    text = shown.out + shown.err
    assert "trainer.max_steps=17 ended training in epoch 2, step 17" in text
    assert "FIT Profiler Report" in text
    assert "run_training_epoch" in text
    assert "Total params" in text or "Trainable params" in text
    assert "Epoch 0:" in text  # Lightning's bar; ours counts from 1
    assert "epoch 1/5:" not in text
    assert main(["train", f"resume={folder}", "trainer.max_epochs=9"]) == 2
    assert "trainer.max_epochs=9: cannot be raised in a run with trainer.max_steps=17" in capfd.readouterr().err


def test_a_run_that_its_time_ended_says_so(train, capfd):
    words = ["scheduler=none", "trainer.max_time=00:00:00:01", "trainer.max_epochs=9999", "logger=none"]
    result, folder = train(*TINY, *words)
    assert result["fit"]["epochs"] < 9999
    epoch, steps = result["fit"]["epochs"], result["fit"]["steps"]
    assert f"trainer.max_time ended training in epoch {epoch}, step {steps}" in capfd.readouterr().err
    assert json.loads((folder / "status.json").read_text())["status"] == "completed"


def test_gradients_are_clipped_by_value():
    classifier = Classifier(torch.nn.Linear(4, 2))
    for parameter in classifier.parameters():
        parameter.grad = torch.full_like(parameter, 10.0)
    classifier.configure_gradient_clipping(torch.optim.SGD(classifier.parameters(), lr=1), 0.5, "value")
    assert all(bool((parameter.grad == 0.5).all()) for parameter in classifier.parameters())


@pytest.mark.filterwarnings("default")
def test_lightning_s_hint_about_srun_is_not_shown(recwarn):
    from pytorch_lightning.utilities.rank_zero import rank_zero_warn

    quiet_libraries()
    rank_zero_warn("The `srun` command is available on your system but is not used. HINT: ...")
    assert not recwarn.list
    assert logging.getLogger("pytorch_lightning").level == logging.WARNING


def test_a_run_keeps_its_best_checkpoint_alone(train, refused, capfd, monkeypatch):
    monkeypatch.setattr(console_summary, "LARGE_CHECKPOINTS", 1000)
    _, folder = train(*TINY, "scheduler=none")
    assert "; checkpoint.keep=best leaves 0 MB" in capfd.readouterr().err
    assert main(["train", f"resume={folder}", "trainer.max_epochs=3", "checkpoint.keep=best"]) == 0
    assert [path.name for path in (folder / "checkpoints").iterdir()] == ["best.ckpt"]
    assert "checkpoint.keep" not in capfd.readouterr().err.partition("run folder")[2]
    (line,) = refused("train", f"resume={folder}", "trainer.max_epochs=4")
    assert "kept only its best checkpoint (checkpoint.keep=best)" in line
    assert main(["train", f"resume={folder}", "trainer.max_epochs=4", "resume_from=best"]) == 0
    assert json.loads((folder / "result.json").read_text())["fit"]["epochs"] == 4
