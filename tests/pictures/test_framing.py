"""Framing a picture at the size of an input spec."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from akshar.pictures.framing import frame_picture, is_framed
from akshar.pictures.ink import find_ink
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.line.cells import find_cells

# DHCD's: images of 32x32 with a border of 2.
SPEC = InputSpec(1, 32, 32, "light on dark", "ink", 2, 0.5, 0.5)


def test_specks_are_left_out_and_a_pens_dot_is_not():
    paper = np.ones((200, 200), np.float32)
    paper[60:140, 60:70] = 0  # a stroke of ten pixels
    paper[5:8, 180:183] = 0  # a speck
    assert frame_picture(paper, SPEC).box == (60, 60, 70, 140)
    paper[100:110, 100:110] = 0  # a dot of the same pen
    assert frame_picture(paper, SPEC).box == (60, 60, 110, 140)


def test_a_hairline_is_read_as_a_stroke():
    """A line of one pixel in a large picture would be all but gone in 28 pixels."""
    large = np.ones((300, 300), np.float32)
    large[50:250, 150] = 0
    large[50, 100:200] = 0
    pixels = frame_picture(large, SPEC).pixels
    assert pixels[2:-2, 2:-2].max() > 200
    assert (pixels[16] > 100).sum() >= 2


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.integers(1, 70), st.integers(1, 70), st.integers(0, 2**32 - 1), st.sampled_from([0, 0.02, 0.5, 1]))
def test_anything_that_is_a_picture_is_framed_or_called_blank(height, width, seed, ink):
    draw = np.random.default_rng(seed)
    grey = (draw.random((height, width)) > ink).astype(np.float32) * draw.random((height, width), np.float32)
    framed = frame_picture(grey, SPEC)
    assert framed.pixels.shape == (32, 32)
    assert framed.pixels.dtype == np.uint8
    assert (framed.box is None) == (framed.problem == "blank")
    for cell in find_cells(grey, SPEC):
        assert cell.framed.box is not None
        assert np.isfinite(cell.shape).all()
    found = find_ink(grey)
    assert found is None or 0 <= found.density.min() <= found.density.max() <= 1


def drawn_pictures():
    """Pictures of many sizes and pens, dark on light and light on dark, and some that are framed already."""
    for number in range(60):
        draw = np.random.default_rng(number)
        width, height = (int(side) for side in draw.integers(8, 400, 2))
        image = Image.new("L", (width, height), 255)
        for _ in range(int(draw.integers(1, 4))):
            points = [(int(x * width), int(y * height)) for x, y in draw.random((3, 2))]
            ImageDraw.Draw(image).line(points, 0, int(draw.integers(1, 12)))
        grey = np.asarray(image, np.float32) / 255
        yield 1 - grey if number % 3 == 0 else grey
    for number in range(20):
        draw = np.random.default_rng(100 + number)
        inside = np.zeros((28, 28), np.float32)
        rows, columns = draw.integers(10, 29, 2)
        inside[:rows, :columns] = draw.random((rows, columns), np.float32) > draw.choice([0, 0.1, 0.7])
        yield np.pad(np.rint(inside * 255) / np.float32(255), 2)


def test_frames_stay_the_same_byte_for_byte():
    """As in akshar 0.1, in which 32, 28 and 2 were constants, but for values half-way between two levels."""
    digest = hashlib.sha256()
    for grey in drawn_pictures():
        framed = frame_picture(grey, SPEC)
        digest.update(framed.pixels.tobytes())
        digest.update(repr((framed.box, framed.problem, framed.sign)).encode())
    assert digest.hexdigest() == "45cfb7cb421895a40fb2212af27f934a1ee0369d89d5f36f1273f5a993e9ec5d"


@pytest.mark.parametrize("size", [(28, 28), (64, 64), (48, 96), (96, 40), (20, 20)])
@pytest.mark.parametrize("border", [0, 1, 4])
def test_a_character_fills_the_inside_of_any_size(size, border):
    spec = replace(SPEC, height=size[0], width=size[1], border=border)
    for grey in drawn_pictures():
        framed = frame_picture(grey, spec)
        assert framed.pixels.shape == size
        if framed.problem is None:
            rows, columns = (np.flatnonzero(framed.pixels.max(axis)) for axis in (1, 0))
            assert rows[0] >= border
            assert columns[0] >= border
            assert rows[-1] < size[0] - border
            assert columns[-1] < size[1] - border
            assert len(rows) > 0.6 * (size[0] - 2 * border)
            assert len(columns) > 0.6 * (size[1] - 2 * border)
            again = frame_picture(framed.pixels / np.float32(255), spec)
            if is_framed(framed.pixels / np.float32(255), spec):
                assert np.array_equal(again.pixels, framed.pixels)


def test_dark_on_light_is_the_inverse():
    spec = replace(SPEC, polarity="dark on light")
    for grey in drawn_pictures():
        light, dark = frame_picture(grey, SPEC), frame_picture(grey, spec)
        if not is_framed(grey, SPEC):  # which is a picture of another kind for the other spec
            assert np.array_equal(dark.pixels, 255 - light.pixels)
            assert (dark.box, dark.problem) == (light.box, light.problem)
        framed = dark.pixels / np.float32(255)
        if is_framed(framed, spec):
            assert np.array_equal(frame_picture(framed, spec).pixels, dark.pixels)


def test_grey_ink_is_repeated_for_three_channels():
    for grey in drawn_pictures():
        framed = frame_picture(grey, replace(SPEC, channels=3))
        assert np.array_equal(framed.pixels, np.repeat(frame_picture(grey, SPEC).pixels[None], 3, axis=0))


def test_without_framing_a_picture_is_only_resized():
    draw = np.random.default_rng(0)
    colours = draw.integers(0, 256, (40, 40, 3)).astype(np.uint8)
    spec = InputSpec(3, 40, 40, "light on dark", "none", 0, 0.5, 0.5)
    framed = frame_picture(colours / np.float32(255), spec)
    assert np.array_equal(framed.pixels, np.moveaxis(colours, 2, 0))
    assert (framed.box, framed.problem) == ((0, 0, 40, 40), None)
    assert frame_picture(colours / np.float32(255), replace(spec, height=20)).pixels.shape == (3, 20, 40)
    grey = frame_picture(colours[..., 0] / np.float32(255), replace(spec, channels=1))
    assert np.array_equal(grey.pixels, colours[..., 0])


def test_the_middle_is_cropped_in_the_spec_s_proportions():
    values = np.zeros((40, 100, 3), np.float32)
    values[:, 30:70] = (1, 0.2, 0)
    spec = InputSpec(3, 20, 20, "light on dark", "crop", 0, 0.5, 0.5)
    framed = frame_picture(values, spec)
    assert framed.box == (30, 0, 70, 40)
    assert (framed.pixels == np.array([255, 51, 0])[:, None, None]).all()
    tall = frame_picture(values.transpose(1, 0, 2), replace(spec, width=40))
    assert (tall.box, tall.pixels.shape) == ((0, 40, 40, 60), (3, 20, 40))
