"""Order of the classes in the confusion matrix, and the most frequent errors."""

from itertools import pairwise

import numpy as np
import pytest

from akshar.plots.confusion import confused_pairs, confusion_order


def planted(groups: list[list[int]], classes: int, noise: int = 0) -> np.ndarray:
    """Counts in which classes of a group are confused, and `noise` others besides."""
    counts = np.diag(np.full(classes, 300))
    for group in groups:
        for one in group:
            for other in group:
                counts[one, other] += 8 * (one != other)
    draw = np.random.default_rng(0)
    np.add.at(counts, (draw.integers(classes, size=noise), draw.integers(classes, size=noise)), 1)
    return counts


@pytest.mark.parametrize("noise", [0, 25])
def test_classes_that_are_confused_stand_side_by_side(noise: int) -> None:
    groups = [[0, 17, 44], [3, 30], [8, 9, 21, 40]]
    order = confusion_order(planted(groups, 46, noise)).tolist()
    assert sorted(order) == list(range(46))
    for group in groups:
        places = sorted(order.index(label) for label in group)
        assert places == list(range(places[0], places[0] + len(group)))


def test_a_chain_of_confusions_is_laid_out_as_a_chain() -> None:
    counts = np.diag([50] * 6)
    chain = [4, 0, 3, 5, 1, 2]
    for weight, (one, other) in enumerate(pairwise(chain), start=5):
        counts[one, other] = weight
    order = confusion_order(counts).tolist()
    assert order in (chain, chain[::-1])


def test_the_order_is_the_classes_own_without_errors_and_the_input_is_left_alone() -> None:
    counts = np.diag([5, 6, 7])
    assert confusion_order(counts).tolist() == [0, 1, 2]
    assert counts.tolist() == np.diag([5, 6, 7]).tolist()
    assert confusion_order(np.array([[3]])).tolist() == [0]


def test_pairs_are_ranked_and_ties_stand_in_the_classes_order() -> None:
    counts = np.array([[90, 2, 0], [5, 80, 2], [2, 0, 70]])
    assert confused_pairs(counts) == [(1, 0, 5), (0, 1, 2), (1, 2, 2), (2, 0, 2)]
    assert confused_pairs(counts, most=2) == [(1, 0, 5), (0, 1, 2)]
    assert confused_pairs(np.diag([4, 4])) == []
