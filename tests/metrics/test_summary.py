"""`EvaluationMetrics` against numbers by hand and by `score`."""

from dataclasses import asdict

import numpy as np
import pytest

from akshar.metrics.accuracy import score
from akshar.metrics.summary import evaluate_predictions

PROBABILITIES = np.array([[0.7, 0.2, 0.1], [0.4, 0.5, 0.1], [0.2, 0.2, 0.6], [0.3, 0.6, 0.1]])


def test_metrics_by_hand():
    metrics = evaluate_predictions(np.log(PROBABILITIES), np.array([0, 0, 2, 1]), ("a", "b", "c"), 1.0)
    assert (metrics.correct, metrics.total, metrics.accuracy) == (3, 4, 0.75)
    assert metrics.loss == pytest.approx(-np.log([0.7, 0.4, 0.6, 0.6]).mean())
    assert metrics.calibrated_loss == metrics.loss
    by_class = {row.name: row for row in metrics.by_class}
    assert (by_class["a"].recall, by_class["a"].precision, by_class["b"].precision) == (0.5, 1.0, 0.5)
    assert by_class["a"].f1 == pytest.approx(2 / 3)
    assert metrics.brier == pytest.approx((0.14 + 0.62 + 0.24 + 0.26) / 4)
    assert metrics.top_3 == 1


def test_the_temperature_changes_the_calibrated_metrics_alone():
    logits, labels = np.log(PROBABILITIES) * 2, np.array([0, 0, 2, 1])
    metrics = evaluate_predictions(logits, labels, ("a", "b", "c"), 2.0)
    scored = score(logits, labels)
    assert (metrics.loss, metrics.macro_accuracy) == (scored.loss, scored.macro_accuracy)
    calibrated = evaluate_predictions(np.log(PROBABILITIES), labels, ("a", "b", "c"), 1.0)
    assert metrics.calibrated_loss == pytest.approx(calibrated.loss)
    assert metrics.brier == pytest.approx(calibrated.brier)
    assert metrics.calibration_error == pytest.approx(calibrated.calibration_error)


def test_classes_without_images_are_left_out_of_the_means_and_the_table():
    metrics = evaluate_predictions(np.log(PROBABILITIES), np.array([0, 0, 2, 2]), ("a", "b", "c"), 1.0)
    assert [row.name for row in metrics.by_class] == ["a", "c"]
    assert metrics.macro_accuracy == pytest.approx(0.5)
    assert metrics.macro_precision == pytest.approx(1.0)
    assert asdict(metrics)["by_class"][1]["recall"] == 0.5
