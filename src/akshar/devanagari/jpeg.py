"""The artefacts of JPEG, on whole batches."""

import math

import torch
from torch import Tensor

# JPEG's luminance table (ITU-T T.81, annex K), at quality 50
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


def compress_jpeg(images: Tensor, quality: Tensor) -> Tensor:
    """Add the artefacts of JPEG at `quality` (B,), [1, 99]; height and width must be multiples of 8."""
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
