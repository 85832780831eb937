"""Drawn characters: reproducible from their seed, framed as in DHCD, test fonts not used for training."""

import numpy as np
import pytest
import torch
from PIL import Image

from akshar.devanagari.cards import FONT
from akshar.devanagari.glyph_drawing import TEST_FAMILIES, TRAIN_FAMILIES
from akshar.devanagari.glyphs import Glyphs
from akshar.devanagari.letters import SUBSETS
from akshar.devanagari.other_hands import HELD_OUT_FORMS, indian_forms, nepali_forms
from akshar.devanagari.strokes import FORMS
from akshar.pictures.text import draw_text, font_files, load_font


@pytest.fixture(scope="module")
def glyphs():
    return Glyphs(train_per_class=20, test_per_class=6).load()


def test_every_class_is_there_in_dhcd_s_order(glyphs):
    assert glyphs.classes == tuple(character.folder for character in SUBSETS["all"])
    assert torch.bincount(glyphs.train.labels).tolist() == [20] * 46
    assert torch.bincount(glyphs.test.labels).tolist() == [6] * 46


def test_images_are_placed_as_dhcd_places_them(glyphs):
    pixels = torch.cat([glyphs.train.pixels, glyphs.test.pixels])[:, 0]
    inside = torch.zeros(32, 32, dtype=torch.bool)
    inside[2:-2, 2:-2] = True
    assert not pixels[:, ~inside].any()
    box = pixels[:, 2:-2, 2:-2].float()
    touching = [(side.amax(1) > 60).float().mean() for side in (box[:, 0], box[:, -1], box[:, :, 0], box[:, :, -1])]
    assert min(touching) > 0.8  # 0.96 in DHCD
    assert 35 < pixels.float().mean() < 85  # 61 in DHCD


def test_a_seed_draws_the_same_and_another_others(tmp_path):
    def digest(seed, place):
        source = Glyphs("digits", 10, 2, glyph_seed=seed, cache_dir=str(tmp_path / place))
        return source.load().digest()

    assert digest(1, "a") == digest(1, "b") != digest(2, "a")


def test_no_two_images_are_alike(glyphs):
    pixels = torch.cat([glyphs.train.pixels, glyphs.test.pixels])
    assert len(pixels.flatten(1).unique(dim=0)) == len(pixels)


def test_fonts_of_the_test_set_are_not_in_training():
    train = {family.package for family in TRAIN_FAMILIES}
    test = {family.package for family in TEST_FAMILIES}
    assert not train & test
    assert any(family.digits for family in TEST_FAMILIES)


def test_every_font_that_draws_digits_draws_them_in_devanagari():
    """Some Devanagari fonts have Latin shapes there; a zero and a one would look alike across the two kinds."""
    for family in (*TRAIN_FAMILIES, *TEST_FAMILIES):
        font = load_font(font_files(family.package)[0])
        four_and_four = [draw_text(font, text, 60) for text in ("४", "4")]
        devanagari, latin = (np.asarray(Image.fromarray(ink).resize((28, 28))) / 255 for ink in four_and_four)
        same = (devanagari * latin).sum() / np.maximum(devanagari, latin).sum() > 0.8
        assert same != family.digits, family.package


def test_every_character_has_forms_within_the_grid():
    assert set(FORMS) == {character.letter for character in SUBSETS["all"]}
    for letter, forms in (*nepali_forms().items(), *indian_forms().items(), *HELD_OUT_FORMS.items()):
        for form in forms:
            for stroke in form.replace("H", "0,0 20,0").split("/"):
                points = [tuple(map(float, point.split(","))) for point in stroke.split()]
                assert len(points) >= 2, letter
                assert all(0 <= x <= 20 and 0 <= y <= 20 for x, y in points), letter


def test_held_out_forms_are_of_every_character_and_not_in_training():
    assert set(HELD_OUT_FORMS) == set(FORMS)
    trained = {form for table in (nepali_forms(), indian_forms()) for forms in table.values() for form in forms}
    assert not trained & {form for forms in HELD_OUT_FORMS.values() for form in forms}


def test_other_hands_and_a_steadier_pen_change_the_training_images_alone():
    usual = Glyphs("digits", 60, 2, forms="all").load()
    for other in (Glyphs("digits", 60, 2, forms="other_hands"), Glyphs("digits", 60, 2, forms="all", jitter=0.9)):
        drawn = other.load()
        assert not torch.equal(drawn.train.pixels, usual.train.pixels)
        assert torch.equal(drawn.test.pixels, usual.test.pixels)


def test_conjuncts_are_shaped_and_nepali_forms_differ():
    font = load_font(font_files(FONT)[0])
    joined = draw_text(font, "क्ष", 60)
    apart = draw_text(font, "क\u094d\u200cष", 60)  # a zero-width non-joiner forbids the conjunct
    assert joined.shape[1] < 0.8 * apart.shape[1]
    assert not np.array_equal(draw_text(font, "५", 60, "ne"), draw_text(font, "५", 60, "hi"))
    assert draw_text(font, " ", 60).size == 0
