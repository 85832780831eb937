"""`EvaluationMetrics`: every metric of an evaluation, under the name that it has in `result.json`."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from akshar.metrics.accuracy import cross_entropy, score
from akshar.metrics.calibration import calibration_error, softmax
from akshar.metrics.confusion import confusion_counts, macro_average, rates_by_class
from akshar.metrics.intervals import wilson_interval


@dataclass(frozen=True)
class ClassMetrics:
    """Metrics of one class that has images.

    Attributes:
        name: of the class.
        total: images of the class.
        correct: images of the class that were predicted correctly.
        recall: correct / total, [0, 1].
        interval_95: Wilson interval of the recall.
        precision: proportion of the predictions of this class that are correct; 0 if it was never predicted.
        f1: harmonic mean of recall and precision.
    """

    name: str
    total: int
    correct: int
    recall: float
    interval_95: tuple[float, float]
    precision: float
    f1: float


@dataclass(frozen=True)
class EvaluationMetrics:
    """Metrics of a network's predictions on N images.

    Attributes:
        correct: images whose most likely class is the true one.
        total: N.
        accuracy: correct / total, [0, 1].
        interval_95: Wilson interval of the accuracy.
        loss: mean cross-entropy in nats, before temperature scaling.
        calibrated_loss: mean cross-entropy in nats, after temperature scaling.
        top_3: proportion of the images whose true class is among the three most likely ones.
        brier: mean squared distance of calibrated probabilities and truth, [0, 2] (Brier 1950).
        calibration_error: of calibrated probabilities, [0, 1]; see `akshar.metrics.calibration`.
        macro_accuracy, macro_precision, macro_f1: means of recall, precision and F1 over the classes that have
            images, [0, 1].
        by_class: the classes that have images, in label order.
    """

    correct: int
    total: int
    accuracy: float
    interval_95: tuple[float, float]
    loss: float
    calibrated_loss: float
    top_3: float
    brier: float
    calibration_error: float
    macro_accuracy: float
    macro_precision: float
    macro_f1: float
    by_class: tuple[ClassMetrics, ...]


def evaluate_predictions(
    logits: np.ndarray, labels: np.ndarray, classes: Sequence[str], temperature: float
) -> EvaluationMetrics:
    """Compute all metrics of an evaluation.

    Args:
        logits: float32 (N, K), N from 1.
        labels: int (N,), true classes.
        classes: K names in the order of the logits.
        temperature: divides the logits for calibrated probabilities.
    """
    scored = score(logits, labels)
    predicted, rows = logits.argmax(1), np.arange(len(labels))
    rates = rates_by_class(confusion_counts(labels, predicted, len(classes)))
    probabilities = softmax(logits, temperature)
    confidence, errors = probabilities.max(1), probabilities.copy()
    errors[rows, labels] -= 1
    more_likely = (logits > logits[rows, labels][:, None]).sum(1)
    return EvaluationMetrics(
        correct=scored.correct,
        total=scored.total,
        accuracy=scored.accuracy,
        interval_95=wilson_interval(scored.correct, scored.total),
        loss=scored.loss,
        calibrated_loss=cross_entropy(logits, labels, temperature),
        top_3=float((more_likely < 3).mean()),
        brier=float((errors**2).sum(1).mean()),
        calibration_error=calibration_error(confidence, predicted == labels),
        macro_accuracy=scored.macro_accuracy,
        macro_precision=macro_average(rates.precision, rates.total),
        macro_f1=macro_average(rates.f1, rates.total),
        by_class=tuple(
            ClassMetrics(
                name=classes[label],
                total=int(rates.total[label]),
                correct=int(rates.correct[label]),
                recall=float(rates.recall[label]),
                interval_95=wilson_interval(int(rates.correct[label]), int(rates.total[label])),
                precision=float(rates.precision[label]),
                f1=float(rates.f1[label]),
            )
            for label in np.flatnonzero(rates.total).tolist()
        ),
    )
