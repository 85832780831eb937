"""The network that comes with the project, `weights/robust.onnx`."""

import re

import numpy as np
import pytest
from conftest import WEIGHTS
from PIL import Image

from akshar import load
from akshar.data.image_set import ImageSet
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.glyphs import Glyphs
from akshar.reader.onnx_model import OnnxModel

CARD = WEIGHTS.with_name(f"{WEIGHTS.name}.md")


def share_read(images: ImageSet) -> float:
    """How many of the images are read as their labels say, in [0, 1]."""
    model = OnnxModel(WEIGHTS)
    columns = [model.classes.index(name) for name in images.classes]
    truth = np.asarray(columns)[images.labels.numpy()]
    return float((model.probabilities(images.pixels[:, 0].numpy()).argmax(1) == truth).mean())


def test_they_are_small_and_their_card_tells_what_they_are():
    assert WEIGHTS.stat().st_size < 2_000_000
    card = CARD.read_text(encoding="utf-8")
    for said in ("Test accuracy", "CC BY 4.0", "Acharya", "Limits", "Not for decisions about people"):
        assert said in card


@pytest.mark.parametrize(("subset", "least"), [("digits", 0.98), ("all", 0.95)])
def test_characters_of_fonts_held_out_are_read(subset, least):
    test = Glyphs(subset, 20, 30).load().test
    assert test is not None
    assert share_read(test) > least


def test_a_picture_of_any_colour_is_read(digit_images):
    reader = load(WEIGHTS)
    white_on_black = digit_images[::30]
    answers = reader.read_many([Image.fromarray(255 - pixels).resize((200, 200)) for pixels in white_on_black])
    assert [answer.letter for answer in answers] == list("०१२३४५६७८९")
    assert [answer.letter for answer in reader.read_many(list(white_on_black))] == list("०१२३४५६७८९")


@pytest.mark.slow
def test_dhcd_is_read_as_the_card_says(dhcd_archive):
    test = DHCD(archive=dhcd_archive).load().test
    assert test is not None
    said = re.search(r"Test accuracy of the checkpoint \*\*([\d.]+) %", CARD.read_text(encoding="utf-8"))
    assert said is not None
    assert share_read(test) == pytest.approx(float(said[1]) / 100, abs=0.001)  # 8 bits move a few
