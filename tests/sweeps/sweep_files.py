"""The files of a sweep without a training: what the table and the summary read."""

import json
from pathlib import Path

import numpy as np
import yaml

from akshar.runs.run_dir import RunDir, Status

CONFIG = {
    "seed": 1,
    "optimizer": {"lr": 0.1},
    "model": {"_target_": "any.Net", "widths": [8]},
    "monitor": "loss/val",
}


def result(val_loss=0.5, val_accuracy=0.75, test_accuracy: float | None = 0.7, parameters=1000):
    return {
        "best": {"val_loss": val_loss, "val_accuracy": val_accuracy},
        "test": None if test_accuracy is None else {"accuracy": test_accuracy},
        "fit": {"seconds": 2.0},
        "model": {"parameters": parameters},
        "data": {"source": "shapes", "subset": None, "train": 6, "val": 2},
    }


def write_run(path: Path, config, status: Status = "completed", error=None, **metrics) -> RunDir:
    """One run, completed with `metrics` unless `status` says otherwise."""
    run_dir = RunDir(path)
    run_dir.make()
    run_dir.write_status(status, error=error)
    run_dir.config.write_text(yaml.safe_dump(CONFIG | config))
    if status == "completed":
        run_dir.result.write_text(json.dumps(result(**metrics)))
    return run_dir


def write_fold(run_dir: RunDir, held_out: list[int], labels: list[int], answers: list[int]) -> None:
    """Which images a run held out, their labels, and the answers to them."""
    run_dir.split.write_text(json.dumps({"val": held_out}))
    logits = np.eye(2, dtype=np.float32)[answers]
    np.savez(run_dir.predictions / "val.npz", logits=logits, labels=np.array(labels))
