"""The files of a sweep without a training: what the table and the summary read."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import yaml
from results import make_result

from akshar.metrics.summary import evaluate_predictions
from akshar.runs.result import BestResult, ModelResult, Result
from akshar.runs.run_dir import RunDir, StatusName

CONFIG = {
    "seed": 1,
    "optimizer": {"lr": 0.1},
    "model": {"_target_": "any.Net", "widths": [8]},
    "monitor": "loss/val",
}


def result(
    val_loss=0.5, val_accuracy=0.75, test_accuracy: float | None = 0.7, parameters=1000, monitor=None, further=()
) -> Result:
    logits = np.eye(2, dtype=np.float32)[[0, 1, 1, 0, 1, 0, 0, 1, 0, 1]]
    test = evaluate_predictions(logits, np.array([0, 1] * 5), ("a", "b"), 1.0)
    return make_result(
        data={"train": 6, "val": 2},
        model=ModelResult(name="net", parameters=parameters),
        best=BestResult(
            epoch=1,
            monitor=monitor,
            mode=None if monitor is None else "min",
            val_loss=val_loss,
            val_accuracy=val_accuracy,
            checkpoint="",
            temperature=1.0,
        ),
        metrics=dict(further),
        test=None if test_accuracy is None else replace(test, accuracy=test_accuracy),
    )


def write_run(path: Path, config, status: StatusName = "completed", error=None, **metrics) -> RunDir:
    """One run, completed with `metrics` unless `status` says otherwise."""
    run_dir = RunDir(path)
    run_dir.make()
    run_dir.write_status(status, error=error)
    run_dir.config.write_text(yaml.safe_dump(CONFIG | config))
    if status == "completed":
        result(**metrics).model_copy(update={"config": CONFIG | config}).write(run_dir.result)
    return run_dir


def write_fold(run_dir: RunDir, held_out: list[int], labels: list[int], answers: list[int]) -> None:
    """Which images a run held out, their labels, and the answers to them."""
    run_dir.split.write_text(json.dumps({"val": held_out}))
    logits = np.eye(2, dtype=np.float32)[answers]
    np.savez(run_dir.predictions / "val.npz", logits=logits, labels=np.array(labels))
