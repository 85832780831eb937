"""Wilson score intervals."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest

from akshar.metrics.intervals import wilson_bounds, wilson_interval


@given(total=st.integers(1, 20_000), share=st.floats(0, 1))
def test_wilson_s_interval_holds_its_proportion(total, share):
    correct = round(total * share)
    low, high = wilson_interval(correct, total)
    assert 0 <= low <= correct / total + 1e-12
    assert correct / total - 1e-12 <= high <= 1
    assert high - low < 1 or total < 4


def test_wilson_s_interval_is_the_published_one():
    assert wilson_interval(9, 10) == pytest.approx((0.5958, 0.9821), abs=1e-4)


@pytest.mark.parametrize(("correct", "total"), [(0, 1), (1, 1), (3, 7), (13709, 13800), (13800, 13800)])
def test_scipy_computes_the_same_interval(correct, total):
    expected = binomtest(correct, total).proportion_ci(method="wilson")
    assert wilson_interval(correct, total) == pytest.approx((expected.low, expected.high), abs=1e-12)


def test_many_intervals_at_once_equal_single_ones():
    correct, total = np.array([[0, 3], [7, 90]]), np.array([[1, 7], [7, 100]])
    bounds = wilson_bounds(correct, total)
    assert bounds.shape == (2, 2, 2)
    assert tuple(bounds[1, 1]) == wilson_interval(90, 100)
