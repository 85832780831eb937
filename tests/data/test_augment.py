"""Augmentation: different for each image, reproducible from a seed, with the right geometry."""

import math

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torchvision.transforms import InterpolationMode
from torchvision.transforms.functional import affine

from akshar.data.augment import Augment
from akshar.seeds import generator

KINDS = {
    "rotation": 45,
    "translation": 0.1,
    "scale": (0.8, 1.2),
    "stretch": (0.7, 1.3),
    "shear": 15,
    "elastic": 1.5,
    "flip_horizontal": 0.5,
    "flip_vertical": 0.5,
    "blur": 0.3,
    "noise": 0.2,
    "erasing": 0.9,
}


def smooth_image() -> torch.Tensor:
    """A blob off the centre, float32 (1, 1, 32, 32), without symmetry."""
    y, x = torch.meshgrid(torch.arange(32.0), torch.arange(32.0), indexing="ij")
    blob = torch.exp(-((x - 20) ** 2 / 40 + (y - 12) ** 2 / 12))
    return blob[None, None]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_changes_images_each_differently_and_repeats_from_its_seed(kind):
    images = smooth_image().expand(16, 1, 32, 32)
    augment = Augment(**{kind: KINDS[kind]})
    once = augment(images, generator(1))
    assert once.shape == images.shape
    assert once.min() >= 0
    assert once.max() <= 1
    assert len({tuple(picture.flatten().tolist()) for picture in once}) >= (2 if "flip" in kind else 8)
    assert torch.equal(once, augment(images, generator(1)))
    assert not torch.equal(once, augment(images, generator(2)))
    assert torch.equal(images[0, 0], smooth_image()[0, 0])  # the input is left alone


def test_the_defaults_change_nothing():
    images = torch.rand(4, 1, 32, 32)
    assert torch.equal(Augment()(images, generator(1)), images)


@given(angle=st.floats(-90, 90), scale=st.floats(0.7, 1.3), x=st.integers(-4, 4), y=st.integers(-4, 4))
def test_geometry_is_torchvision_s(angle, scale, x, y):
    """Against torchvision's affine with the same parameters (its angle turns the same way)."""

    class Fixed(Augment):
        def draw(self, count, generator):
            fixed = {"angle": math.radians(angle), "scale": scale, "x": 2 * x / 32, "y": 2 * y / 32}
            return {
                name: value.fill_(fixed.get(name, value[0]))
                for name, value in super().draw(count, generator).items()
            }

    ours = Fixed(rotation=1)(smooth_image(), generator(1))
    theirs = affine(smooth_image(), angle, [x, y], scale, [0.0], InterpolationMode.BILINEAR)
    assert torch.allclose(ours, theirs, atol=1e-4)


def test_parameters_stay_in_their_ranges():
    """A dot at the centre moves by the translation alone, at most a tenth of 32 pixels."""
    dot = torch.zeros(512, 1, 32, 32)
    dot[:, :, 15:17, 15:17] = 1
    moved = Augment(rotation=45, translation=0.1)(dot, generator(3))
    mass = moved[:, 0].sum((1, 2))
    centres = torch.arange(32.0)
    offset = (moved[:, 0].sum(1) * centres).sum(1) / mass - 15.5
    assert offset.abs().max() <= 3.2 + 0.05
    assert offset.abs().max() > 2.5
    assert abs(float(offset.mean())) < 0.3


def test_a_share_of_images_is_erased_and_flipped():
    white = torch.ones(2000, 1, 32, 32)
    erased = (Augment(erasing=0.25)(white, generator(1)).amin((1, 2, 3)) == 0).float().mean()
    assert 0.15 < erased < 0.27  # a few rectangles fall between pixels
    ramp = torch.linspace(0, 1, 32).expand(2000, 1, 32, 32)
    flipped = (Augment(flip_horizontal=0.25)(ramp, generator(1))[:, 0, 0, 0] > 0.5).float().mean()
    assert 0.2 < flipped < 0.3
