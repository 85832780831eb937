"""`metrics=...` from end to end: what is logged, kept, shown and selected by."""

import csv
import json

import numpy as np
import pytest
import torch
from conftest import TINY
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from torchmetrics.classification import MulticlassF1Score

from akshar.cli import main

NAMED = ["metrics=[f1,top5]", "monitor=f1/val", "+metrics.doubt._target_=doubt.Doubt"]
DOUBT = """
import torch, torchmetrics
class Doubt(torchmetrics.Metric):
    def __init__(self):
        super().__init__()
        self.add_state("doubted", torch.tensor(0), dist_reduce_fx="sum")
    def update(self, probabilities, labels):
        self.doubted += (probabilities.max(1).values < 0.5).sum()
    def compute(self):
        return self.doubted
"""


def f1_of(folder, stage):
    saved = np.load(folder / "predictions" / f"{stage}.npz")
    logits, labels = torch.from_numpy(saved["logits"]).float(), torch.from_numpy(saved["labels"]).long()
    return float(MulticlassF1Score(logits.shape[1])(logits.softmax(1), labels))


def test_a_metric_is_in_everything_that_a_run_leaves(train, workplace, monkeypatch, capfd):
    (workplace / "doubt.py").write_text(DOUBT)
    monkeypatch.syspath_prepend(str(workplace))
    result, folder = train(*TINY, *NAMED, "optimizer.lr=0.02", "trainer.max_epochs=3")
    shown = capfd.readouterr().err
    assert "commands that read this run need  --trust doubt" in shown
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    usual = ["epoch", "step", "lr", "loss/train", "loss/val", "accuracy/train", "accuracy/val"]
    assert [*rows[0]] == [*usual, "doubt/val", "f1/val", "top5/val", "seconds"]
    scores = [float(row["f1/val"]) for row in rows]
    best = result["best"]
    assert (best["epoch"], best["monitor"], best["mode"]) == (1 + int(np.argmax(scores)), "f1/val", "max")
    metrics = result["metrics"]
    assert metrics["f1/val"] == max(scores) == pytest.approx(f1_of(folder, "val"))
    assert metrics["f1/test"] == pytest.approx(f1_of(folder, "test"))
    assert metrics["f1/test"] == pytest.approx(result["test"]["macro_f1"], abs=1e-6)
    assert (metrics["loss/val"], metrics["accuracy/test"]) == (best["val_loss"], result["test"]["accuracy"])
    assert metrics["top5/test"] >= metrics["accuracy/test"]
    assert f"f1/val {scores[0]:.4f}" in shown
    assert f"f1/test        {metrics['f1/test']:.4f}" in shown
    events = EventAccumulator(str(folder))
    events.Reload()
    assert [event.value for event in events.Scalars("f1/val")] == pytest.approx(scores)
    assert events.Scalars("BEST/f1/test")[0].value == pytest.approx(metrics["f1/test"])
    (layout,) = events.Tensors("custom_scalars__config__")
    assert b"f1/val" in layout.tensor_proto.string_val[0]
    assert main(["runs"]) == 0
    assert "f1/val" in (listed := capfd.readouterr().out)
    assert f"{metrics['f1/val']:.4f}" in listed


def test_a_metric_for_another_task_is_refused_before_anything_is_written(refused, workplace):
    words = ["+metrics.m._target_=torchmetrics.classification.BinaryF1Score"]
    assert (
        "metrics.m: BinaryF1Score does not take probabilities of shape (47, 46)"
        in refused("train", *TINY, *words)[-1]
    )
    words = ["+metrics.m._target_=torch.nn.Identity"]
    assert "metrics.m: must be a torchmetrics.Metric, not Identity" in refused("train", *TINY, *words)[-1]
    assert not list(workplace.glob("outputs/train/*/provenance.json"))


@pytest.mark.slow
def test_a_sweep_is_ranked_by_the_metric_and_a_search_optimises_it(workplace, capfd):
    words = [*TINY, "metrics=calibration_error", "monitor=calibration_error/val", "test=false"]
    assert main(["train", "-m", *words, "optimizer.lr=0.004,0.02", "hydra.sweep.dir=grid"]) == 0
    rows = json.loads((workplace / "grid" / "sweep.json").read_text())
    errors = [row["calibration_error/val"]["mean"] for row in rows]
    assert errors == sorted(errors)
    assert "calibration_error/val" in capfd.readouterr().out
    search = ["hydra/sweeper=akshar_optuna", "optimizer.lr=0.004,0.02", "hydra.sweeper.search.trials=2"]
    search += ["hydra.sweeper.search.sampler=grid", "hydra.sweeper.search.objective=calibration_error/val"]
    assert main(["train", "-m", *words, *search, "hydra.sweep.dir=search"]) == 0
    assert f"calibration_error/val {errors[0]:.4f}" in capfd.readouterr().err
