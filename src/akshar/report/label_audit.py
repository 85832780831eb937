"""Label audit: how strongly networks disagree with the labels of images that they were not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from akshar.errors import UsageError
from akshar.runs.predictions import Predictions, read_predictions
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_json

Part = Literal["train", "test"]


@dataclass(frozen=True)
class AuditedLabel:
    """The label of an image and the mean prediction of the networks that were not trained on it.

    Attributes:
        part: of the data set.
        index: position of the image in that part.
        label: position of its class.
        predicted: the most likely class other than the label.
        margin: probability of the label minus that of `predicted`, [-1, 1]; below 0 the networks contradict the
            label (the normalised margin of Northcutt et al., JAIR 2021).
        against: number of networks whose own answer is another class than the label.
    """

    part: Part
    index: int
    label: int
    predicted: int
    margin: float
    against: int


@dataclass(frozen=True)
class LabelAudit:
    """The labels of one part of a data set.

    Attributes:
        labels: in ascending order of their margin.
        networks: number of networks that predict each image.
    """

    labels: list[AuditedLabel]
    networks: int

    @property
    def doubtful(self) -> list[AuditedLabel]:
        """The labels that the networks contradict."""
        return [label for label in self.labels if label.margin < 0]


@dataclass(frozen=True)
class MeanPredictions:
    """What several networks predict for N images that none of them was trained on.

    Attributes:
        probabilities: mean of their calibrated probabilities, float64 (N, K).
        labels: int64 (N,).
        against: number of networks whose own answer is another class than the label, int64 (N,).
        networks: number of networks that predict each image.
    """

    probabilities: np.ndarray
    labels: np.ndarray
    against: np.ndarray
    networks: int

    def audit(self, part: Part) -> LabelAudit:
        """Audit the labels."""
        likeliest, margins = label_margins(self.probabilities, self.labels)
        columns = (self.labels.tolist(), likeliest.tolist(), margins.tolist(), self.against.tolist())
        labels = [AuditedLabel(part, index, *row) for index, row in enumerate(zip(*columns, strict=True))]
        return LabelAudit(sorted(labels, key=lambda label: label.margin), self.networks)


def held_out_predictions(folds: Sequence[RunDir]) -> MeanPredictions:
    """Average what networks predict for every training image that was among their validation images.

    Args:
        folds: the completed runs of k-fold sweeps, each fold once for each network.

    Raises:
        UsageError: the runs do not hold out every training image equally often.
    """
    found: list[tuple[np.ndarray, Predictions]] = []
    for run_dir in folds:
        predictions = read_predictions(run_dir.path, "val")
        try:
            positions = np.array(read_json(run_dir.split)["val"], dtype=np.int64)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{run_dir.split}: damaged, or of another version") from error
        if len(positions) != len(predictions) or len({*positions.tolist()}) != len(positions):
            raise UsageError(f"{run_dir}: split.json and predictions/val.npz are not of the same run")
        found.append((positions, predictions))
    data = found[0][1].result.data
    total = (data.train or 0) + (data.val or 0)
    held_out = np.bincount(np.concatenate([positions for positions, _ in found]), minlength=total)
    if not held_out.all():
        raise UsageError(
            f"the {len(folds)} runs hold out {np.count_nonzero(held_out)} of {total} training images; a label "
            "audit needs every fold of one split: akshar train -m sweep=kfold"
        )
    if held_out.min() != held_out.max():
        raise UsageError(
            f"the {len(folds)} runs hold out some training images {held_out.min()} times and others "
            f"{held_out.max()} times; a label audit needs the same folds of every network: akshar train -m "
            "sweep=kfold model=compact,separable"
        )
    return _mean(found, total)


def tested_predictions(runs: Sequence[RunDir]) -> MeanPredictions | None:
    """Average what all networks predict for the test images, on which none of them was trained.

    Returns:
        None where no run was tested.

    Raises:
        UsageError: only some runs were tested, or on different images.
    """
    if not any((run.predictions / "test.npz").exists() for run in runs):
        return None
    found = [read_predictions(run_dir.path, "test") for run_dir in runs]
    for run_dir, predictions in zip(runs, found, strict=True):
        if not np.array_equal(predictions.labels, found[0].labels):
            raise UsageError(f"{run_dir}: tested on other images than {runs[0]}")
    return _mean([(np.arange(len(predictions)), predictions) for predictions in found], len(found[0]))


def _mean(found: Sequence[tuple[np.ndarray, Predictions]], total: int) -> MeanPredictions:
    """Average predictions for the images at some positions of `total`, each position equally often."""
    probabilities = np.zeros((total, len(found[0][1].classes)))
    labels, against = np.zeros((2, total), dtype=np.int64)
    for positions, predictions in found:
        probabilities[positions] += predictions.probabilities
        labels[positions] = predictions.labels
        against[positions] += ~predictions.correct
    networks = sum(len(positions) for positions, _ in found) // total
    return MeanPredictions(probabilities / networks, labels, against, networks)


def label_margins(probabilities: np.ndarray, labels: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Compare the probability of each label with that of the most likely other class.

    Args:
        probabilities: float (N, K).
        labels: int (N,).

    Returns:
        The most likely other class, int64 (N,), and the margin, float (N,).
    """
    rows = np.arange(len(labels))
    others = probabilities.copy()
    others[rows, labels] = -1
    return others.argmax(1), probabilities[rows, labels] - others.max(1)
