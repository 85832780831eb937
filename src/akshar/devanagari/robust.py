"""Augmentation for hands, pens, scanners and framings that a data set does not hold, batch by batch.

Shapes: B images of one channel, H x W pixels, white ink on black in [0, 1].
"""

import math
from typing import Annotated

import torch
import torch.nn.functional as F
from pydantic import Field
from torch import Tensor

from akshar.data.augment import Augment, Share
from akshar.pictures.frame import BORDER, SIDE

INKED = 0.35  # of a pixel, as where pictures are framed
HEADLINE = 0.62  # share of a row in ink that makes it a headline
TOP_ROWS = 12  # where headlines are looked for
# JPEG's luminance table (ITU-T T.81, annex K), at quality 50.
LUMINANCE = (
    (16, 11, 10, 16, 24, 40, 51, 61),
    (12, 12, 14, 19, 26, 58, 60, 55),
    (14, 13, 16, 24, 40, 57, 69, 56),
    (14, 17, 22, 29, 51, 87, 80, 62),
    (18, 22, 37, 56, 68, 109, 103, 77),
    (24, 35, 55, 64, 81, 104, 113, 92),
    (49, 64, 78, 87, 103, 121, 120, 101),
    (72, 92, 95, 98, 112, 100, 103, 99),
)


class Robust:
    """A hand's movements, then what pens, paper, scanners and croppers add.

    Args:
        hand: of the character as a whole: affine, elastic.
        grain: of the picture, last: blur, noise, erasing.
        headline: probability that the headline is broken, gone, or too long.
        pen: the largest change of each stroke's outline, pixels; outwards as inwards.
        coarse: probability of few pixels, 14 to 28 a side, scaled up again.
        binarised: probability of black and white without greys.
        jpeg: probability of JPEG's artefacts, quality 10 to 60.
        reframed: probability that the character is cropped to its ink and stretched again, as pictures are.
        reframed_by: the largest error of each side of that crop, pixels.
        lightly: share of each batch that only `light` changes, so that what needs no help is read well too.
        light: see `lightly`; None leaves that share as it is.
    """

    def __init__(
        self,
        hand: Augment,
        grain: Augment,
        headline: Share = 0.0,
        pen: Annotated[float, Field(ge=0, le=2)] = 0.0,
        coarse: Share = 0.0,
        binarised: Share = 0.0,
        jpeg: Share = 0.0,
        reframed: Share = 0.0,
        reframed_by: Annotated[float, Field(ge=0, le=4)] = 0.0,
        lightly: Share = 0.0,
        light: Augment | None = None,
    ):
        self.hand, self.grain = hand, grain
        self.headline, self.pen, self.coarse = headline, pen, coarse
        self.binarised, self.jpeg = binarised, jpeg
        self.reframed, self.reframed_by = reframed, reframed_by
        self.lightly, self.light = lightly, light

    def __call__(self, images: Tensor, generator: torch.Generator) -> Tensor:
        """Augments a batch: float32 [0, 1] (B, 1, 32, 32) -> the same; see `Augment`."""
        kept = round(self.lightly * len(images))  # batches are in random order, so the first will do
        few, many = images[:kept], images[kept:]
        if self.light is not None:
            few = self.light(few, generator)
        return torch.cat([few, self._change(many, generator)])

    def _change(self, images: Tensor, generator: torch.Generator) -> Tensor:
        def draw(*size: int) -> Tensor:
            return torch.rand((len(images), *size), device=images.device, generator=generator)

        images = self.hand(images, generator)
        images = change_headlines(images, draw() < self.headline, draw(3))
        images = change_pen(images, (draw() * 2 - 1) * self.pen)
        side = int(torch.randint(14, 29, (1,), device=images.device, generator=generator))
        images = _where(draw() < self.coarse, few_pixels(images, side), images)
        images = _where(draw() < self.binarised, binarise(images, 0.25 + 0.4 * draw()), images)
        images = _where(draw() < self.reframed, reframe(images, (draw(4) * 2 - 1) * self.reframed_by), images)
        images = _where(draw() < self.jpeg, as_jpeg(images, 10 + 50 * draw()), images)
        return self.grain(images, generator)


def change_headlines(images: Tensor, chosen: Tensor, drawn: Tensor) -> Tensor:
    """Breaks, removes or lengthens the headlines of the chosen images that have one.

    Args:
        images: (B, 1, 32, 32).
        chosen: bool (B,).
        drawn: float [0, 1) (B, 3): what is done, and between which columns.
    """
    top = images[:, 0, :TOP_ROWS]
    shares = (top > INKED).float().mean(2)
    best = shares.amax(1)
    rows = (shares > 0.75 * best[:, None]) & (best > HEADLINE)[:, None] & chosen[:, None]
    columns = (torch.arange(images.shape[3], device=images.device) + 0.5) / images.shape[3]
    what, ends = drawn[:, 0], drawn[:, 1:].sort(1).values
    between = (columns >= ends[:, :1]) & (columns < ends[:, 1:])
    erased = between | (what < 0.35)[:, None]
    longer = (what > 0.75)[:, None, None]
    lines = rows[:, :, None] & torch.ones_like(between)[:, None]
    value = torch.where(longer, top.amax((1, 2), keepdim=True), torch.zeros_like(top[:, :1, :1]))
    mask = lines & (longer | erased[:, None])
    changed = torch.where(mask, value, top)
    return torch.cat([changed[:, None], images[:, :, TOP_ROWS:]], 2)


def change_pen(images: Tensor, by: Tensor) -> Tensor:
    """Moves every outline by so many pixels, (B,): outwards above 0, inwards below.

    Thin strokes are not thinned nor thick ones thickened, which would leave nothing to read; ink stays white.
    """
    density = images.mean((1, 2, 3))
    by = torch.where(by < 0, by * ((density - 0.17) / 0.15).clamp(0, 1), by * ((0.5 - density) / 0.2).clamp(0, 1))
    by = by.view(-1, 1, 1, 1)
    for _ in range(2):
        step = by.clamp(-1, 1)
        by = by - step
        wider = F.max_pool2d(images, 3, 1, 1)
        thinner = -F.max_pool2d(-images, 3, 1, 1)
        images = images + step.clamp(min=0) * (wider - images) + (-step).clamp(min=0) * (thinner - images)
    return (images / images.amax((2, 3), keepdim=True).clamp(min=0.3)).clamp(max=1)


def few_pixels(images: Tensor, side: int) -> Tensor:
    """Scaled down to `side` pixels and up again."""
    small = F.interpolate(images, (side, side), mode="bilinear", antialias=True)
    return F.interpolate(small, images.shape[2:], mode="bilinear")


def binarise(images: Tensor, threshold: Tensor) -> Tensor:
    """Nearly black and white: `threshold` (B,)."""
    return ((images - threshold.view(-1, 1, 1, 1)) * 12 + 0.5).clamp(0, 1)


def reframe(images: Tensor, error: Tensor) -> Tensor:
    """Crops to the ink and stretches to the box; `error` (B, 4): left, top, right, bottom in pixels, inwards."""
    inked = images[:, 0] > INKED
    size = images.shape[2]
    target = (torch.arange(size, device=images.device) + 0.5 - BORDER) / (
        size - 2 * BORDER
    )  # 0 to 1 within the box

    def positions(used: Tensor, start: Tensor, stop: Tensor) -> Tensor:
        """Of each output row or column: (B, size), [-1, 1]; as they are where nothing is inked."""
        used = used | ~used.any(1, keepdim=True)
        first = used.float().argmax(1) + start
        last = size - used.flip(1).float().argmax(1) - stop
        return (first[:, None] + target * (last - first)[:, None]) * 2 / size - 1

    x = positions(inked.any(1), error[:, 0], error[:, 2])
    y = positions(inked.any(2), error[:, 1], error[:, 3])
    grid = torch.stack([x[:, None].expand(-1, size, -1), y[:, :, None].expand(-1, -1, size)], -1)
    framed = F.grid_sample(images, grid, align_corners=False)
    inner = F.pad(torch.ones((size - 2 * BORDER,) * 2, device=images.device), (BORDER,) * 4)
    return framed * inner


def as_jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """What JPEG at `quality` (B,), [1, 99], leaves of the greys."""
    batch, _, height, width = images.shape
    steps = torch.tensor(LUMINANCE, dtype=torch.float32, device=images.device) / 255
    factor = torch.where(quality < 50, 50 / quality, 2 - quality / 50).view(-1, 1, 1, 1, 1)
    index = torch.arange(8.0, device=images.device)
    basis = torch.cos((2 * index[None] + 1) * index[:, None] * math.pi / 16) / 2
    basis[0] /= math.sqrt(2)
    blocks = images.view(batch, height // 8, 8, width // 8, 8).transpose(2, 3) - 0.5
    steps = steps * factor
    coefficients = ((basis @ blocks @ basis.T) / steps).round() * steps
    back = (basis.T @ coefficients @ basis + 0.5).transpose(2, 3).reshape(images.shape)
    return back.clamp(0, 1)


def _where(chosen: Tensor, changed: Tensor, images: Tensor) -> Tensor:
    return torch.where(chosen.view(-1, 1, 1, 1), changed, images)


assert SIDE % 8 == 0  # of `as_jpeg`'s blocks
