"""Confusion counts and rates by class, against scikit-learn."""

import numpy as np
import pytest
from sklearn import metrics

from akshar.metrics.confusion import confusion_counts, macro_average, rates_by_class
from akshar.metrics.mean_sd import MeanSd


def test_scikit_learn_computes_the_same_rates():
    draw = np.random.default_rng(0)
    labels, predicted = draw.integers(6, size=(2, 200))
    counts = confusion_counts(labels, predicted, 7)  # the last class occurs nowhere
    assert (counts == metrics.confusion_matrix(labels, predicted, labels=range(7))).all()
    expected = metrics.precision_recall_fscore_support(labels, predicted, labels=range(7), zero_division=0)
    rates = rates_by_class(counts)
    for ours, theirs in zip((rates.precision, rates.recall, rates.f1, rates.total), expected, strict=True):
        assert ours == pytest.approx(theirs)
    assert macro_average(rates.recall, rates.total) == pytest.approx(
        metrics.balanced_accuracy_score(labels, predicted)
    )


def test_a_single_run_has_no_deviation():
    assert MeanSd.of([0.5]) == MeanSd(0.5, None)
    assert MeanSd.of([1.0, 2.0, 3.0]) == MeanSd(2.0, 1.0)
