"""A part of the alphabet: what `only` may name, and how sure answers are where the rest was not asked for."""

import json

import numpy as np
import onnx
import pytest
from conftest import OLD_WEIGHTS, WEIGHTS
from hypothesis import given, settings
from hypothesis import strategies as st
from onnx import helper
from PIL import Image

import akshar
from akshar.cli import main
from akshar.data.card import DatasetCard
from akshar.devanagari.cards import DHCD_CARD
from akshar.devanagari.glyphs import Glyphs
from akshar.devanagari.letters import SUBSETS
from akshar.errors import UsageError
from akshar.reader.chosen_classes import chosen_classes
from akshar.reader.restriction import OUTSIDE, restrict

CLASSES = [character.folder for character in SUBSETS["letters58"]]
DIGITS, VOWELS = "०१२३४५६७८९", ["अ", "आ", "इ", "ई", "उ", "ऊ", "ए", "ऐ", "ओ", "औ", "अं", "अः"]
LETTERS = [character.letter for character in SUBSETS["letters"]]


@pytest.fixture(scope="module")
def reader():
    return akshar.load(WEIGHTS)


@pytest.fixture(scope="module")
def drawn(own_cache):
    """Drawn characters of known classes: 20 of each, in the order of CLASSES."""
    images = Glyphs("letters58", 20, 30, jitter=0.9).load().train
    assert images is not None
    return images.pixels[:, 0].numpy()


@pytest.mark.parametrize(
    ("only", "letters"),
    [
        ("digits", [*DIGITS]),
        ("consonants", LETTERS),
        ("consonants, digits", [*LETTERS, *DIGITS]),
        ("vowels", VOWELS),
        ("अअंअः", ["अ", "अं", "अः"]),
        ("०१२", ["०", "१", "२"]),
        ("क,ख,क्ष", ["क", "ख", "क्ष"]),
        ("क्षकज्ञत्र त", ["क", "त", "क्ष", "त्र", "ज्ञ"]),
        ("digits,ठ,", ["ठ", *DIGITS]),
        ("ka, 3, digit_4", ["क", "३", "४"]),
    ],
)
def test_groups_letters_and_names_are_found(only, letters, reader):
    assert [reader.guess(reader.classes[position]).letter for position in reader.choose(only)] == letters


@pytest.mark.parametrize("only", ["umlauts", "ऋ", "कि", "क्", "४५x", "", " , "])
def test_what_the_network_does_not_know_is_refused_with_what_it_knows(only, reader):
    with pytest.raises(UsageError, match="It knows the groups digits, consonants, vowels, and क, ख, ग") as refused:
        reader.choose(only)
    assert str(refused.value).startswith(f"only={only.strip()}: not a group, letter or class of this network")
    assert "\n" not in str(refused.value)


def test_vowels_are_refused_by_a_network_without_them():
    with pytest.raises(
        UsageError, match=r"^only=vowels: .* of this network. It knows the groups digits, consonants, and क"
    ):
        akshar.load(OLD_WEIGHTS).choose("vowels")


def test_a_misspelt_group_is_suggested(refused, workplace):
    Image.new("L", (9, 9)).save("a.png")
    (line,) = refused("predict", str(WEIGHTS), "a.png", "--only", "digitz")
    assert "only=digitz: not a group, letter or class of this network; did you mean digits? It knows the" in line


def test_a_network_that_lacks_a_group_or_all_of_them_says_so():
    digits = [character.folder for character in SUBSETS["digits"]]
    with pytest.raises(
        UsageError, match=r"only=consonants: no class of this network. It knows the groups digits, and ०"
    ):
        chosen_classes("consonants", digits, DHCD_CARD)
    plain = DatasetCard("shades", "grey squares", labels={"dark": "दाग"})
    with pytest.raises(UsageError, match=r"of this network, whose data has no groups. It knows light, दाग"):
        chosen_classes("digits", ["light", "dark"], plain)
    assert chosen_classes("दाग", ["light", "dark"], plain).tolist() == [1]


def test_letters_coded_in_two_ways_are_the_same():
    qa = "\N{DEVANAGARI LETTER QA}"  # NFC is the letter ka with a nukta
    card = DatasetCard(
        "dots", "letters", labels={"a": "क\N{DEVANAGARI SIGN NUKTA}"}, groups={"dotted": (qa, "a"), qa: ("b",)}
    )
    assert chosen_classes(qa, ["a", "c"], card).tolist() == [0]
    assert chosen_classes("dotted", ["a", "b", qa], card).tolist() == [0, 2]
    with pytest.raises(UsageError, match="no class of this network"):
        chosen_classes(qa, ["c"], card)


def test_a_file_without_groups_is_still_asked_for_letters(tmp_path, drawn):
    """As akshar wrote it before cards had groups."""
    model = onnx.load(WEIGHTS)
    facts = {one.key: one.value for one in model.metadata_props}
    card = DHCD_CARD.to_record()
    del card["groups"]
    spec = json.dumps(akshar.load(WEIGHTS).predictor.input_spec.to_record())
    helper.set_model_props(model, facts | {"card": json.dumps(card), "input_spec": spec})
    onnx.save(model, tmp_path / "old.onnx")
    old = akshar.load(tmp_path / "old.onnx")
    assert old.groups == {}
    assert old.read(drawn[740], only="०१").letter == "१"
    with pytest.raises(UsageError, match="whose data has no groups"):
        old.choose("digits")


@settings(deadline=None)
@given(st.lists(st.floats(0, 1), min_size=3, max_size=6), st.sets(st.integers(0, 5), min_size=1))
def test_the_confidence_is_that_of_bayes_rule_and_never_lower_than_before(weights, chosen):
    before = (np.array(weights) + 1e-6) / (np.array(weights) + 1e-6).sum()
    positions = np.array(sorted(position for position in chosen if position < len(before)) or [0])
    prior = np.full(len(before), OUTSIDE)
    prior[positions] = 1
    after = restrict(before, positions)
    assert after == pytest.approx((before * prior / (before * prior).sum())[positions])
    assert np.all(after >= before[positions] - 1e-12)
    if len(positions) == len(before):
        assert np.array_equal(after, before)


def test_others_are_still_unsure_and_the_right_ones_no_less_sure(reader, drawn):
    pixels, labels = list(drawn), np.arange(len(drawn)) // 20
    plain = reader.read_many(pixels)
    for only, inside in (
        ("digits", (labels >= 36) & (labels < 46)),
        ("consonants", labels < 36),
        ("vowels", labels >= 46),
        ("क,ख,६", np.isin(labels, [0, 1, 42])),
    ):
        answers = reader.read_many(pixels, only=only)
        unsure = np.array([answer.problem == "unsure" for answer in answers])
        before = np.array([answer.problem == "unsure" for answer in plain])
        assert unsure[~inside].mean() >= 0.95
        assert unsure[inside].mean() <= before[inside].mean() + 0.03
        named = {guess.class_name for answer in answers for guess in answer.guesses}
        assert named == {CLASSES[position] for position in reader.choose(only)}
    everything = reader.read_many(pixels, only="digits,consonants,vowels")
    assert [answer.guesses for answer in everything] == [answer.guesses for answer in plain]


def test_predict_restricts_pictures_and_each_character_of_a_row(workplace, drawn, capsys):
    four, ka, two = drawn[800], drawn[0], drawn[760]
    Image.fromarray(ka).save("ka.png")
    Image.fromarray(255 - np.pad(np.hstack([np.pad(one, 4) for one in (four, ka, two)]), 15)).save("row.png")
    assert main(["predict", str(WEIGHTS), "ka.png", "--only", "digits"]) == 0
    assert "ka.png  not sure: " in capsys.readouterr().out
    assert main(["predict", str(WEIGHTS), "ka.png", "--only", "ka"]) == 0
    assert capsys.readouterr().out.rstrip().endswith("ka           क")
    assert main(["predict", str(WEIGHTS), "row.png", "--line", "--only", "digits", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["text"] == "४\N{REPLACEMENT CHARACTER}२"
