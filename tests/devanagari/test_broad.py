"""Broad: DHCD with drawn characters in training, tested on DHCD alone."""

from dataclasses import replace

import pytest
import torch
from conftest import make_data, make_images

from akshar.devanagari import broad
from akshar.devanagari.broad import Broad
from akshar.devanagari.letters import SUBSETS


def images(per_class, subset, seed):
    """Random images of a subset's first four classes."""
    classes = tuple(character.folder for character in SUBSETS[subset])
    return replace(make_images(per_class, seed=seed), classes=classes)


@pytest.fixture
def drawn(monkeypatch):
    """What was asked of `Glyphs`; its images and DHCD's are random ones."""
    asked = []

    def draw(glyphs):
        asked.append((glyphs.subset, glyphs.train_per_class))
        return make_data(images(4, glyphs.subset, seed=3))

    monkeypatch.setattr(broad.DHCD, "load", lambda self: make_data(images(5, "all", 1), images(2, "all", 2)))
    monkeypatch.setattr(broad.Glyphs, "load", draw)
    return asked


def test_drawn_images_are_added_to_training_with_numbers_of_their_own(drawn):
    data = Broad(drawn_per_class=10).load()
    scans, test = images(5, "all", 1), images(2, "all", 2)
    assert drawn == [("all", 10)]
    assert data.card.name == "broad"
    assert data.train is not None
    assert data.test is not None
    assert data.test.digest() == test.digest()
    assert torch.equal(data.train.pixels, torch.cat([scans.pixels, images(4, "all", 3).pixels]))
    assert data.train.numbers[: len(scans)].max() < data.train.numbers[len(scans) :].min()
    assert data.train.labels.bincount().tolist() == [9] * 4


def test_letters58_adds_drawn_vowels_and_is_tested_on_what_dhcd_has(drawn):
    source = Broad(subset="letters58", drawn_per_class=10, drawn_per_vowel=20, pasted_per_vowel=0)
    data = source.load()
    assert drawn == [("all", 10), ("vowels", 20)]
    assert source.class_sizes() == [1710] * 46 + [20] * 12
    assert replace(source, pasted_per_vowel=5).class_sizes()[-1] == 25
    assert data.card.name == "letters58"
    assert data.train is not None
    assert data.test is not None
    assert len(data.train.classes) == len(data.test.classes) == 58
    assert data.train.labels.bincount(minlength=58).tolist() == [9] * 4 + [0] * 42 + [4] * 4 + [0] * 8
    assert torch.equal(data.test.labels, images(2, "all", 2).labels)
