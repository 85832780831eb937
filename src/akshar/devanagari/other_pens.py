"""Changes of proportions, headlines and strokes that other hands and pens make; parts of `robust.Robust`.

Shapes: B images of one channel, H x W pixels, light ink on black in [0, 1].
"""

import torch
import torch.nn.functional as F
from torch import Tensor

PARTS = 5  # parts of a side that are stretched separately
LEAST_WIDTH = 0.55  # of a letter under a headline that is too long, share of the image
HEADLINE_END = 0.8  # column, [-1, 1], where a headline that reaches it goes on


def change_proportions(images: Tensor, normal: Tensor) -> Tensor:
    """Stretch parts of the width and of the height by different factors.

    Args:
        images: (B, 1, H, W).
        normal: (B, 2, PARTS): logarithms of the factors, of the width's parts and of the height's.
    """
    parts = (-normal).exp()
    ends = F.pad((parts / parts.sum(2, keepdim=True)).cumsum(2), (1, 0)) * 2 - 1
    x, y = (_between(ends[:, axis], images.shape[3 - axis]) for axis in (0, 1))
    return _sample(images, x[:, None], y[:, :, None])


def overhang(images: Tensor, headlines: Tensor, drawn: Tensor) -> Tensor:
    """Narrow letters under a headline that goes on at its ends; a gap in it stays a gap.

    Args:
        images: (B, 1, H, W).
        headlines: bool (B, rows): the rows of each headline, from the top; images without one stay as they are.
        drawn: float [0, 1) (B, 2): width from 1 down to LEAST_WIDTH, and position from left to right.
    """
    width = torch.where(headlines.any(1), 1 - (1 - LEAST_WIDTH) * drawn[:, 0], 1)[:, None, None]
    middle = (2 * drawn[:, 1, None, None] - 1) * (1 - width)
    x = (_centres(images.shape[3], images) - middle) / width
    rows = F.pad(headlines, (0, images.shape[2] - headlines.shape[1]))[:, :, None]
    x = torch.where(rows, x.clamp(-HEADLINE_END, HEADLINE_END), x)
    return _sample(images, x, _centres(images.shape[2], images)[None, :, None])


def break_strokes(images: Tensor, drawn: Tensor) -> Tensor:
    """Erase a thin line across each image, where a pen left the paper or a scanner lost it.

    Args:
        images: (B, 1, H, W).
        drawn: float [0, 1) (B, 3): direction, distance from the middle, and width from 0 to 2 pixels.
    """
    x, y = (_centres(size, images) * size / 2 for size in (images.shape[3], images.shape[2]))
    angle = (drawn[:, :1] * torch.pi)[:, None]
    across = angle.cos() * x + angle.sin() * y[:, None] - ((drawn[:, 1:2] - 0.5) * images.shape[3] * 0.8)[:, None]
    return images * (across.abs() - drawn[:, 2:, None] + 0.5).clamp(0, 1)[:, None]


def roughen_edges(images: Tensor, noise: Tensor) -> Tensor:
    """Add (B, 1, H, W) noise where ink and paper meet."""
    contrast = F.max_pool2d(images, 3, 1, 1) + F.max_pool2d(-images, 3, 1, 1)
    return images + contrast * noise


def smooth_noise(images: Tensor, knots: int, generator: torch.Generator) -> Tensor:
    """Draw noise of about unit variance, smooth between `knots` points a side: (B, 1, H, W)."""
    shape = (len(images), 1, knots, knots)
    coarse = torch.randn(shape, device=images.device, generator=generator)
    return F.interpolate(coarse, images.shape[2:], mode="bilinear", align_corners=True) * 1.4


def _between(ends: Tensor, size: int) -> Tensor:
    """Interpolate (B, PARTS + 1) ends linearly at the centres of `size` pixels: (B, size)."""
    position = (torch.arange(size, device=ends.device) + 0.5) * PARTS / size
    part = position.long()
    share = position - part
    return ends[:, part] * (1 - share) + ends[:, part + 1] * share


def _centres(size: int, images: Tensor) -> Tensor:
    """Positions of pixel centres: (size,), [-1, 1]."""
    return (torch.arange(size, device=images.device) * 2 + 1) / size - 1


def _sample(images: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Sample (B, 1, H, W) at columns x and rows y, [-1, 1], both of a shape that expands to (B, H, W)."""
    grid = torch.stack(torch.broadcast_tensors(x, y), -1).expand(len(images), *images.shape[2:], 2)
    return F.grid_sample(images, grid, align_corners=False)
