"""Drawing on a canvas: glyphs of fonts and pen strokes, made to look handwritten and framed as in DHCD.

Shapes: B characters, CANVAS x CANVAS pixels.
"""

import math
from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor

from akshar.data.augment import Augment, blur_images
from akshar.devanagari.cards import INPUT_SPEC
from akshar.pictures.text import Font, draw_text

CANVAS = 64  # pixels per side
FILLED = 44  # pixels of the canvas that a character's longer side takes, with room for distortion
GRID = 20  # least side of the grid of a form
DOT = 1.6  # radius of the largest dot, in units of the grid
THINNEST = 0.6  # share of the ink's peak at which the thinnest line ends
NIB = 1.6  # standard deviation in pixels of most pens' soft tip

# Distortion of the whole character, then of single strokes
SWAY = Augment(rotation=12, shear=20, stretch=(0.6, 1.6), elastic=2.5)
TREMBLE = Augment(elastic=0.8, elastic_knots=11)


def draw_glyph(font: Font, text: str, language: str) -> Tensor:
    """Draw a character of a font in the middle of a canvas: float32 [0, 1] (1, CANVAS, CANVAS)."""
    ink = torch.from_numpy(draw_text(font, text, size=160, language=language)).float()[None, None] / 255
    factor = FILLED / max(ink.shape[2:])
    height, width = (max(2, round(side * factor)) for side in ink.shape[2:])
    ink = F.interpolate(ink, size=(height, width), mode="bilinear", antialias=True, align_corners=False)
    left, top = (CANVAS - width) // 2, (CANVAS - height) // 2
    return F.pad(ink[0], (left, CANVAS - width - left, top, CANVAS - height - top))


def draw_strokes(form: str, count: int, generator: torch.Generator, jitter: float, drift: float) -> Tensor:
    """Draw a form of `strokes.FORMS` many times, with lines of no width and different distortions.

    Args:
        form: strokes and points.
        count: number of drawings.
        generator: source of all random numbers.
        jitter: standard deviation of each point, in units of the grid.
        drift: standard deviation of each whole stroke, in units of the grid.

    Returns:
        float32 [0, 1] (count, 1, CANVAS, CANVAS).
    """
    canvas = torch.zeros(count, CANVAS * CANVAS)
    strokes, corner, size = parse_form(form)
    side = float(size.max())
    for points in strokes:
        noise = torch.randn((count, *points.shape), generator=generator) * jitter
        moved = points + (noise if len(points) > 1 else _dots(count, generator))
        moved = moved + torch.randn((count, 1, 2), generator=generator) * drift
        if _is_headline(points):  # people draw headlines too long and too short
            moved[:, :, 0] += torch.randn((count, 2), generator=generator) * 1.5
        longest = float((points[1:] - points[:-1]).norm(dim=1).max()) if len(points) > 1 else DOT
        curve = _smooth_curve(moved, math.ceil(2.5 * (longest * FILLED / side)))
        _splat(canvas, (curve - corner) * (FILLED / side) + (CANVAS - size * (FILLED / side)) / 2)
    return canvas.clamp_(max=1).view(count, 1, CANVAS, CANVAS)


def parse_form(form: str) -> tuple[list[Tensor], Tensor, Tensor]:
    """Parse a form of `strokes.FORMS` or `vowels.VOWEL_FORMS`.

    Returns:
        The points of each stroke, float (points, 2), x and y; the grid's top left corner; and its size, GRID or
        more, as far as the form extends.
    """
    parts = form.split("/")
    points = torch.tensor([point for part in parts if part != "H" for point in _points(part)])
    corner = points.amin(0).clamp(max=0)
    end = points.amax(0).clamp(min=GRID)
    headline = f"{corner[0]},0 {end[0]},0"
    return [torch.tensor(_points(headline if part == "H" else part)) for part in parts], corner, end - corner


def handwrite(
    canvas: Tensor, hairline: Tensor, generator: torch.Generator, nib: float = NIB, thinnest: float = THINNEST
) -> Tensor:
    """Make drawings look like the handwriting in DHCD.

    Args:
        canvas: float32 [0, 1] (B, 1, CANVAS, CANVAS).
        hairline: bool (B,), whether a drawing consists of lines without a width.
        generator: source of all random numbers.
        nib: standard deviation in pixels of the pen's soft tip; lines are about two to four times as wide.
        thinnest: threshold of the thinnest line, share of the ink's peak; dots of fonts are lost at a high one.

    Returns:
        uint8 [0, 255] (B, 1, 32, 32).
    """
    count = len(canvas)
    canvas = TREMBLE(SWAY(canvas, generator), generator)
    soft = _soft_tip(canvas, nib)
    # A line blurred by a Gaussian tip has the peak 1 / (sigma sqrt(2 pi)); fonts are scaled to their own peak.
    as_line = (soft * nib * math.sqrt(2 * math.pi)).clamp(max=1)
    as_font = soft / soft.amax((1, 2, 3), keepdim=True)
    soft = torch.where(hairline.view(-1, 1, 1, 1), as_line, as_font)
    width = torch.rand((count, 1, 1, 1), generator=generator) * (thinnest - 0.15) + 0.15
    ink = ((soft - width) / 0.3 + 0.5).clamp(0, 1)
    boxed = blur_images(_box(ink), torch.rand(count, generator=generator) * 0.15)
    return F.pad((boxed * 255).round().to(torch.uint8), (INPUT_SPEC.border,) * 4)


def _points(stroke: str) -> list[list[float]]:
    return [[float(value) for value in point.split(",")] for point in stroke.split()]


def _dots(count: int, generator: torch.Generator) -> Tensor:
    """Draw dots as people make them, around 0: pressed, a short dash, or a small ring: float (count, 6, 2)."""
    kind = torch.rand((count, 1, 1), generator=generator)
    size = DOT * (0.5 + 0.5 * torch.rand((count, 1, 1), generator=generator))
    pressed = torch.randn((count, 6, 2), generator=generator) * size / 2
    angle = torch.rand((count, 1), generator=generator) * 2 * math.pi
    along = torch.stack([angle.cos(), angle.sin()], -1)
    dash = torch.linspace(-1, 1, 6).view(1, 6, 1) * along * size * 1.3
    turn = angle + torch.linspace(0, 2 * math.pi, 6)
    ring = torch.stack([turn.cos(), turn.sin()], -1) * size
    return torch.where(kind < 0.5, pressed, torch.where(kind < 0.75, dash, ring))


def _is_headline(points: Tensor) -> bool:
    return len(points) == 2 and bool((points[:, 1] == 0).all())


def _smooth_curve(points: Tensor, samples: int) -> Tensor:
    """Sample Catmull-Rom splines through (B, K, 2) points, `samples` per segment: (B, samples (K - 1), 2)."""
    u = torch.linspace(0, 1, samples).view(1, 1, -1, 1)
    before = 2 * points[:, :1] - points[:, 1:2]
    after = 2 * points[:, -1:] - points[:, -2:-1]
    knots = torch.cat([before, points, after], 1)[:, :, None]
    a, b, c, d = (knots[:, start : start + points.shape[1] - 1] for start in range(4))
    curve = 2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3
    return curve.flatten(1, 2) / 2


def _splat(canvas: Tensor, curve: Tensor) -> None:
    """Add points (B, P, 2) to canvases (B, CANVAS * CANVAS), each distributed over four pixels."""
    x, y = (curve - 0.5).clamp(0, CANVAS - 2).unbind(-1)
    left, top = x.floor(), y.floor()
    right_part, low_part = x - left, y - top
    corner = (top * CANVAS + left).long()
    shares: Sequence[tuple[int, Tensor]] = (
        (0, (1 - right_part) * (1 - low_part)),
        (1, right_part * (1 - low_part)),
        (CANVAS, (1 - right_part) * low_part),
        (CANVAS + 1, right_part * low_part),
    )
    for offset, share in shares:
        canvas.scatter_add_(1, corner + offset, share)


def _soft_tip(canvas: Tensor, nib: float) -> Tensor:
    reach = 6
    kernel = torch.exp(-(torch.arange(-reach, reach + 1.0) ** 2) / (2 * nib**2))
    kernel /= kernel.sum()
    across = F.conv2d(canvas, kernel.view(1, 1, 1, -1), padding=(0, reach))
    return F.conv2d(across, kernel.view(1, 1, -1, 1), padding=(reach, 0))


def _box(ink: Tensor) -> Tensor:
    """Crop each drawing to its ink and stretch it to the inside of the border: float32 [0, 1] (B, 1, H, W)."""
    inked = ink[:, 0] > 0.4
    height, width = (2 * size for size in INPUT_SPEC.inner)  # averaged over 2x2 pixels below

    def positions(used: Tensor, count: int) -> Tensor:
        """Return `count` positions between the first and last used row or column: (B, count), [-1, 1]."""
        share = (torch.arange(count) + 0.5) / count
        first = used.float().argmax(1)
        last = CANVAS - used.flip(1).float().argmax(1)
        return (first[:, None] + share * (last - first)[:, None]) * 2 / CANVAS - 1

    y, x = positions(inked.any(2), height), positions(inked.any(1), width)
    grid = torch.stack([x[:, None, :].expand(-1, height, -1), y[:, :, None].expand(-1, -1, width)], -1)
    return F.avg_pool2d(F.grid_sample(ink, grid, align_corners=False), 2)
