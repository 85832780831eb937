"""Augmentation of whole batches on the device they are on, each image with parameters of its own.

All that moves pixels (affine, elastic, flips) is composed into one field of positions and sampled once.

Shapes: B images, H x W pixels.
"""

import math
from collections.abc import Sequence
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

Share = Annotated[float, Field(ge=0, le=1)]
Amount = Annotated[float, Field(ge=0)]
Range = Annotated[Sequence[Annotated[float, Field(gt=0)]], Field(min_length=2, max_length=2)]

ELASTIC_KNOTS = 6  # control points a side of the elastic field; 32 px / 6 is about the width of a stroke's bend


class Augment:
    """Random changes to images on black ground, in [0, 1]; what is 0 (or the range 1 to 1) is off.

    Args:
        rotation: degrees, drawn from [-rotation, rotation].
        translation: share of the side, drawn from [-translation, translation] in x and in y.
        scale: range of the factor of size; above 1 enlarges.
        stretch: range of the factor of width against height, on top of `scale`.
        shear: degrees, drawn from [-shear, shear]; slants the character.
        elastic: standard deviation in pixels of a smooth random displacement (Simard et al., ICDAR 2003).
        flip_horizontal: probability of a mirror image; off in every shipped config, because a mirrored
            Devanagari character is another one or none (६ becomes ३).
        flip_vertical: probability of an upside-down image; off likewise.
        blur: the largest weight of each neighbour in a 3-tap blur, drawn from [0, blur]; at most 1/3.
        noise: the largest standard deviation of Gaussian noise, drawn from [0, noise].
        erasing: probability of blacking out a rectangle (Zhong et al., AAAI 2020).
        erasing_side: the largest side of that rectangle, share of the image's side.
    """

    def __init__(
        self,
        rotation: Annotated[float, Field(ge=0, le=180)] = 0.0,
        translation: Share = 0.0,
        scale: Range = (1.0, 1.0),
        stretch: Range = (1.0, 1.0),
        shear: Annotated[float, Field(ge=0, lt=90)] = 0.0,
        elastic: Amount = 0.0,
        flip_horizontal: Share = 0.0,
        flip_vertical: Share = 0.0,
        blur: Annotated[float, Field(ge=0, le=1 / 3)] = 0.0,
        noise: Amount = 0.0,
        erasing: Share = 0.0,
        erasing_side: Share = 0.3,
    ):
        self.rotation = rotation
        self.translation = translation
        self.scale = tuple(scale)
        self.stretch = tuple(stretch)
        self.shear = shear
        self.elastic = elastic
        self.flip_horizontal = flip_horizontal
        self.flip_vertical = flip_vertical
        self.blur = blur
        self.noise = noise
        self.erasing = erasing
        self.erasing_side = erasing_side

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augments a batch.

        Args:
            images: float32 [0, 1] (B, C, H, W).
            generator: on the images' device; the same state gives the same result.

        Returns:
            float32 [0, 1] (B, C, H, W).
        """
        if self._moves():
            images = F.grid_sample(images, self.positions(images, generator), align_corners=False)
        draw = _Draw(len(images), images.device, generator)
        if self.blur:
            images = blur(images, draw.between(0, self.blur))
        if self.noise:
            noise = torch.randn(images.shape, device=images.device, generator=generator)
            images = (images + noise * draw.between(0, self.noise).view(-1, 1, 1, 1)).clamp_(0, 1)
        if self.erasing:
            images = erase(images, draw, self.erasing, self.erasing_side)
        return images

    def positions(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Where each output pixel is taken from: float32 (B, H, W, 2), x and y, [-1, 1] within the image."""
        height, width = images.shape[-2:]
        draw = _Draw(len(images), images.device, generator)
        matrix, offset = self._inverse_affine(draw)
        x_W = _pixel_centres(width, images.device)
        y_H = _pixel_centres(height, images.device)
        # A position is a complex number here, x + iy: half the cost of affine_grid's matrix products.
        per_column_BW = torch.complex(matrix[0], matrix[2])[:, None] * x_W
        per_row_BH = torch.complex(matrix[1], matrix[3])[:, None] * y_H + torch.complex(*offset)[:, None]
        grid_BHW2 = torch.view_as_real(per_row_BH[:, :, None] + per_column_BW[:, None, :])
        if self.elastic:
            grid_BHW2 = grid_BHW2 + self._elastic_field(len(images), height, width, generator)
        return grid_BHW2

    def _moves(self) -> bool:
        affine = self.rotation or self.translation or self.shear or self.elastic
        return bool(affine or {*self.scale, *self.stretch} != {1.0} or self.flip_horizontal or self.flip_vertical)

    def _inverse_affine(self, draw: "_Draw") -> tuple[tuple[Tensor, ...], tuple[Tensor, Tensor]]:
        """From output to input positions: the matrix (a, b, c, d) of [[a, b], [c, d]] and the offset, each (B,)."""
        angle = draw.between(-self.rotation, self.rotation) * (math.pi / 180)
        shear = torch.tan(draw.between(-self.shear, self.shear) * (math.pi / 180))
        scale, stretch = draw.between(*self.scale), draw.between(*self.stretch).sqrt()
        x_factor = draw.flips(self.flip_horizontal) / (scale * stretch)
        y_factor = draw.flips(self.flip_vertical) * stretch / scale
        cos, sin = angle.cos(), angle.sin()
        matrix = (
            x_factor * (cos + shear * sin),
            x_factor * (sin - shear * cos),
            -y_factor * sin,
            y_factor * cos,
        )
        reach = 2 * self.translation  # the side is 2 long in grid positions
        x, y = draw.between(-reach, reach), draw.between(-reach, reach)
        return matrix, (-(matrix[0] * x + matrix[1] * y), -(matrix[2] * x + matrix[3] * y))

    def _elastic_field(self, count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
        """Smooth displacements in grid positions: float32 (B, H, W, 2)."""
        device = generator.device
        knots = torch.randn((count, 2, ELASTIC_KNOTS, ELASTIC_KNOTS), device=device, generator=generator)
        rows, columns = _smooth_basis(height, device), _smooth_basis(width, device)
        field = torch.einsum("hi,bcij,wj->bhwc", rows, knots, columns)
        return field * (self.elastic * 2 / torch.tensor([width, height], device=device))


def blur(images: Tensor, weight: Tensor) -> Tensor:
    """A 3-tap blur along rows and columns; `weight` (B,) is each neighbour's, the centre keeps 1 - 2 weight."""
    weight = weight.view(-1, 1, 1, 1)
    for dim in (-1, -2):
        size = images.shape[dim]
        padded = F.pad(images, (1, 1, 0, 0) if dim == -1 else (0, 0, 1, 1))
        sides = padded.narrow(dim, 0, size) + padded.narrow(dim, 2, size)
        images = images + weight * (sides - 2 * images)
    return images


def erase(images: Tensor, draw: "_Draw", probability: float, largest_side: float) -> Tensor:
    """Blacks out one rectangle, of up to `largest_side` of the side each way, in a share of the images."""
    chosen = draw.between(0, 1) < probability
    inside = []
    for size in images.shape[-2:]:
        side = draw.between(0, largest_side)
        start = draw.between(0, 1) * (1 - side)
        centres = (_pixel_centres(size, images.device) + 1) / 2
        inside.append((centres >= start[:, None]) & (centres < (start + side)[:, None]))
    mask = inside[0][:, :, None] & inside[1][:, None, :] & chosen[:, None, None]
    return images.masked_fill(mask[:, None], 0.0)


class _Draw:
    """Draws one number an image, as float32 (B,)."""

    def __init__(self, count: int, device: torch.device, generator: torch.Generator):
        self.count, self.device, self.generator = count, device, generator

    def between(self, low: float, high: float) -> Tensor:
        if low == high:
            return torch.full((self.count,), float(low), device=self.device)
        return torch.rand(self.count, device=self.device, generator=self.generator) * (high - low) + low

    def flips(self, probability: float) -> Tensor:
        """-1 with the probability given, else 1."""
        return 1 - 2 * (self.between(0, 1) < probability).float() if probability else self.between(1, 1)


def _pixel_centres(size: int, device: torch.device) -> Tensor:
    return (torch.arange(size, device=device, dtype=torch.float32) * 2 + 1) / size - 1


def _smooth_basis(size: int, device: torch.device) -> Tensor:
    """Cubic B-spline weights of the knots at each pixel, (size, knots), scaled to keep unit variance."""
    pixel = torch.linspace(0.5, ELASTIC_KNOTS - 1.5, size, device=device)
    distance = (pixel[:, None] - torch.arange(ELASTIC_KNOTS, device=device)).abs()
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - distance).clamp(min=0) ** 3 / 6
    weights = torch.where(distance < 1, near, far)
    return weights / weights.square().sum(1, keepdim=True).sqrt()
