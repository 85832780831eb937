"""Small checkpoints and results, of today's version and of akshar 0.1, without a training."""

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml

from akshar.devanagari.cards import GLYPHS_CARD, INPUT_SPEC
from akshar.metrics.summary import evaluate_predictions
from akshar.models.compact import Compact
from akshar.runs import provenance
from akshar.runs.checkpoint import FORMAT, HISTORY, KEY, Contents, write_checkpoint
from akshar.runs.result import BestResult, DataResult, ModelResult, Result
from akshar.runs.run_dir import RunDir

OLD = Path(__file__).parent / "runs" / "akshar_0_1"  # files of a finished run of akshar 0.1
CLASSES = ("digit_0", "digit_1", "digit_2")
WIDTHS = {"widths": [4], "blocks": [0]}
NETWORK = {"_target_": "akshar.models.compact.Compact", **WIDTHS, "dropout": 0.0}
CONFIG = {"name": "small", "model": NETWORK, "data": {"_target_": "akshar.devanagari.glyphs.Glyphs"}}


def network(seed: int = 0) -> Compact:
    torch.manual_seed(seed)
    return Compact(len(CLASSES), 1, **WIDTHS).eval()


def contents(**changed: Any) -> Contents:
    return Contents(
        **{
            "format": FORMAT,
            "network": NETWORK | {"num_classes": len(CLASSES), "in_channels": 1},
            "classes": list(CLASSES),
            "input_spec": INPUT_SPEC.to_record(),
            "card": GLYPHS_CARD.to_record(),
            "temperature": 1.5,
            "config": yaml.safe_dump(CONFIG),
        }
        | changed
    )


def write_small_checkpoint(path: Path, net: torch.nn.Module | None = None, **changed: Any) -> Path:
    """Write a checkpoint of today's format, as Lightning would lay it out."""
    net = net or network()
    write_checkpoint(
        {
            "state_dict": {f"net.{name}": value for name, value in net.state_dict().items()},
            "callbacks": {HISTORY: {"rows": [{"epoch": 1, "loss/val": 0.5}]}},
            "global_step": 7,
            KEY: contents(**changed).model_dump(),
        },
        path,
    )
    return path


def write_old_checkpoint(path: Path, net: torch.nn.Module | None = None, **changed: Any) -> Path:
    """Write a checkpoint of format 2, as akshar 0.1 laid it out."""
    net = net or network()
    source = {"_target_": "akshar.data.glyphs.Glyphs", "subset": "digits", "seed": 4}
    record = {
        "format": 2,
        "config": {"name": "old", "model": NETWORK, "data": {"batch_size": 8, "source": source}, "dead_after": 3},
        "classes": list(CLASSES),
        "preprocessing": {"side": 32, "border": 2, "ink": "white on black", "mean": 0.5, "std": 0.5},
        "temperature": 1.1,
    }
    torch.save(
        {
            "akshar": record | changed,
            "state_dict": {f"net.{name}": value for name, value in net.state_dict().items()},
            "callbacks": {"History": {"rows": [{"epoch": 1, "loss/val": 0.25}]}},
        },
        path,
    )
    return path


def predictions(count: int = 12, classes: int = len(CLASSES)) -> tuple[np.ndarray, np.ndarray]:
    """Random logits, of which a part is right."""
    draw = np.random.default_rng(0)
    labels = np.arange(count) % classes
    logits = draw.normal(size=(count, classes)).astype(np.float32)
    logits[np.arange(count), labels] += 1
    return logits, labels


def write_predictions(run_dir: RunDir, logits: np.ndarray, labels: np.ndarray, part: str = "test") -> None:
    run_dir.make()
    np.savez(run_dir.predictions / f"{part}.npz", logits=logits, labels=labels)


def small_result(**changed: Any) -> Result:
    logits, labels = predictions()
    return Result(
        **{
            "name": "small",
            "seed": 3,
            "data": DataResult(source="glyphs", classes=3, train=20, val=4, test=12, digest="d"),
            "model": ModelResult(name="compact", parameters=100),
            "best": BestResult(
                epoch=2, val_loss=0.5, val_accuracy=0.75, checkpoint="checkpoints/best.ckpt", temperature=1.5
            ),
            "test": evaluate_predictions(logits, labels, CLASSES, 1.5),
            "classes": list(CLASSES),
            "card": GLYPHS_CARD.to_record(),
            "config": CONFIG,
            "provenance": provenance.Provenance(**dict(provenance.environment())),
        }
        | changed
    )


def finished_run(path: Path, **changed: Any) -> RunDir:
    """Make the folder of a completed run with a result and predictions."""
    run_dir = RunDir(path)
    run_dir.make()
    small_result(**changed).write(run_dir.result)
    write_predictions(run_dir, *predictions())
    run_dir.write_status("completed", 2, 20)
    return run_dir


def old_run(path: Path) -> tuple[RunDir, tuple[np.ndarray, np.ndarray]]:
    """Copy the finished run of akshar 0.1, with predictions on 92 images in place of 13,800."""
    shutil.copytree(OLD, path)
    run_dir = RunDir(path)
    saved = predictions(92, 46)
    write_predictions(run_dir, *saved)
    return run_dir, saved


def change_json(path: Path, **changed: Any) -> None:
    content = json.loads(path.read_text())
    path.write_text(json.dumps({key: value for key, value in (content | changed).items() if value is not ...}))


def same(first: object, second: object) -> bool:
    """Whether two records of metrics hold the same values."""
    return dataclasses.asdict(first) == dataclasses.asdict(second)  # pyright: ignore[reportArgumentType]
