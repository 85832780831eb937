"""Augmentation for handwriting, pens, scanners and framings that a data set does not contain, batch by batch.

Shapes: B images of one channel, H x W pixels, light ink on black in [0, 1].
"""

from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from akshar.data.augment import Augment, Share
from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.jpeg import compress_jpeg
from akshar.devanagari.other_pens import (
    PARTS,
    break_strokes,
    change_proportions,
    overhang,
    roughen_edges,
    smooth_noise,
)
from akshar.pictures.ink import INKED

HEADLINE = 0.62  # share of ink that makes a row a headline
TOP_ROWS = 12  # rows in which headlines are searched


class Robust:
    """Geometric changes, then those of pens, paper, scanners and cropping.

    Args:
        geometric: of the whole character: affine, elastic.
        photometric: of the picture, applied last: blur, noise, erasing.
        headline: probability of breaking, removing or lengthening the headline.
        pen: largest change of each stroke's outline, pixels; outwards or inwards.
        downscale: probability of scaling down to 14 to 28 pixels a side and up again.
        binarize: probability of black and white without greys.
        jpeg: probability of JPEG artefacts, quality 10 to 60.
        recrop: probability of cropping to the ink and stretching again, as pictures are framed.
        recrop_jitter: largest error of each side of that crop, pixels.
        light_share: share of each batch that only `light` changes, so that undistorted images are still learned.
        light: see `light_share`; None leaves that share unchanged.
        proportions: standard deviation of the logarithm by which each fifth of the width and height is stretched.
        overhang: probability of narrowing a letter under its headline.
        pressure: largest difference of the pen's change between parts of an image, pixels.
        breaks: probability of a thin gap across the strokes.
        tremble: standard deviation of a displacement that changes every third pixel, pixels.
        ragged: largest standard deviation of the noise at edges before `binarize`.
    """

    def __init__(
        self,
        geometric: Augment,
        photometric: Augment,
        headline: Share = 0.0,
        pen: Annotated[float, Field(ge=0, le=2)] = 0.0,
        downscale: Share = 0.0,
        binarize: Share = 0.0,
        jpeg: Share = 0.0,
        recrop: Share = 0.0,
        recrop_jitter: Annotated[float, Field(ge=0, le=4)] = 0.0,
        light_share: Share = 0.0,
        light: Augment | None = None,
        proportions: Annotated[float, Field(ge=0, le=1)] = 0.0,
        overhang: Share = 0.0,
        pressure: Annotated[float, Field(ge=0, le=2)] = 0.0,
        breaks: Share = 0.0,
        tremble: Annotated[float, Field(ge=0, le=2)] = 0.0,
        ragged: Annotated[float, Field(ge=0, le=1)] = 0.0,
    ):
        self.geometric, self.photometric = geometric, photometric
        self.headline, self.pen, self.downscale = headline, pen, downscale
        self.binarize, self.jpeg = binarize, jpeg
        self.recrop, self.recrop_jitter = recrop, recrop_jitter
        self.light_share, self.light = light_share, light
        self.proportions, self.overhang, self.pressure = proportions, overhang, pressure
        self.breaks, self.ragged = breaks, ragged
        self.tremble = Augment(elastic=tremble, elastic_knots=11) if tremble else None

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augment a batch: float32 [0, 1] (B, 1, H, W) -> the same; see `Augment`."""
        count = round(self.light_share * len(images))  # batches are shuffled, so the first images will do
        lightly, fully = images[:count], images[count:]
        if self.light is not None:
            lightly = self.light(lightly, generator)
        return torch.cat([lightly, self._change(fully, generator)])

    def _change(self, images: Tensor, generator: torch.Generator) -> Tensor:
        def draw(*size: int) -> Tensor:
            return torch.rand((len(images), *size), device=images.device, generator=generator)

        images = self.geometric(images, generator)
        if self.tremble:
            images = self.tremble(images, generator)
        if self.proportions:
            shape = (len(images), 2, PARTS)
            factors = torch.randn(shape, device=images.device, generator=generator) * self.proportions
            images = change_proportions(images, factors)
        images = change_headlines(images, draw() < self.headline, draw(3))
        if self.overhang:
            headlines = find_headlines(images) & (draw() < self.overhang)[:, None]
            images = overhang(images, headlines, draw(2))
        change = ((draw() * 2 - 1) * self.pen).view(-1, 1, 1, 1)
        if self.pressure:
            change = change + self.pressure * smooth_noise(images, 4, generator).clamp(-2, 2) / 2
        images = change_pen(images, change)
        if self.breaks:
            images = _where(draw() < self.breaks, break_strokes(images, draw(3)), images)
        side = int(torch.randint(14, 29, (1,), device=images.device, generator=generator))
        images = _where(draw() < self.downscale, downscale(images, side), images)
        scanned = images
        if self.ragged:
            noise = smooth_noise(images, 24, generator) * self.ragged * draw().view(-1, 1, 1, 1)
            scanned = roughen_edges(images, noise)
        images = _where(draw() < self.binarize, binarize(scanned, 0.25 + 0.4 * draw()), images)
        images = _where(draw() < self.recrop, recrop(images, (draw(4) * 2 - 1) * self.recrop_jitter), images)
        images = _where(draw() < self.jpeg, compress_jpeg(images, 10 + 50 * draw()), images)
        return self.photometric(images, generator)


def find_headlines(images: Tensor) -> Tensor:
    """Tell which of the first rows of (B, 1, H, W) are a headline: bool (B, TOP_ROWS)."""
    shares = (images[:, 0, :TOP_ROWS] > INKED).float().mean(2)
    best = shares.amax(1)
    return (shares > 0.75 * best[:, None]) & (best > HEADLINE)[:, None]


def change_headlines(images: Tensor, chosen: Tensor, drawn: Tensor) -> Tensor:
    """Break, remove or lengthen the headlines of the chosen images that have one.

    Args:
        images: (B, 1, H, W).
        chosen: bool (B,).
        drawn: float [0, 1) (B, 3): kind of change, and the two columns between which a headline is broken.
    """
    top = images[:, 0, :TOP_ROWS]
    rows = find_headlines(images) & chosen[:, None]
    columns = (torch.arange(images.shape[3], device=images.device) + 0.5) / images.shape[3]
    kind, ends = drawn[:, 0], drawn[:, 1:].sort(1).values
    between = (columns >= ends[:, :1]) & (columns < ends[:, 1:])
    erased = between | (kind < 0.35)[:, None]
    longer = (kind > 0.75)[:, None, None]
    lines = rows[:, :, None] & torch.ones_like(between)[:, None]
    value = torch.where(longer, top.amax((1, 2), keepdim=True), torch.zeros_like(top[:, :1, :1]))
    mask = lines & (longer | erased[:, None])
    changed = torch.where(mask, value, top)
    return torch.cat([changed[:, None], images[:, :, TOP_ROWS:]], 2)


def change_pen(images: Tensor, change: Tensor) -> Tensor:
    """Move every outline by `change`, (B, 1, 1, 1) or (B, 1, H, W), pixels: outwards if positive, else inwards.

    Thin strokes are not thinned and thick ones not thickened, so that they stay legible; ink stays white.
    """
    density = images.mean((1, 2, 3), keepdim=True)
    thinning, thickening = ((density - 0.17) / 0.15).clamp(0, 1), ((0.5 - density) / 0.2).clamp(0, 1)
    change = change * torch.where(change < 0, thinning, thickening)
    for _ in range(2):
        step = change.clamp(-1, 1)
        change = change - step
        wider = F.max_pool2d(images, 3, 1, 1)
        thinner = -F.max_pool2d(-images, 3, 1, 1)
        images = images + step.clamp(min=0) * (wider - images) + (-step).clamp(min=0) * (thinner - images)
    return (images / images.amax((2, 3), keepdim=True).clamp(min=0.3)).clamp(max=1)


def downscale(images: Tensor, side: int) -> Tensor:
    """Scale down to `side` pixels and up again."""
    small = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
    return F.interpolate(small, images.shape[2:], mode="bilinear")


def binarize(images: Tensor, threshold: Tensor) -> Tensor:
    """Make images nearly black and white; `threshold` is (B,)."""
    return ((images - threshold.view(-1, 1, 1, 1)) * 12 + 0.5).clamp(0, 1)


def recrop(images: Tensor, error: Tensor) -> Tensor:
    """Crop to the ink and stretch to the inside of the border.

    Args:
        images: (B, 1, H, W).
        error: (B, 4): shift of the left, top, right and bottom of the crop, pixels, inwards.
    """
    inked = images[:, 0] > INKED
    height, width = images.shape[2:]
    border = INPUT_SPEC.border

    def positions(used: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        """Input position of each output row or column: (B, size), [-1, 1]; unchanged where nothing is inked."""
        size = used.shape[1]
        # 0 to 1 inside the border
        target = (torch.arange(size, device=used.device) + 0.5 - border) / (size - 2 * border)
        used = used | ~used.any(1, keepdim=True)
        first = used.float().argmax(1) + start
        last = size - used.flip(1).float().argmax(1) - stop
        return (first[:, None] + target * (last - first)[:, None]) * 2 / size - 1

    x = positions(inked.any(1), error[:, 0], error[:, 2])
    y = positions(inked.any(2), error[:, 1], error[:, 3])
    grid = torch.stack([x[:, None].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)], -1)
    inside = F.pad(torch.ones((height - 2 * border, width - 2 * border), device=images.device), (border,) * 4)
    return F.grid_sample(images, grid, align_corners=False) * inside


def _where(chosen: Tensor, changed: Tensor, images: Tensor) -> Tensor:
    return torch.where(chosen.view(-1, 1, 1, 1), changed, images)
