"""Paired comparison of two networks: McNemar, Tango, Holm."""

from fractions import Fraction
from math import comb

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import binomtest

from akshar.metrics.paired import holm, mcnemar, pair, pair_by_class, tango_interval, verdict

COUNTS = st.integers(0, 60)


@settings(derandomize=True, deadline=None)
@given(first=COUNTS, other=COUNTS)
def test_mcnemar_is_the_sum_of_all_that_is_as_unlikely(first, other):
    tosses = first + other
    weights = [Fraction(comb(tosses, heads), 2**tosses) for heads in range(tosses + 1)]
    p = sum(weight for weight in weights if weight <= weights[first])
    assert mcnemar(first, other) == pytest.approx(float(p))
    assert mcnemar(first, other) == mcnemar(other, first)


@settings(derandomize=True, deadline=None)
@given(gained=COUNTS, lost=COUNTS, rest=st.integers(1, 5000))
def test_the_interval_holds_the_difference_and_turns_with_it(gained, lost, rest):
    total = gained + lost + rest
    low, high = tango_interval(gained, lost, total)
    assert -1 <= low <= (gained - lost) / total <= high <= 1
    assert low < high
    turned = tango_interval(lost, gained, total)
    assert (-turned[1], -turned[0]) == pytest.approx((low, high), abs=1e-9)


def test_the_interval_covers_what_it_says():
    random = np.random.default_rng(3)
    gains, losses, total = 0.010, 0.004, 1000
    drawn = random.multinomial(total, [gains, losses, 1 - gains - losses], size=800)
    intervals = [tango_interval(int(gained), int(lost), total) for gained, lost, _ in drawn]
    covered = np.mean([low <= gains - losses <= high for low, high in intervals])
    assert 0.93 <= covered <= 0.98


def test_counts_of_a_pair_and_of_its_classes():
    first = np.array([True, True, False, False, True])
    other = np.array([True, False, True, False, True])
    found = pair(first, other)
    assert (found.only_first, found.only_other, found.both_wrong) == (1, 1, 1)
    assert found.difference == 0
    by_class = pair_by_class(first, other, np.array([0, 0, 0, 2, 2]))
    assert [*by_class] == [0, 2]
    assert (by_class[0].only_first, by_class[0].only_other, by_class[2].both_wrong) == (1, 1, 1)


def test_holm_never_makes_a_value_smaller():
    assert holm([0.01, 0.04, 0.03]) == pytest.approx([0.03, 0.06, 0.06])
    assert holm([0.9]) == [0.9]


@pytest.mark.parametrize(("first", "other"), [(0, 1), (7, 40), (3000, 3300), (50, 50)])
def test_scipy_computes_the_same_p_value(first, other):
    assert mcnemar(first, other) == pytest.approx(binomtest(first, first + other).pvalue, rel=1e-9)


@pytest.mark.parametrize(
    ("only_first", "only_other", "p", "expected"),
    [
        (0, 0, 1.0, "No difference: A and B predict the same images correctly."),
        (0, 12, 0.0005, "Significant difference: B predicts 12 more images correctly than A (p = 0.0005)."),
        (2000, 3, 0.0, "Significant difference: A predicts 1,997 more images correctly than B (p < 0.0001)."),
        (2, 3, 1.0, "No significant difference: B predicts 1 more image correctly than A (p = 1)."),
        (4, 4, 1.0, "No significant difference: both predict the same number of images correctly (p = 1)."),
    ],
)
def test_the_verdict_names_the_better_network_and_p(only_first, only_other, p, expected):
    assert verdict(only_first, only_other, p, "B") == expected
