"""Accuracy of the most confident predictions."""

import numpy as np
import pytest

from akshar.metrics.coverage import coverage_at, coverage_curve


def test_coverage_rises_to_all_images_and_ends_at_their_accuracy() -> None:
    draw = np.random.default_rng(10)
    right = draw.random(500) > 0.2
    confidence = 1 - draw.random(500) ** np.where(right, 4, 1)
    share, accuracy = coverage_curve(confidence, right)
    assert (np.diff(share) > 0).all()
    assert share[-1] == 1
    assert accuracy[-1] == pytest.approx(right.mean())
    surest = np.argsort(-confidence)[:100]
    assert accuracy[99] == pytest.approx(right[surest].mean())


def test_the_largest_share_of_a_wanted_accuracy() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    assert coverage_at(confidence, np.array([True, True, False, True]), 1.0) == 0.5
    assert coverage_at(confidence, np.array([True, True, False, True]), 0.75) == 1.0
    assert coverage_at(confidence, np.array([False, True, True, True]), 0.9) is None
