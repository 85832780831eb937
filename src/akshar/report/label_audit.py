"""Label audit by cross-validation: how strongly the network that held an image out disagrees with its label."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from akshar.errors import UsageError
from akshar.runs.predictions import read_predictions
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_json


@dataclass(frozen=True)
class AuditedLabel:
    """The label of a training image and the prediction of the network that was not trained on it.

    Attributes:
        index: position of the image in the training set.
        label: position of its class.
        predicted: the most likely class other than the label.
        margin: probability of the label minus that of `predicted`, [-1, 1]; below 0 the network contradicts the
            label (the normalised margin of Northcutt et al., JAIR 2021).
    """

    index: int
    label: int
    predicted: int
    margin: float


def audit_labels(folds: Sequence[RunDir]) -> tuple[list[AuditedLabel], tuple[str, ...]]:
    """Audit the label of every training image.

    Args:
        folds: the completed runs of a k-fold sweep, one per fold.

    Returns:
        The labels in ascending order of their margin, and the names of the classes.

    Raises:
        UsageError: the runs do not hold out every training image exactly once.
    """
    audited: list[AuditedLabel] = []
    classes: tuple[str, ...] = ()
    total = 0
    for run_dir in folds:
        predictions = read_predictions(run_dir.path, "val")
        classes = predictions.classes
        total = (predictions.result.data.train or 0) + (predictions.result.data.val or 0)
        try:
            indices = read_json(run_dir.split)["val"]
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise UsageError(f"{run_dir.split}: damaged, or of another version") from error
        if len(indices) != len(predictions):
            raise UsageError(f"{run_dir}: split.json and predictions/val.npz are not of the same run")
        likeliest, margins = label_margins(predictions.probabilities, predictions.labels)
        columns = (indices, predictions.labels.tolist(), likeliest.tolist(), margins.tolist())
        audited += [AuditedLabel(*row) for row in zip(*columns, strict=True)]
    distinct = len({label.index for label in audited})
    if len(audited) != total or distinct != total:
        raise UsageError(
            f"the {len(folds)} runs hold out {distinct} of {total} training images; a label audit needs every fold "
            "of one split, each once: akshar train -m sweep=kfold"
        )
    return sorted(audited, key=lambda label: label.margin), classes


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
