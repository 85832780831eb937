"""Label audit: how strongly networks disagree with the labels of images that they were not trained on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from akshar.errors import UsageError
from akshar.runs.predictions import Predictions, read_predictions
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_json


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

    part: Literal["train", "test"]
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


class _Mean:
    """The mean of calibrated predictions for each image, each network once.

    Args:
        labels: int64 (N,).
        classes: number of them.
    """

    def __init__(self, labels: np.ndarray, classes: int):
        self.labels = labels
        self.sum = np.zeros((len(labels), classes))
        self.networks, self.against = np.zeros((2, len(labels)), dtype=np.int64)

    def add(self, positions: np.ndarray, predictions: Predictions) -> None:
        """Add what a network predicts for the images at `positions`, int64 (n,)."""
        self.sum[positions] += predictions.probabilities
        self.networks[positions] += 1
        self.against[positions] += ~predictions.correct

    def audit(self, part: Literal["train", "test"]) -> LabelAudit:
        """Audit the labels; each image was predicted by the same number of networks."""
        likeliest, margins = label_margins(self.sum / self.networks[:, None], self.labels)
        columns = (self.labels.tolist(), likeliest.tolist(), margins.tolist(), self.against.tolist())
        labels = [AuditedLabel(part, index, *row) for index, row in enumerate(zip(*columns, strict=True))]
        return LabelAudit(sorted(labels, key=lambda label: label.margin), int(self.networks[0]))


def audit_training_labels(folds: Sequence[RunDir]) -> LabelAudit:
    """Audit the label of every training image by the networks whose validation images it was among.

    Args:
        folds: the completed runs of a k-fold sweep, each fold once for each network.

    Raises:
        UsageError: the runs do not hold out every training image equally often.
    """
    mean: _Mean | None = None
    for run_dir in folds:
        predictions = read_predictions(run_dir.path, "val")
        total = (predictions.result.data.train or 0) + (predictions.result.data.val or 0)
        try:
            positions = np.array(read_json(run_dir.split)["val"], dtype=np.int64)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{run_dir.split}: damaged, or of another version") from error
        if len(positions) != len(predictions) or len({*positions.tolist()}) != len(positions):
            raise UsageError(f"{run_dir}: split.json and predictions/val.npz are not of the same run")
        mean = mean or _Mean(np.zeros(total, dtype=np.int64), len(predictions.classes))
        mean.labels[positions] = predictions.labels
        mean.add(positions, predictions)
    assert mean is not None
    least, most = int(mean.networks.min()), int(mean.networks.max())
    if least == 0:
        raise UsageError(
            f"the {len(folds)} runs hold out {np.count_nonzero(mean.networks)} of {len(mean.networks)} training "
            "images; a label audit needs every fold of one split: akshar train -m sweep=kfold"
        )
    if least != most:
        raise UsageError(
            f"the {len(folds)} runs hold out some training images {least} times and others {most} times; a label "
            "audit needs the same folds of every network: akshar train -m sweep=kfold model=compact,separable"
        )
    return mean.audit("train")


def audit_test_labels(runs: Sequence[RunDir]) -> LabelAudit | None:
    """Audit the labels of the test images by all networks, none of which was trained on them.

    Returns:
        None where no run was tested.

    Raises:
        UsageError: only some runs were tested, or on different images.
    """
    tested = [run for run in runs if (run.predictions / "test.npz").exists()]
    if not tested:
        return None
    mean: _Mean | None = None
    for run_dir in runs:
        predictions = read_predictions(run_dir.path, "test")
        mean = mean or _Mean(predictions.labels, len(predictions.classes))
        if len(predictions) != len(mean.labels) or (predictions.labels != mean.labels).any():
            raise UsageError(f"{run_dir}: tested on other images than the runs before it")
        mean.add(np.arange(len(predictions)), predictions)
    assert mean is not None
    return mean.audit("test")


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
