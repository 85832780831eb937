"""How good answers are: counts, rates by class, and how well confidence can be believed."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from akshar.metrics.accuracy import wilson_interval
from akshar.plots.reliability import calibration_error


def figures_of_merit(probabilities: np.ndarray, labels: np.ndarray, classes: Sequence[str]) -> dict[str, Any]:
    """Everything that is said of a test.

    Macro averages are over the classes that occur among the labels.

    Args:
        probabilities: float (N, K), rows summing to 1.
        labels: int (N,).
        classes: K names.

    Returns:
        Plain values: correct, total, accuracy, interval_95 (Wilson), top_3, loss (nats), brier (0 to 2, Brier
        1950), calibration_error (see that function), macro_accuracy (mean recall), macro_precision, macro_f1, and
        by_class.
    """
    total, count = len(labels), len(classes)
    predicted = probabilities.argmax(1)
    right = predicted == labels
    of_truth = probabilities[np.arange(total), labels]
    better = (probabilities > of_truth[:, None]).sum(1)
    by_class = rates_by_class(confusion_counts(labels, predicted, count))
    occurring = [dict(name=name, **rates) for name, rates in zip(classes, by_class, strict=True) if rates["total"]]
    correct = int(right.sum())
    one_hot = np.zeros_like(probabilities)
    one_hot[np.arange(total), labels] = 1
    return {
        "correct": correct,
        "total": total,
        "accuracy": correct / total,
        "interval_95": list(wilson_interval(correct, total)),
        "top_3": float((better < 3).mean()),
        "loss": float(-np.log(np.maximum(of_truth, np.finfo(float).tiny)).mean()),
        "brier": float(((probabilities - one_hot) ** 2).sum(1).mean()),
        "calibration_error": calibration_error(probabilities.max(1), right),
        "macro_accuracy": _mean(occurring, "recall"),
        "macro_precision": _mean(occurring, "precision"),
        "macro_f1": _mean(occurring, "f1"),
        "by_class": occurring,
    }


def confusion_counts(labels: np.ndarray, predicted: np.ndarray, count: int) -> np.ndarray:
    """Int (count, count): how often the class of a row was read as that of a column."""
    return np.bincount(labels * count + predicted, minlength=count * count).reshape(count, count)


def rates_by_class(counts: np.ndarray) -> list[dict[str, Any]]:
    """Of each class: total, correct, recall with its Wilson interval, precision, f1.

    Args:
        counts: int (K, K), rows the truth, columns the answers. Precision and f1 of a class that was never
            answered are 0.
    """
    rows = []
    for label in range(len(counts)):
        correct, total, answered = int(counts[label, label]), int(counts[label].sum()), int(counts[:, label].sum())
        rows.append(
            {
                "total": total,
                "correct": correct,
                "recall": correct / total if total else 0.0,
                "interval_95": list(wilson_interval(correct, total)) if total else [0.0, 1.0],
                "precision": correct / answered if answered else 0.0,
                "f1": 2 * correct / (total + answered) if total + answered else 0.0,
            }
        )
    return rows


def _mean(rows: Sequence[dict[str, Any]], key: str) -> float:
    return sum(row[key] for row in rows) / len(rows)
