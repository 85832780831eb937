"""The card of a data set: labels, and plain values for files."""

import json
from dataclasses import replace

import pytest

from akshar.data.card import DatasetCard, PublishedResult
from akshar.devanagari.cards import BROAD_CARD, DHCD_CARD, GLYPHS_CARD, folder_card

OWN = DatasetCard("own", "pictures", labels={"a": "α"}, transliterations={"a": "alpha"}, groups={"Greek": ("a",)})


def test_a_class_without_a_label_shows_its_name():
    assert (OWN.label("a"), OWN.label("b")) == ("α", "b")
    assert (OWN.transliteration("a"), OWN.transliteration("b")) == ("alpha", "b")


@pytest.mark.parametrize("card", [OWN, DHCD_CARD, BROAD_CARD, GLYPHS_CARD, folder_card()])
def test_a_card_survives_json(card):
    read = DatasetCard.from_record(json.loads(json.dumps(card.to_record())))
    assert read == card


def test_published_results_come_back_as_such():
    card = DatasetCard("own", "pictures", published=(PublishedResult("Net", 10, 0.9),))
    assert DatasetCard.from_record(card.to_record()).published == (PublishedResult("Net", 10, 0.9, None),)


@pytest.mark.parametrize(
    ("record", "message"),
    [
        (None, "must be a mapping with name and title"),
        ({"name": "x"}, "must be a mapping with name and title"),
        ({"name": "x", "title": 1}, "card.title: unknown, or of the wrong type"),
        ({"name": "x", "title": "y", "labels": {"a": 1}}, "card.labels: "),
        ({"name": "x", "title": "y", "groups": {"a": 1}}, "card.groups: "),
        ({"name": "x", "title": "y", "groups": {"a": ["b", 1]}}, "card.groups: "),
        ({"name": "x", "title": "y", "groups": {"a": []}}, "card.groups.a: must be a list of class names"),
        ({"name": "x", "title": "y", "limits": "one"}, "card.limits: "),
        ({"name": "x", "title": "y", "limits": [1]}, "card.limits: "),
        ({"name": "x", "title": "y", "licence": None}, "card.licence: "),
        ({"name": "x", "title": "y", "novelty": "z"}, "card.novelty: "),
        ({"name": "x", "title": "y", "published": [{"name": "Net"}]}, "card.published: "),
    ],
)
def test_a_wrong_record_is_refused_by_its_key(record, message):
    with pytest.raises(ValueError, match=message):
        DatasetCard.from_record(record)


def test_a_record_needs_only_a_name_and_a_title():
    assert DatasetCard.from_record({"name": "x", "title": "y", "font": None}) == DatasetCard("x", "y")


def test_groups_are_checked():
    for groups in ({"": ("a",)}, {"a,b": ("a",)}, {" a": ("a",)}):
        with pytest.raises(ValueError, match=r"card.groups: .* must be a name without commas"):
            replace(OWN, groups=groups)
    for members in ("digit_1", (), (1, 2)):
        with pytest.raises(ValueError, match=r"card.groups.some: must be a list of class names"):
            replace(OWN, groups={"some": members})
