"""What a network answered on a set of images, beside the truth: what every later question begins with."""

import json
import zipfile
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from akshar.errors import UsageError
from akshar.metrics.calibration import softmax
from akshar.runs.run_dir import RunDir


@dataclass(frozen=True)
class Predictions:
    """Answers on N images over K classes.

    Attributes:
        name: of the run, for people.
        logits: float32 (N, K).
        labels: int64 (N,), positions in `classes`.
        classes: K names in the order of the logits.
        temperature: divides the logits for calibrated confidence.
        result: the content of `result.json`.
    """

    name: str
    logits: np.ndarray
    labels: np.ndarray
    classes: tuple[str, ...]
    temperature: float
    result: dict[str, Any]

    def __len__(self) -> int:
        return len(self.labels)

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Float64 (N, K), calibrated, each row summing to 1."""
        return softmax(self.logits, self.temperature)

    @cached_property
    def predicted(self) -> np.ndarray:
        """Int64 (N,): the most likely class."""
        return self.logits.argmax(1)

    @cached_property
    def right(self) -> np.ndarray:
        """Bool (N,)."""
        return self.predicted == self.labels


def read_predictions(named: str | Path, part: Literal["test", "val"] = "test") -> Predictions:
    """The answers of a run of `train`, or of `test`, from its folder.

    Args:
        named: the folder.
        part: of which images.

    Raises:
        UsageError: there is no such run, it is not completed, or has not read these images; the message names it.
    """
    folder = RunDir(Path(named).expanduser())
    if not folder.path.is_dir():
        raise UsageError(f"{named}: no such folder; `akshar runs` lists the runs")
    result = read_result(folder)
    path = folder.predictions / f"{part}.npz"
    if not path.exists():
        why = "; it was trained with test=false" if part == "test" else ""
        raise UsageError(
            f"{folder}: has no predictions on {'test' if part == 'test' else 'validation'} images{why}"
        )
    try:
        with np.load(path) as saved:
            logits, labels = saved["logits"], saved["labels"]
        classes = tuple(result["classes"])
        temperature = float(result["best"]["temperature"])
    except (OSError, KeyError, TypeError, ValueError, zipfile.BadZipFile) as error:
        raise UsageError(f"{path}: is damaged, or of another version ({type(error).__name__})") from error
    if logits.shape != (len(labels), len(classes)):
        raise UsageError(
            f"{path}: holds logits of shape {logits.shape} for {len(labels)} images in {len(classes)} classes"
        )
    name = f"{result['name']}, seed {result['seed']}" if result.get("seed") is not None else str(result["name"])
    return Predictions(name, logits, labels, classes, temperature, result)


def read_result(folder: RunDir) -> dict[str, Any]:
    """The content of `result.json`.

    Raises:
        UsageError: there is none, or it is damaged.
    """
    try:
        result = json.loads(folder.result.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        status = folder.read_status().get("status")
        how = f"is {status}, not completed" if status else "is no run's folder"
        raise UsageError(f"{folder}: {how}: it has no result.json") from error
    except (OSError, ValueError) as error:
        raise UsageError(f"{folder.result}: is damaged ({error})") from error
    if not isinstance(result, dict) or not {"name", "best", "data"} <= result.keys():
        raise UsageError(f"{folder.result}: is no result of akshar")
    return result
