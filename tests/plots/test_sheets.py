"""Sheets of images: tiles in rows, in grey and in colour, with captions."""

import numpy as np
import pytest
import torch
from conftest import make_images

from akshar.data.card import DatasetCard
from akshar.data.image_set import ImageSet, normalise, to_unit
from akshar.devanagari.cards import INPUT_SPEC
from akshar.plots.errors import answer_tile, draw_filters, draw_neighbours, draw_tiles, overlay
from akshar.plots.paired import Answers, draw_pairs
from akshar.plots.samples import draw_batch, draw_predictions
from akshar.plots.style import RIGHT, WRONG
from akshar.plots.tiles import GAP, SIDE, Tile, draw_sheet, to_picture

CARD = DatasetCard("shapes", "Shapes", labels={"class_0": "bar", "class_1": "cross"})


def in_colour(images: ImageSet) -> ImageSet:
    """The same images as (N, 3, H, W)."""
    pixels = torch.cat([images.pixels, images.pixels // 2, 255 - images.pixels], 1)
    return ImageSet(pixels, images.labels, images.numbers, images.classes)


def test_small_images_are_enlarged_and_large_ones_are_not():
    widths = [
        draw_sheet([("", [Tile(np.zeros((size, size), np.uint8), "a")])], columns=1).width for size in (32, 224)
    ]
    assert widths[0] < widths[1]
    assert widths == [SIDE + 20, 224 + 20]


def test_rows_are_filled_and_empty_parts_are_left_out():
    tile = Tile(np.zeros((8, 8), np.uint8), "a")
    one, two = (draw_sheet([("Heading", [tile] * count), ("Nothing", [])], columns=3) for count in (3, 4))
    assert one.width == two.width
    assert two.height > one.height


def test_captions_of_a_sheet_have_one_size_and_none_is_wider_than_its_image():
    tile = np.zeros((8, 8), np.uint8)
    short, long = Tile(tile, "cat"), Tile(tile, "golden retriever of an unusual length")
    alone, beside = (np.asarray(draw_sheet([("", tiles)], columns=2)) for tiles in ([short], [short, long]))

    def height(sheet: np.ndarray, left: int, right: int) -> int:
        ink = (sheet[: -SIDE - GAP, left:right] < 200).any((1, 2))
        return int(ink.sum())

    middle = GAP + SIDE + GAP // 2
    assert height(beside, 0, middle) < height(alone, 0, middle)  # as small as the long caption needs
    gap = beside[: -SIDE - GAP, GAP + SIDE : GAP + SIDE + GAP]
    assert (gap == 255).all()
    assert (beside[: -SIDE - GAP, -GAP:] == 255).all()


def test_a_class_is_shown_with_its_latin_name_where_it_has_another():
    card = DatasetCard("x", "X", labels={"a": "क", "b": "b"}, transliterations={"a": "ka", "b": "b"})
    assert [card.label_with_latin(name) for name in ("a", "b", "c")] == ["क ka", "b", "c"]
    assert answer_tile(np.zeros((8, 8), np.uint8), "a", "b", 0.5, card).caption == "b 50%\n(क ka)"


def test_a_caption_shows_the_cards_labels_and_its_colour_the_correctness():
    pixels = np.zeros((8, 8), np.uint8)
    right = answer_tile(pixels, "class_0", "class_0", 0.987, CARD)
    assert (right.caption, right.colour) == ("bar 99%\n(bar)", RIGHT)
    wrong = answer_tile(pixels, "class_2", "class_1", 0.5, CARD)
    assert (wrong.caption, wrong.colour) == ("cross 50%\n(class_2)", WRONG)
    assert draw_neighbours([(wrong, [(pixels, "class_0")]), (right, [(pixels, "class_3")])], CARD).width > 100
    assert draw_tiles([("Both", [right, wrong])], CARD).mode == "RGB"


@pytest.mark.parametrize("colour", [False, True])
def test_batches_and_predictions_are_drawn_in_the_colours_of_the_data(colour):
    images = make_images(5)
    images = in_colour(images) if colour else images
    batch = draw_batch(
        normalise(to_unit(images.pixels), INPUT_SPEC), images.labels, images.classes, CARD, INPUT_SPEC
    )
    logits = torch.eye(4)[(images.labels + (torch.arange(20) % 5 == 0)) % 4]
    predictions = draw_predictions(images, logits, CARD)
    for sheet in (batch, predictions):
        pixels = np.asarray(sheet)[110:160, 20:100].astype(int)  # within the first image
        assert bool((pixels[..., 0] != pixels[..., 2]).any()) == colour
    assert np.asarray(predictions)[:, :, 0].size > np.asarray(batch)[:, :, 0].size  # errors are drawn below


def test_a_picture_has_its_channels_last():
    assert to_picture(np.zeros((1, 4, 5))).shape == (4, 5)
    assert to_picture(np.zeros((3, 4, 5))).shape == (4, 5, 3)


def test_pairs_show_what_only_one_network_predicts_correctly():
    pictures, labels = make_images(3, classes=2).pixels[:, 0].numpy(), np.repeat([0, 1], 3)
    first = Answers("A", labels, np.ones(6, bool))
    other = Answers("B", 1 - labels, np.arange(6) >= 2)
    classes = ("class_0", "class_1")
    assert draw_pairs(pictures, labels, classes, CARD, first, [other]) is not None
    assert draw_pairs(pictures, labels, classes, CARD, first, [first]) is None


@pytest.mark.parametrize("shape", [(8, 8), (8, 8, 3)])
def test_an_overlay_is_orange_for_the_class_blue_against_it_and_clear_elsewhere(shape):
    heat = np.zeros((8, 8))
    heat[0, 0], heat[7, 7] = 2.0, -2.0
    tinted = overlay(np.full(shape, 100, np.uint8), heat)
    assert tinted.shape == (8, 8, 3)
    assert tinted[0, 0, 0] > tinted[0, 0, 2]
    assert tinted[7, 7, 0] < tinted[7, 7, 2]
    assert (tinted[3, 3] == 100).all()


def test_filters_of_several_inputs_are_drawn():
    weights = np.random.default_rng(0).normal(size=(10, 3, 5, 5))
    assert draw_filters(weights).height > draw_filters(weights[:8]).height
