"""A network's predictions on a set of images, beside the true labels."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Literal

import numpy as np

from akshar.data.card import DatasetCard
from akshar.errors import DataError, UsageError
from akshar.metrics.calibration import softmax
from akshar.runs.logits_file import read_logits
from akshar.runs.result import Result, read_result
from akshar.runs.run_dir import RunDir


@dataclass(frozen=True)
class Predictions:
    """Predictions on N images over K classes.

    Attributes:
        logits: float32 (N, K).
        labels: int64 (N,), positions in `classes`.
        result: of the run.
    """

    logits: np.ndarray
    labels: np.ndarray
    result: Result

    def __len__(self) -> int:
        return len(self.labels)

    @property
    def name(self) -> str:
        """Name and seed of the run."""
        return self.result.title

    @property
    def classes(self) -> tuple[str, ...]:
        """K class names in the order of the logits."""
        return tuple(self.result.classes)

    @cached_property
    def card(self) -> DatasetCard:
        """Card of the data set."""
        return self.result.dataset_card

    @property
    def temperature(self) -> float:
        """Divide the logits for calibrated confidence."""
        return self.result.best.temperature

    @cached_property
    def probabilities(self) -> np.ndarray:
        """Float64 (N, K), calibrated, each row summing to 1."""
        return softmax(self.logits, self.temperature)

    @cached_property
    def predicted(self) -> np.ndarray:
        """Int64 (N,): the most likely class."""
        return self.logits.argmax(1)

    @cached_property
    def correct(self) -> np.ndarray:
        """Bool (N,)."""
        return self.predicted == self.labels


def read_predictions(named: str | Path, part: Literal["test", "val"] = "test") -> Predictions:
    """Read the predictions of a run of `train`, or of `test`.

    Args:
        named: the run's folder.
        part: which images.

    Raises:
        UsageError: no such run, not completed, or without predictions on these images; the message names it.
    """
    run_dir = RunDir(Path(named).expanduser())
    if not run_dir.path.is_dir():
        raise UsageError(f"{named}: no such folder; `akshar runs` lists the runs")
    result = read_result(run_dir)
    path = run_dir.predictions / f"{part}.npz"
    if not path.exists():
        images, reason = ("test", "; it was trained with test=false") if part == "test" else ("validation", "")
        raise UsageError(f"{run_dir}: has no predictions on {images} images{reason}")
    try:
        logits, labels = read_logits(path)
    except DataError as error:
        raise UsageError(str(error)) from error
    if logits.shape != (len(labels), len(result.classes)):
        raise UsageError(
            f"{path}: holds logits of shape {logits.shape} for {len(labels)} images, {len(result.classes)} classes"
        )
    return Predictions(logits, labels, result)
