"""Accuracy and cross-entropy from all logits."""

import math

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from akshar.metrics.accuracy import cross_entropy, score


def test_the_score_is_of_all_logits():
    logits = np.array([[2.0, 0.0], [0.0, 1.0], [3.0, 0.0], [1.0, 0.0]])
    labels = np.array([0, 1, 1, 0])
    scored = score(logits, labels)
    assert (scored.correct, scored.total, scored.accuracy) == (3, 4, 0.75)
    expected = np.mean([math.log(1 + math.exp(-m)) for m in (2, 1, -3, 1)])
    assert scored.loss == pytest.approx(expected, rel=1e-6)
    assert scored.macro_accuracy == pytest.approx((1 + 0.5) / 2)


def test_torch_computes_the_same_loss():
    draw = torch.Generator().manual_seed(0)
    logits, labels = torch.randn(300, 7, generator=draw) * 5, torch.randint(7, (300,), generator=draw)
    expected = float(F.cross_entropy(logits.double(), labels))
    assert score(logits.numpy(), labels.numpy()).loss == pytest.approx(expected, rel=1e-12)
    expected = float(F.cross_entropy(logits.double() / 2.5, labels))
    assert cross_entropy(logits.numpy(), labels.numpy(), 2.5) == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize("value", [math.nan, math.inf])
def test_the_loss_of_logits_that_are_not_finite_is_not_finite(value):
    assert not math.isfinite(score(np.array([[0.0, value], [1.0, 0.0]]), np.array([0, 0])).loss)


def test_classes_without_images_do_not_lower_the_macro_accuracy():
    logits = np.eye(3)[[0, 1, 2]]
    assert score(logits, np.array([0, 1, 1])).macro_accuracy == pytest.approx(0.75)
