"""A data set: circles, squares and triangles, drawn with noise; nothing to download."""

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, ClassVar

import numpy as np
from akshar.data.card import DatasetCard
from akshar.pictures.input_spec import InputSpec
from pydantic import Field

if TYPE_CHECKING:
    from akshar.data.image_set import ImageSet, TrainTest

# Class -> corners of a regular polygon; with 60 it is a circle.
CORNERS = {"circle": 60, "square": 4, "triangle": 3}


@dataclass(frozen=True)
class Shapes:
    """Coloured shapes of any place, size, angle and colour, on a dark background.

    Attributes:
        size: pixels a side.
        noise: standard deviation of each pixel's noise; pixels are in [0, 1].
        train_per_class: images of each class to train and validate on.
        test_per_class: images of each class to test on.
        shape_seed: seed of the drawing; the same seed draws the same images.
    """

    size: Annotated[int, Field(ge=16)] = 24
    noise: Annotated[float, Field(ge=0)] = 0.15
    train_per_class: Annotated[int, Field(ge=10)] = 2000
    test_per_class: Annotated[int, Field(ge=1)] = 300
    shape_seed: Annotated[int, Field(ge=0)] = 1

    card: ClassVar[DatasetCard] = DatasetCard(
        "shapes", "Drawn circles, squares and triangles.", licence="CC0-1.0", subject="shape"
    )

    @property
    def input_spec(self) -> InputSpec:
        """How a picture becomes an input; it travels in every checkpoint."""
        return InputSpec(
            3, self.size, self.size, "light on dark", framing="none", border=0, mean=0.3, std=0.3
        )

    def class_sizes(self) -> list[int]:
        """Return the number of training images of each class."""
        return [self.train_per_class] * len(CORNERS)

    def load(self) -> "TrainTest":
        """Draw the images."""
        from akshar.data.image_set import (
            TrainTest,
        )  # imported late: checking a config needs no torch

        train = self._images(self.train_per_class, np.random.default_rng([self.shape_seed, 0]))
        test = self._images(self.test_per_class, np.random.default_rng([self.shape_seed, 1]))
        return TrainTest(self.card, self.input_spec, train, test)

    def _images(self, per_class: int, draw: np.random.Generator) -> "ImageSet":
        import torch
        from akshar.data.image_set import ImageSet

        drawn = [draw_polygons(n, per_class, self.size, self.noise, draw) for n in CORNERS.values()]
        return ImageSet(
            torch.from_numpy(np.concatenate(drawn)),
            torch.arange(len(CORNERS)).repeat_interleave(per_class),
            torch.arange(per_class).repeat(len(CORNERS)),
            tuple(CORNERS),
        )


def draw_polygons(
    corners: int, count: int, size: int, noise: float, draw: np.random.Generator
) -> np.ndarray:
    """Draw regular polygons: uint8 [0, 255] (count, 3, size, size)."""

    def uniform(low: float, high: float, channels: int = 1) -> np.ndarray:
        return draw.uniform(low, high, (count, channels, 1, 1))

    step = 2 * np.pi / corners  # angle between two sides
    radius = size * uniform(0.17, 0.25)  # of the circle with the same area, pixels
    inner = radius * np.sqrt(
        step / 2 / np.tan(step / 2)
    )  # from the centre to a side's middle, pixels
    centre_x, centre_y = size * uniform(0.4, 0.6), size * uniform(0.4, 0.6)
    y, x = np.mgrid[:size, :size] + 0.5
    x, y = x - centre_x, y - centre_y
    angle = np.mod(np.arctan2(y, x) - uniform(0, step), step) - step / 2  # from the nearest inner
    inside = np.clip(inner - np.hypot(x, y) * np.cos(angle) + 0.5, 0, 1)  # (count, 1, size, size)
    background, colour = uniform(0, 0.3, 3), uniform(0.4, 1, 3)
    images = background + (colour - background) * inside
    images += draw.normal(0, noise, images.shape)
    return np.round(255 * np.clip(images, 0, 1)).astype(np.uint8)
