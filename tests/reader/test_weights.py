"""The network that comes with the project, and one of akshar 0.1."""

import re
from pathlib import Path

import numpy as np
import pytest
from conftest import OLD_WEIGHTS, WEIGHTS
from PIL import Image

from akshar import load
from akshar.data.image_set import ImageSet
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.glyphs import Glyphs
from akshar.reader.onnx_model import OnnxModel

CARD = WEIGHTS.with_name(f"{WEIGHTS.name}.md").read_text(encoding="utf-8")
readable = pytest.mark.parametrize("weights", [WEIGHTS, OLD_WEIGHTS], ids=lambda path: path.stem)


def share_read(weights: Path, images: ImageSet) -> float:
    """How many of the images are read as their labels say, in [0, 1]."""
    model = OnnxModel(weights)
    columns = [model.classes.index(name) for name in images.classes]
    truth = np.asarray(columns)[images.labels.numpy()]
    return float((model.probabilities(images.pixels[:, 0].numpy()).argmax(1) == truth).mean())


def test_there_is_one_file_that_is_small_and_whose_card_tells_what_it_is():
    assert [*WEIGHTS.parent.glob("*.onnx")] == [WEIGHTS]
    assert WEIGHTS.stat().st_size < 2_000_000
    for said in ("Test accuracy", "CC BY 4.0", "Acharya", "Limits", "Not for decisions about people"):
        assert said in CARD


@readable
@pytest.mark.parametrize(("subset", "least"), [("digits", 0.98), ("all", 0.95)])
def test_characters_of_fonts_held_out_are_read(subset, least, weights):
    test = Glyphs(subset, 20, 30).load().test
    assert test is not None
    assert share_read(weights, test) > least


def test_vowels_of_fonts_held_out_are_read_and_the_card_says_how_they_were_learned():
    test = Glyphs("vowels", 20, 30).load().test
    assert test is not None
    assert share_read(WEIGHTS, test) > 0.95
    assert "learned from drawings and from pieces of other characters alone" in CARD


@readable
def test_a_picture_of_any_colour_is_read(digit_images, weights):
    reader = load(weights)
    white_on_black = digit_images[::30]
    answers = reader.read_many([Image.fromarray(255 - pixels).resize((200, 200)) for pixels in white_on_black])
    assert [answer.letter for answer in answers] == list("०१२३४५६७८९")
    assert [answer.letter for answer in reader.read_many(list(white_on_black))] == list("०१२३४५६७८९")


@pytest.mark.slow
def test_dhcd_is_read_as_the_card_says(dhcd_archive):
    test = DHCD(archive=dhcd_archive).load().test
    assert test is not None
    said = re.search(r"Test accuracy of the checkpoint \*\*([\d.]+) %", CARD)
    assert said is not None
    assert share_read(WEIGHTS, test) == pytest.approx(float(said[1]) / 100, abs=0.001)  # 8 bits move a few
