"""Class labels as images: shaping, fonts, colours."""

import logging

import numpy as np
import pytest

from akshar.devanagari.cards import GLYPHS_CARD
from akshar.devanagari.letters import SUBSETS
from akshar.pictures.text import caption_font, draw_text
from akshar.plots.labels import label_image


def test_conjuncts_are_shaped_and_are_no_boxes() -> None:
    conjunct, ka, ssa = (label_image(text, 60, GLYPHS_CARD.font) for text in ("क्ष", "क", "ष"))
    assert conjunct.shape[1] < ka.shape[1] + ssa.shape[1]
    box = label_image("\U000f0000", 60, GLYPHS_CARD.font)  # a private character that no font has
    for text in (character.letter for character in SUBSETS["all"]):
        image = label_image(text, 60, GLYPHS_CARD.font)
        assert image.shape[2] == 4
        assert image.shape != box.shape or (image != box).any()
        ink = image[..., 3] > 128
        assert 0.05 < ink.mean() < 0.75
    shaped = {text: label_image(text, 60, GLYPHS_CARD.font).tobytes() for text in ("क्ष", "त्र", "ज्ञ")}
    assert len({*shaped.values()}) == 3


def test_a_letter_has_its_colour_and_a_blank_none() -> None:
    image = label_image("cat", 30, colour="#d55e00")
    assert (image[..., :3] == (0xD5, 0x5E, 0)).all()
    assert image[..., 3].max() == 255
    assert label_image(" ", 30)[..., 3].max() == 0


def test_a_label_takes_the_cards_font_where_it_has_the_glyphs_and_dejavu_elsewhere():
    dejavu = caption_font("cat")
    assert caption_font("क", GLYPHS_CARD.font) is not dejavu
    assert caption_font("क (ख) 98 %", GLYPHS_CARD.font) is caption_font("cat", GLYPHS_CARD.font)
    assert caption_font("Ωμέγα", GLYPHS_CARD.font) is dejavu
    assert (label_image("Ω", 40, GLYPHS_CARD.font)[..., 3] == draw_text(dejavu, "Ω", 40)).all()


@pytest.mark.parametrize("package", ["fontpkg_not_installed", "os.path", "json"])
def test_a_font_package_that_cannot_be_had_is_named_and_dejavu_taken(package, caplog):
    with caplog.at_level(logging.WARNING):
        assert caption_font("cat", package) is caption_font("cat")
    assert package.replace("_", "-") in caplog.text
    assert len(caplog.records) == 1


def test_captions_do_not_depend_on_the_locale():
    font = caption_font("५", GLYPHS_CARD.font)
    assert np.array_equal(draw_text(font, "५", 60), draw_text(font, "५", 60, "hi"))
