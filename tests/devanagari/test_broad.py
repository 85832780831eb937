"""Broad: DHCD with drawn characters in training, tested on DHCD alone."""

import torch
from conftest import make_data, make_images

from akshar.devanagari import broad
from akshar.devanagari.broad import Broad


def test_drawn_images_are_added_to_training_with_numbers_of_their_own(monkeypatch):
    scans, test, drawn = make_images(5, seed=1), make_images(2, seed=2), make_images(4, seed=3)
    monkeypatch.setattr(broad.DHCD, "load", lambda self: make_data(scans, test))
    monkeypatch.setattr(broad.Glyphs, "load", lambda self: make_data(drawn, test))
    data = Broad(drawn_per_class=10).load()
    assert data.card.name == "broad"
    assert data.test is test
    assert data.train is not None
    assert torch.equal(data.train.pixels, torch.cat([scans.pixels, drawn.pixels]))
    assert data.train.numbers[: len(scans)].max() < data.train.numbers[len(scans) :].min()
    assert data.train.labels.bincount().tolist() == [9] * 4
