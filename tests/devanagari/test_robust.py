"""`augment=robust`, step by step."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from akshar.benchmarks.damage import DAMAGES, adaptive_binary, mouse_drawing
from akshar.benchmarks.other_hands import CONFUSIONS, mouse_line, ragged
from akshar.data.augment import Augment
from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.jpeg import compress_jpeg
from akshar.devanagari.other_hands import HELD_OUT_FORMS
from akshar.devanagari.other_pens import PARTS, break_strokes, change_proportions, overhang
from akshar.devanagari.robust import (
    Robust,
    binarize,
    change_headlines,
    change_pen,
    downscale,
    find_headlines,
    recrop,
)
from akshar.pictures.characters import read_character
from akshar.seeds import generator


def letter(left=2, right=30, top=2):
    """A headline of three pixels and a stem below its middle: float (1, 1, 32, 32)."""
    image = torch.zeros(1, 1, 32, 32)
    image[..., top : top + 3, left:right] = 1
    middle = (left + right) // 2
    image[..., top:30, middle - 2 : middle + 2] = 1
    return image


def test_off_changes_nothing():
    images = torch.rand(8, 1, 32, 32, generator=generator(1))
    images[:, :, 5, 5] = 1  # full ink somewhere
    assert torch.equal(Robust(Augment(), Augment())(images, generator(1)), images)


def test_the_same_generator_gives_the_same_and_the_range_is_kept():
    images = torch.rand(64, 1, 32, 32, generator=generator(1))
    every = Robust(Augment(rotation=15, elastic=1), Augment(noise=0.1), 1, 1.5, 0.5, 0.5, 0.5, 0.5, 2)
    first, second = (every(images, generator(2)) for _ in range(2))
    assert torch.equal(first, second)
    assert first.shape == images.shape
    assert 0 <= first.min() <= first.max() <= 1
    assert not torch.equal(first, every(images, generator(3)))


def test_every_change_of_other_pens_changes_images_and_keeps_the_range():
    images = letter().repeat(32, 1, 1, 1)
    for change in ("proportions", "overhang", "pressure", "breaks", "tremble"):
        changed = Robust(Augment(), Augment(), **{change: 1.0})(images, generator(1))
        assert not torch.equal(changed, images), change
        assert 0 <= changed.min() <= changed.max() <= 1, change
    smooth, ragged = (Robust(Augment(), Augment(), binarize=1, ragged=by)(images, generator(1)) for by in (0, 0.5))
    assert not torch.equal(smooth, ragged)


def test_a_part_of_a_letter_becomes_wider_and_the_rest_narrower():
    bars = torch.zeros(1, 1, 32, 32)
    bars[..., 8:10] = bars[..., 22:24] = 1
    factors = torch.zeros(1, 2, PARTS)
    assert torch.allclose(change_proportions(bars, factors), bars, atol=1e-5)
    factors[:, 0, 2] = 1
    columns = (change_proportions(bars, factors)[0, 0, 16] > 0.5).nonzero().flatten()
    assert columns.max() - columns.min() > 15  # 15 before


def test_a_headline_hangs_over_and_what_has_none_stays():
    images = torch.cat([letter(), letter()[..., :4, :].new_zeros(1, 1, 32, 32)])
    images[1, :, 5:30, 4:8] = 1
    changed = overhang(images, find_headlines(images), torch.tensor([[0.9, 0.0], [0.9, 0.0]]))
    assert changed[0, 0, 3].all()
    assert changed[0, 0, 10].nonzero().max() < 14
    assert torch.allclose(changed[1], images[1], atol=1e-5)


def test_a_gap_is_thin():
    broken = break_strokes(torch.ones(1, 1, 32, 32), torch.tensor([[0.0, 0.5, 0.9]]))
    assert 0 < (broken[0, 0, 16] < 0.5).sum() <= 3


def test_a_share_of_each_batch_is_changed_lightly():
    images = letter().repeat(20, 1, 1, 1)
    most = Robust(Augment(), Augment(erasing=1.0, erasing_side=0.9), light_share=0.3)(images, generator(1))
    changed = (most != images).any(3).any(2).any(1)
    assert changed.tolist() == [False] * 6 + [True] * 14
    moved = Robust(Augment(), Augment(), light_share=0.3, light=Augment(rotation=20))(images, generator(1))
    assert (moved != images).any(3).any(2).any(1).tolist() == [True] * 6 + [False] * 14


def test_headlines_go_break_and_grow_and_the_rest_stays():
    images = letter(6, 26).repeat(4, 1, 1, 1)
    chosen = torch.tensor([True, True, True, False])
    drawn = torch.tensor([[0.1, 0.2, 0.8], [0.5, 0.0, 0.5], [0.9, 0.2, 0.8], [0.1, 0.2, 0.8]])
    gone, broken, longer, left = change_headlines(images, chosen, drawn)
    assert gone[0, 2:5].sum() == 0
    assert broken[0, 2:5, :16].sum() == 0
    assert broken[0, 2:5, 16:26].all()
    assert longer[0, 2:5].all()
    assert torch.equal(left, images[3])
    for image in (gone, broken, longer):
        assert torch.equal(image[0, 5:], images[0, 0, 5:])


def test_what_has_no_headline_keeps_its_top():
    ring = torch.zeros(1, 1, 32, 32)
    ring[..., 2:30, 2:5] = ring[..., 2:30, 27:30] = 1
    assert torch.equal(change_headlines(ring, torch.tensor([True]), torch.rand(1, 3)), ring)


def test_pens_are_wider_and_thinner_by_so_many_pixels():
    stroke = torch.zeros(3, 1, 32, 32)
    stroke[..., 2:30, 10:20] = 1
    wider, thinner, same = change_pen(stroke, torch.tensor([1.0, -1.0, 0.0]).view(3, 1, 1, 1))
    assert (wider[0, 16] > 0.5).sum() == 12
    assert (thinner[0, 16] > 0.5).sum() == 8
    assert torch.equal(same, stroke[2])


def test_hairlines_are_not_thinned_away():
    stroke = torch.zeros(1, 1, 32, 32)
    stroke[..., 2:30, 15:17] = 1
    assert torch.equal(change_pen(stroke, torch.tensor([-2.0]).view(1, 1, 1, 1)), stroke)


def test_reframing_undoes_a_move_and_a_stretch():
    framed = recrop(letter(8, 24, 10), torch.zeros(1, 4))
    assert (framed[0, 0, 2:30, 2:30] > 0.35).any(0).all()
    assert (framed[0, 0, 2:30, 2:30] > 0.35).any(1).all()
    assert framed[0, 0, :2].sum() == framed[0, 0, :, 30:].sum() == 0
    whole = letter()
    assert torch.allclose(recrop(whole, torch.zeros(1, 4)), whole, atol=1e-5)
    assert recrop(torch.zeros(1, 1, 32, 32), torch.zeros(1, 4)).sum() == 0


def test_jpeg_is_what_pillow_makes_of_it():
    pixels = np.uint8(255 * downscale(letter(), 20)[0, 0].numpy())
    images = torch.from_numpy(pixels)[None, None] / 255
    for quality in (15, 40, 90):
        file = io.BytesIO()
        Image.fromarray(pixels).save(file, "JPEG", quality=quality)
        expected = torch.from_numpy(np.asarray(Image.open(file)).copy()) / 255
        got = compress_jpeg(images, torch.tensor([float(quality)]))[0, 0]
        assert (got - expected).abs().mean() < 0.01
        assert (got - expected).abs().max() < 0.1


def test_black_and_white_has_hardly_a_grey():
    grey = torch.linspace(0, 1, 32).expand(1, 1, 32, 32)
    binary = binarize(grey, torch.tensor([0.5]))
    assert ((binary > 0.05) & (binary < 0.95)).float().mean() < 0.1


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_grows_with_its_severity_and_stays_a_picture(name):
    pixels = np.uint8(255 * letter()[0, 0].numpy())
    pictures = [DAMAGES[name](pixels, np.random.default_rng(0), severity) for severity in (1, 2, 3)]
    for picture in pictures:
        assert picture.dtype == np.uint8
        assert picture.ndim == 2
        assert picture.min() < 128 < picture.max()
    assert not np.array_equal(pictures[0], pictures[2])


def test_the_held_out_pictures_hold_ink():
    draw = np.random.default_rng(0)
    binary = adaptive_binary(np.uint8(255 * letter()[0, 0].numpy()), draw)
    assert set(np.unique(binary)) == {0, 255}
    assert 0.005 < (mouse_drawing("H/10,0 10,20", draw) < 128).mean() < 0.1


def test_pictures_of_other_hands_are_framed_as_one_character():
    draw = np.random.default_rng(0)
    assert {letter for pair in CONFUSIONS for letter in pair} <= set(HELD_OUT_FORMS)
    for form in HELD_OUT_FORMS["ण"] + HELD_OUT_FORMS["ङ"]:  # of several parts
        assert read_character(mouse_line(form, draw), INPUT_SPEC).problem is None
    binary = ragged(np.uint8(255 * letter()[0, 0].numpy()), draw)
    assert set(np.unique(binary)) == {0, 255}
    assert read_character(binary, INPUT_SPEC).problem is None
