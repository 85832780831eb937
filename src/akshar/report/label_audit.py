"""Which labels the networks of a cross-validation doubt most: each image judged by the one that has not seen it."""

import json
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from akshar.errors import UsageError
from akshar.runs.predictions import read_predictions
from akshar.runs.run_dir import RunDir


@dataclass(frozen=True)
class Doubt:
    """What is held against the label of a training image.

    Attributes:
        index: position among the training images.
        label: as it stands, a position in the classes.
        likelier: what the network reads.
        margin: probability of the label less that of the likeliest other class, -1 to 1; the less, the more doubt
            (the normalised margin of Northcutt et al., JAIR 2021).
    """

    index: int
    label: int
    likelier: int
    margin: float


def read_doubts(folds: Sequence[RunDir]) -> tuple[list[Doubt], tuple[str, ...]]:
    """All training images, the most doubted first, and the names of the classes.

    Args:
        folds: the runs of a completed k-fold sweep, one a fold.

    Raises:
        UsageError: the runs do not judge every training image exactly once.
    """
    indices, margins, labels, likelier = [], [], [], []
    classes: tuple[str, ...] = ()
    expected = 0
    for folder in folds:
        outcome = read_predictions(folder.path, "val")
        classes = outcome.classes
        expected = outcome.result["data"]["train"] + outcome.result["data"]["val"]
        indices += json.loads(folder.split.read_text(encoding="utf-8"))["val"]
        rows = np.arange(len(outcome))
        others = outcome.probabilities.copy()
        own = others[rows, outcome.labels]
        others[rows, outcome.labels] = -1
        likelier += others.argmax(1).tolist()
        margins += (own - others.max(1)).tolist()
        labels += outcome.labels.tolist()
    if len(indices) != expected or len({*indices}) != expected:
        raise UsageError(
            f"the {len(folds)} runs judge {len({*indices})} of {expected} training images; a label audit needs "
            "every fold of one split, once: akshar train -m sweep=kfold"
        )
    order = np.argsort(margins, kind="stable")
    return [Doubt(indices[at], labels[at], likelier[at], margins[at]) for at in order], classes
