"""Augmentation of whole batches on their device, with different parameters for each image.

Everything that moves pixels (affine, elastic, flips) is composed into one sampling grid and sampled once.

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


class Augment:
    """Random changes to images on a black background; an argument of 0 (or a range of 1 to 1) is off.

    Args:
        rotation: degrees, drawn from [-rotation, rotation].
        translation: share of the side, drawn from [-translation, translation] in x and in y.
        scale: range of the scale factor; above 1 enlarges.
        stretch: range of the ratio of width to height, on top of `scale`.
        shear: degrees, drawn from [-shear, shear]; slants the drawing.
        elastic: standard deviation in pixels of a smooth random displacement (Simard et al., ICDAR 2003).
        elastic_knots: control points per side of that displacement; more of them bend smaller parts.
        flip_horizontal: probability of mirroring the image; off for characters, which it would make different ones.
        flip_vertical: probability of turning the image upside down; off for the same reason.
        blur: largest weight of each neighbour in a 3-tap blur, drawn from [0, blur]; at most 1/3.
        noise: largest standard deviation of Gaussian noise, drawn from [0, noise].
        erasing: probability of blacking out a rectangle (Zhong et al., AAAI 2020).
        erasing_side: largest side of that rectangle, as a share of the image's side.
    """

    def __init__(
        self,
        rotation: Annotated[float, Field(ge=0, le=180)] = 0.0,
        translation: Share = 0.0,
        scale: Range = (1.0, 1.0),
        stretch: Range = (1.0, 1.0),
        shear: Annotated[float, Field(ge=0, lt=90)] = 0.0,
        elastic: Amount = 0.0,
        elastic_knots: Annotated[int, Field(ge=3)] = 6,
        flip_horizontal: Share = 0.0,
        flip_vertical: Share = 0.0,
        blur: Annotated[float, Field(ge=0, le=1 / 3)] = 0.0,
        noise: Amount = 0.0,
        erasing: Share = 0.0,
        erasing_side: Share = 0.3,
    ):
        turn, slant = math.radians(rotation), math.radians(shear)
        ranges = {
            "angle": (-turn, turn),
            "slant": (-slant, slant),
            "scale": tuple(scale),
            "stretch": tuple(stretch),
            "x": (-2 * translation, 2 * translation),  # in grid coordinates a side has length 2
            "y": (-2 * translation, 2 * translation),
            "flip_horizontal": (-flip_horizontal, 1 - flip_horizontal),  # below 0: flip
            "flip_vertical": (-flip_vertical, 1 - flip_vertical),
            "blur": (0.0, blur),
            "noise": (0.0, noise),
            "erasing": (-erasing, 1 - erasing),  # below 0: erase
            "erased_height": (0.0, erasing_side),
            "erased_width": (0.0, erasing_side),
            "erased_top": (0.0, 1.0),
            "erased_left": (0.0, 1.0),
        }
        self.names = tuple(ranges)
        self.low = torch.tensor([[low] for low, _ in ranges.values()])
        self.span = torch.tensor([[high - low] for low, high in ranges.values()])
        self.elastic, self.elastic_knots = elastic, elastic_knots
        self.blurs, self.adds_noise, self.erases = blur > 0, noise > 0, erasing > 0
        unmoved = {*scale, *stretch} == {1.0}
        self.moves = bool(
            rotation or translation or shear or elastic or flip_horizontal or flip_vertical or not unmoved
        )

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augment a batch.

        Args:
            images: float32 [0, 1] (B, C, H, W).
            generator: on the images' device; the same state gives the same result.

        Returns:
            float32 [0, 1] (B, C, H, W).
        """
        drawn = self.draw(len(images), generator)
        if self.moves:
            images = F.grid_sample(images, self.positions(images, drawn, generator), align_corners=False)
        if self.blurs:
            images = blur_images(images, drawn["blur"])
        if self.adds_noise:
            noise = torch.randn(images.shape, device=images.device, generator=generator)
            images = (images + noise * drawn["noise"].view(-1, 1, 1, 1)).clamp_(0, 1)
        if self.erases:
            images = erase(images, drawn)
        return images

    def draw(self, count: int, generator: torch.Generator) -> dict[str, Tensor]:
        """Draw one value of each parameter for each image: float32 (B,), uniform in its range."""
        device = generator.device
        if self.low.device != device:
            self.low, self.span = self.low.to(device), self.span.to(device)
        uniform = torch.rand((len(self.names), count), device=device, generator=generator)
        drawn = uniform.mul_(self.span).add_(self.low)
        return dict(zip(self.names, drawn.unbind(0), strict=True))

    def positions(self, images: Tensor, drawn: dict[str, Tensor], generator: torch.Generator) -> Tensor:
        """Compute the sampling grid: float32 (B, H, W, 2), x and y, [-1, 1] within the image."""
        height, width = images.shape[-2:]
        x_axis, y_axis, offset = inverse_affine(drawn)
        x_W, y_H = _pixel_centres(width, images.device), _pixel_centres(height, images.device)
        # Complex numbers x + iy take a third of the time of affine_grid's matrix products.
        per_column_BW = x_axis[:, None] * x_W
        per_row_BH = y_axis[:, None] * y_H + offset[:, None]
        grid_BHW2 = torch.view_as_real(per_row_BH[:, :, None] + per_column_BW[:, None, :])
        if self.elastic:
            grid_BHW2 = grid_BHW2 + self._elastic_field(len(images), height, width, generator)
        return grid_BHW2

    def _elastic_field(self, count: int, height: int, width: int, generator: torch.Generator) -> Tensor:
        """Draw smooth displacements in grid coordinates: float32 (B, H, W, 2)."""
        device, side = generator.device, self.elastic_knots
        knots = torch.randn((count, 2, side, side), device=device, generator=generator)
        rows, columns = _smooth_basis(height, side, device), _smooth_basis(width, side, device)
        field = torch.einsum("hi,bcij,wj->bhwc", rows, knots, columns)
        return field * (self.elastic * 2 / torch.tensor([width, height], device=device))


def inverse_affine(drawn: dict[str, Tensor]) -> tuple[Tensor, Tensor, Tensor]:
    """Map output to input positions: images of the x axis, the y axis and the origin, complex64 (B,) each.

    The forward transformation flips, scales, shears, rotates and translates, in that order.
    """
    cos, sin, slope = drawn["angle"].cos(), drawn["angle"].sin(), drawn["slant"].tan()
    stretch = drawn["stretch"].sqrt()
    x_factor = torch.where(drawn["flip_horizontal"] < 0, -1, 1) / (drawn["scale"] * stretch)
    y_factor = torch.where(drawn["flip_vertical"] < 0, -1, 1) * stretch / drawn["scale"]
    x_axis = torch.complex(x_factor * (cos + slope * sin), -y_factor * sin)
    y_axis = torch.complex(x_factor * (sin - slope * cos), y_factor * cos)
    return x_axis, y_axis, -(x_axis * drawn["x"] + y_axis * drawn["y"])


def blur_images(images: Tensor, weight: Tensor) -> Tensor:
    """Blur rows and columns with the kernel (weight, 1 - 2 weight, weight); `weight` is (B,)."""
    weight = weight.view(-1, 1, 1, 1)
    for dim in (-1, -2):
        size = images.shape[dim]
        padded = F.pad(images, (1, 1, 0, 0) if dim == -1 else (0, 0, 1, 1))
        sides = padded.narrow(dim, 0, size) + padded.narrow(dim, 2, size)
        images = images + weight * (sides - 2 * images)
    return images


def erase(images: Tensor, drawn: dict[str, Tensor]) -> Tensor:
    """Black out one rectangle in the images whose `erasing` is below 0."""
    inside = []
    for size, side, start in zip(
        images.shape[-2:],
        (drawn["erased_height"], drawn["erased_width"]),
        (drawn["erased_top"], drawn["erased_left"]),
        strict=True,
    ):
        centres = (_pixel_centres(size, images.device) + 1) / 2
        first = (start * (1 - side))[:, None]
        inside.append((centres >= first) & (centres < first + side[:, None]))
    mask = inside[0][:, :, None] & inside[1][:, None, :] & (drawn["erasing"] < 0)[:, None, None]
    return images.masked_fill(mask[:, None], 0.0)


def _pixel_centres(size: int, device: torch.device) -> Tensor:
    return (torch.arange(size, device=device, dtype=torch.float32) * 2 + 1) / size - 1


def _smooth_basis(size: int, knots: int, device: torch.device) -> Tensor:
    """Return cubic B-spline weights of the knots at each pixel, (size, knots), scaled to keep unit variance."""
    pixel = torch.linspace(0.5, knots - 1.5, size, device=device)
    distance = (pixel[:, None] - torch.arange(knots, device=device)).abs()
    near = 2 / 3 - distance**2 + distance**3 / 2
    far = (2 - distance).clamp(min=0) ** 3 / 6
    weights = torch.where(distance < 1, near, far)
    return weights / weights.square().sum(1, keepdim=True).sqrt()
