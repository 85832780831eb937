"""DHCD-C: DHCD's images with the damage of pens, hands, cameras and scanners, in three severities.

After Hendrycks and Dietterich, "Benchmarking neural network robustness", ICLR 2019. The pictures are read like any
user's: their ink is found, cropped and framed first.
"""

import io
from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image, ImageDraw
from scipy import ndimage

from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.pen import parse_form

SIDE, BORDER = INPUT_SPEC.height, INPUT_SPEC.border
Kind = tuple[str, Sequence[np.ndarray], Sequence[str]]  # name, pictures, class of each
Damage = Callable[[np.ndarray, np.random.Generator, int], np.ndarray]
ZOOM = 3
MARGIN = 16


def _paper(pixels: np.ndarray) -> np.ndarray:
    """Put a character of DHCD, uint8 (32, 32), as dark ink on a larger light sheet: float [0, 1], 0 is ink."""
    large = Image.fromarray(pixels).resize((SIDE * ZOOM, SIDE * ZOOM), Image.Resampling.BICUBIC)
    return 1 - np.pad(np.asarray(large, np.float32) / 255, MARGIN)


def _picture(tones: np.ndarray) -> np.ndarray:
    return np.rint(np.clip(tones, 0, 1) * 255).astype(np.uint8)


def _thick(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    side = 1 + 2 * severity
    return _picture(ndimage.grey_erosion(_paper(pixels), (side, side)))


def _thin(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    side = (3, 5, 6)[severity - 1]
    return _picture(ndimage.grey_dilation(_paper(pixels), (side, side)))


def _slant(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    tones = _paper(pixels)
    slope = (0.2, 0.35, 0.5)[severity - 1] * draw.choice((-1, 1))
    wide = np.pad(tones, ((0, 0), (30, 30)), constant_values=1)
    middle = tones.shape[0] / 2
    matrix = np.array([[1, 0, 0], [slope, 1, -slope * middle]])
    return _picture(ndimage.affine_transform(wide, matrix, order=1, cval=1))


def _turned(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    angle = (8, 14, 20)[severity - 1] * draw.choice((-1, 1))
    return _picture(ndimage.rotate(_paper(pixels), angle, order=1, cval=1))


def _blurred(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    return _picture(ndimage.gaussian_filter(_paper(pixels), (2, 3.5, 5)[severity - 1]))


def _grainy(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    tones = _paper(pixels) * 0.8 + 0.1
    return _picture(tones + draw.normal(0, 0.08 * severity, tones.shape))


def _specks(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    tones = _paper(pixels)
    rows, columns = draw.integers(0, min(tones.shape) - 1, (2, 20 * severity))
    tones[rows, columns] = 0
    tones[rows + 1, columns] = 0
    return _picture(tones)


def _few_pixels(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    side = (24, 18, 14)[severity - 1]
    small = Image.fromarray(_picture(1 - pixels.astype(np.float32) / 255))
    return np.asarray(small.resize((side, side), Image.Resampling.BOX))


def _jpeg(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    file = io.BytesIO()
    small = Image.fromarray(_picture(1 - np.pad(pixels.astype(np.float32) / 255, 4)))
    small.save(file, "JPEG", quality=(25, 12, 6)[severity - 1])
    return np.asarray(Image.open(file))


def _binarised(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    box = Image.fromarray(pixels[BORDER:-BORDER, BORDER:-BORDER]).resize((36, 36), Image.Resampling.BILINEAR)
    threshold = (128, 90, 60)[severity - 1] if draw.random() < 0.5 else (128, 165, 195)[severity - 1]
    return _picture((np.asarray(box) < threshold).astype(np.float32))


def _shadow(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    tones = _paper(pixels) * 0.8 + 0.1
    y, x = np.mgrid[: tones.shape[0], : tones.shape[1]] - tones.shape[0] / 2
    angle = draw.uniform(0, 2 * np.pi)
    across = x * np.cos(angle) + y * np.sin(angle) + draw.uniform(-20, 20)
    return _picture(tones * (1 - 0.2 * severity / (1 + np.exp(-across / 8))))


def _headless(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    """Remove the topmost strokes over a third, two thirds or all of the width."""
    tones = _paper(pixels)
    width = SIDE * ZOOM * severity // 3
    left = MARGIN + int(draw.integers(0, SIDE * ZOOM - width + 1))
    tones[: MARGIN + (BORDER + 3) * ZOOM, left : left + width] = 1
    return _picture(tones)


def _cut(pixels: np.ndarray, draw: np.random.Generator, severity: int) -> np.ndarray:
    """Crop too tightly at one side."""
    tones = _paper(pixels)[MARGIN:-MARGIN, MARGIN:-MARGIN]
    lost = (BORDER + severity) * ZOOM
    sides = (slice(lost, None), slice(None, -lost))
    side = sides[draw.integers(2)]
    return _picture(tones[side] if draw.random() < 0.5 else tones[:, side])


DAMAGES: dict[str, Damage] = {
    "thick pen": _thick,
    "thin pen": _thin,
    "slant": _slant,
    "turned": _turned,
    "blurred": _blurred,
    "grainy": _grainy,
    "specks": _specks,
    "few pixels": _few_pixels,
    "JPEG": _jpeg,
    "binarised": _binarised,
    "shadow": _shadow,
    "headline gone": _headless,
    "cut off": _cut,
}


def adaptive_binary(pixels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Held-out: 36x36, binarised by each pixel's neighbourhood, as form scanners do, with ragged edges."""
    box = Image.fromarray(pixels[BORDER:-BORDER, BORDER:-BORDER]).resize((36, 36), Image.Resampling.BICUBIC)
    ink = np.asarray(box, np.float32) / 255 + draw.normal(0, 0.12, (36, 36))
    around = ndimage.uniform_filter(ink, 15)
    return _picture((ink < np.maximum(around, 0.25)).astype(np.float32))


def mouse_drawing(form: str, draw: np.random.Generator) -> np.ndarray:
    """Held-out: a form of pen strokes drawn as with a mouse: straight pieces, one thin width, 200x200."""
    image = Image.new("L", (200, 200), 255)
    pen = ImageDraw.Draw(image)
    size = draw.uniform(80, 160, 2)
    strokes, corner, extent = parse_form(form)
    for stroke in strokes:
        points = (stroke - corner).numpy()
        if len(points) == 1:  # a dot
            points = np.concatenate([points, points + 1])
        points = points + draw.normal(0, 0.9, points.shape)
        steps = np.linspace(0, len(points) - 1, 4 * len(points))
        smooth = np.stack([np.interp(steps, np.arange(len(points)), points[:, axis]) for axis in (0, 1)], -1)
        pen.line(
            [(float(x), float(y)) for x, y in smooth * size / extent.numpy() + 20], fill=0, width=3, joint="curve"
        )
    return np.asarray(image)
