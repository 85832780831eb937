"""Temperature scaling and calibration error."""

import numpy as np
import pytest
import torch

from akshar.metrics.calibration import calibration_error, equal_bins, fit_temperature, softmax
from akshar.metrics.coverage import coverage_curve


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_the_temperature_that_spoiled_logits_is_found(temperature):
    draw = torch.Generator().manual_seed(0)
    logits = torch.randn(20_000, 5, generator=draw) * 2
    labels = torch.multinomial(logits.softmax(1), 1, generator=draw).flatten()
    assert fit_temperature((logits * temperature).numpy(), labels.numpy()) == pytest.approx(temperature, rel=0.05)


def test_softmax_divides_by_the_temperature_in_double_precision():
    logits = np.array([[2.0, 0.0], [1e4, -1e4]], dtype=np.float32)
    probabilities = softmax(logits, 2.0)
    assert probabilities.dtype == np.float64
    assert probabilities[0, 0] == pytest.approx(np.e / (1 + np.e))
    assert probabilities.sum(1) == pytest.approx([1, 1])


def test_calibration_error_is_none_where_confidence_is_accuracy() -> None:
    confidence = np.repeat([0.25, 0.5, 0.75, 1.0], 8)
    right = np.concatenate([np.arange(8) < 8 * share for share in (0.25, 0.5, 0.75, 1.0)])
    for bins in (1, 4, 15):
        assert calibration_error(confidence, right, bins) == pytest.approx(0, abs=1e-12)


def test_calibration_error_matches_a_sum_by_hand() -> None:
    confidence = np.array([0.9, 0.5, 0.6, 0.8])
    right = np.array([True, False, True, False])
    # Bins {0.5, 0.6} with accuracy 0.5 and {0.8, 0.9} with 0.5: (2 * 0.05 + 2 * 0.35) / 4.
    assert calibration_error(confidence, right, bins=2) == pytest.approx(0.2)
    assert calibration_error(confidence, right, bins=1) == pytest.approx(0.2)
    # A bin for each: 0.5, 0.4, 0.8 and 0.1.
    assert calibration_error(confidence, right) == pytest.approx(0.45)


def test_equal_confidences_give_the_same_figures_in_any_order() -> None:
    confidence = np.repeat([0.7, 0.9], 10)
    right = np.tile([True, False], 10)
    mixed = np.random.default_rng(1).permutation(20)
    assert calibration_error(confidence, right, 3) == pytest.approx(
        calibration_error(confidence[mixed], right[mixed], 3), abs=1e-12
    )
    assert np.allclose(coverage_curve(confidence, right)[1], coverage_curve(confidence[mixed], right[mixed])[1])


def test_bins_hold_equal_numbers() -> None:
    bins = equal_bins(np.random.default_rng(0).random(100), np.ones(100, dtype=bool))
    assert bins.size.sum() == 100
    assert set(bins.size.tolist()) == {6, 7}
    assert (np.diff(bins.confidence) > 0).all()
    assert equal_bins(np.array([0.5, 0.6]), np.array([True, True])).size.tolist() == [1, 1]
    with pytest.raises(ValueError, match="no images"):
        calibration_error(np.zeros(0), np.zeros(0, dtype=bool))
