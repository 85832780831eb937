"""Frames a picture for a network: resizes it, its middle or its ink to the size of an `InputSpec`."""

from dataclasses import dataclass, replace

import numpy as np
from PIL import Image
from scipy import ndimage

from akshar.pictures.ink import INKED, find_ink
from akshar.pictures.input_spec import InputSpec

# Shares of the inside, which is the image without its border.
THINNEST = 2 / 28  # strokes thinner than this are widened to it
SOLID = 0.85  # in ink above which a character cannot be recognised
ROUNDED = 0.501  # added before cutting to whole levels: values half-way go up, whatever the order of summation
FINE = 4  # times the inside's size: the largest scale at which strokes are widened
# Shares of the image. In DHCD, 999 of 1,000 characters extend further than this, in one direction and in the other.
SHORTER, LONGER = 14 / 32, 22 / 32

BLANK, ALL_INK = "blank", "all ink"
ONE_STROKE = "one stroke"  # a straight one: not a letter or digit in itself
SEVERAL = "several"  # characters beside one another
LONG = 4.0  # least ratio of length to width of a straight stroke
WIDE = 1.6  # least ratio of width to height of a row of characters
TALL = 0.5  # least height of a character, share of its row's height


@dataclass(frozen=True)
class FramedPicture:
    """A picture prepared as a network's input.

    Attributes:
        pixels: uint8 [0, 255] (height, width) for one channel, (3, height, width) for three; as the spec says.
        box: left, top, right, bottom of the character in the picture, pixels; None for a blank picture.
        problem: None, or why there is no character: BLANK, ALL_INK, ONE_STROKE or SEVERAL.
        sign: "/", "-" or "." for a mark in a row that has the shape of this sign; else None.
    """

    pixels: np.ndarray
    box: tuple[int, int, int, int] | None
    problem: str | None = None
    sign: str | None = None


def frame_picture(values: np.ndarray, spec: InputSpec) -> FramedPicture:
    """Prepare a picture of one character as a network's input.

    Framing "ink" finds the ink, whichever tone it has, crops to it and stretches it to the inside of the border; a
    picture that is framed like this already is kept unchanged. Framing "none" resizes the whole picture, framing
    "crop" the largest part in its middle that has the spec's proportions.

    Args:
        values: float32 [0, 1] (H, W), or (H, W, 3) except for framing "ink"; from `decode_for`.
        spec: size, polarity and framing.
    """
    if spec.framing != "ink":
        height, width = values.shape[:2]
        box = _middle(height, width, spec) if spec.framing == "crop" else (0, 0, width, height)
        return FramedPicture(_resized(values, spec, box), box)
    if is_framed(values, spec):
        problem = ALL_INK if _is_solid(_inside(_drawing(values, spec), spec)) else None
        pixels = np.rint(values * 255).astype(np.uint8)
        return FramedPicture(_with_channels(pixels, spec), (0, 0, spec.width, spec.height), problem)
    ink = find_ink(values)
    if ink is None:
        return FramedPicture(_on_background(np.zeros(spec.inner, np.uint8), spec), None, BLANK)
    framed = frame_ink(ink.density, ink.marks > 0, ink.pen, spec)
    if framed.problem in (None, ONE_STROKE) and framed.box and _is_row(ink.marks > 0, framed.box):
        return replace(framed, problem=SEVERAL)
    return framed


def frame_ink(density: np.ndarray, inked: np.ndarray, pen: float, spec: InputSpec) -> FramedPicture:
    """Crop to the inked pixels and stretch them to the inside of the border.

    Args:
        density: float32 [0, 1] (H, W), 1 in ink.
        inked: bool (H, W), the character's own pixels; at least one.
        pen: width of the strokes, pixels.
        spec: size, polarity and border.
    """
    rows, columns = (np.flatnonzero(inked.any(axis)) for axis in (1, 0))
    top, bottom, left, right = int(rows[0]), int(rows[-1]) + 1, int(columns[0]), int(columns[-1]) + 1
    crop = _widened(density[top:bottom, left:right], pen, spec.inner)
    height, width = spec.inner
    shrinks = crop.shape[0] > height and crop.shape[1] > width
    stretched = Image.fromarray(crop).resize((width, height), Image.Resampling.BOX if shrinks else None)
    inside = np.clip(np.asarray(stretched), 0, 1)
    problem = None
    if _is_solid(inside):
        sides = bottom - top, right - left
        problem = ONE_STROKE if max(sides) > LONG * min(sides) else ALL_INK
    pixels = _on_background(np.floor(inside * 255 + ROUNDED).astype(np.uint8), spec)
    return FramedPicture(pixels, (left, top, right, bottom), problem)


def is_framed(grey: np.ndarray, spec: InputSpec) -> bool:
    """Whether a picture has the spec's size and border, and a character that fills the rest."""
    if grey.shape != (spec.height, spec.width) or not spec.border:
        return False
    inked = _drawing(grey, spec) > 0
    shorter, longer = sorted(_extent(np.asarray(inked.any(axis))) / inked.shape[1 - axis] for axis in (0, 1))
    if shorter < SHORTER or longer < LONGER:
        return False
    outside = inked.copy()
    _inside(outside, spec)[:] = False
    return not outside.any()


def _drawing(grey: np.ndarray, spec: InputSpec) -> np.ndarray:
    """A framed picture's grey values as light on dark."""
    return grey if spec.polarity == "light on dark" else 1 - grey


def _inside(image: np.ndarray, spec: InputSpec) -> np.ndarray:
    """View of the part (height, width) of an image that the border surrounds."""
    return image[spec.border : spec.height - spec.border, spec.border : spec.width - spec.border]


def _on_background(inside: np.ndarray, spec: InputSpec) -> np.ndarray:
    """Light on dark pixels of the inside, with the border around them and the spec's polarity and channels."""
    pixels = np.zeros((spec.height, spec.width), np.uint8)
    _inside(pixels, spec)[:] = inside
    return _with_channels(pixels if spec.polarity == "light on dark" else 255 - pixels, spec)


def _with_channels(pixels: np.ndarray, spec: InputSpec) -> np.ndarray:
    return pixels if spec.channels == 1 else np.repeat(pixels[None], spec.channels, axis=0)


def _middle(height: int, width: int, spec: InputSpec) -> tuple[int, int, int, int]:
    """The largest box (left, top, right, bottom) in a picture's middle with the proportions of the spec."""
    scale = min(height / spec.height, width / spec.width)
    tall, wide = max(1, round(scale * spec.height)), max(1, round(scale * spec.width))
    top, left = (height - tall) // 2, (width - wide) // 2
    return left, top, left + wide, top + tall


def _resized(values: np.ndarray, spec: InputSpec, box: tuple[int, int, int, int]) -> np.ndarray:
    """A box of a picture at the spec's size, uint8 with the spec's channels."""
    image = Image.fromarray(np.rint(values * 255).astype(np.uint8))
    pixels = np.asarray(image.crop(box).resize((spec.width, spec.height), Image.Resampling.BILINEAR))
    return np.moveaxis(pixels, 2, 0).copy() if pixels.ndim == 3 else _with_channels(pixels, spec)


def _extent(line: np.ndarray) -> int:
    """Number of values from the first True to the last, both included."""
    positions = np.flatnonzero(line)
    return int(positions[-1] - positions[0]) + 1 if len(positions) else 0


def _is_solid(inside: np.ndarray) -> bool:
    return bool((inside > INKED).mean() > SOLID)


def _is_row(inked: np.ndarray, box: tuple[int, int, int, int]) -> bool:
    """Whether marks lie side by side with paper between them, and extend too far for a single character."""
    left, top, right, bottom = box
    height = bottom - top
    if right - left < WIDE * height:
        return False
    crop = inked[top:bottom, left:right]
    columns = np.asarray(crop.any(axis=0))
    starts = np.flatnonzero(columns & ~np.r_[False, columns[:-1]])
    tall = [_extent(np.asarray(part.any(axis=1))) >= TALL * height for part in np.split(crop, starts[1:], axis=1)]
    return sum(tall) > 1


def _widened(crop: np.ndarray, pen: float, inner: tuple[int, int]) -> np.ndarray:
    """A crop with strokes widened as needed to be at least THINNEST after stretching to `inner`."""
    # Of the direction that is enlarged less: the other one is stretched more, and its strokes with it.
    side, size = max(zip(crop.shape, inner, strict=True), key=lambda pair: pair[0] / pair[1])
    if pen * (size / side) >= THINNEST * size or min(crop.shape) < 3:
        return crop
    factor = min(1.0, FINE * size / side)
    if factor < 1:
        height, width = (max(3, round(length * factor)) for length in crop.shape)
        small = Image.fromarray(crop).resize((width, height), Image.Resampling.BOX)
        crop, pen = np.asarray(small) / min(1.0, max(pen * factor, 0.25)), pen * factor
        crop = np.clip(crop, 0, 1)
        side = max(3, round(side * factor))
    reach = max(0, round((THINNEST * side - max(pen, 1.0)) / 2))
    if not reach:
        return crop
    y, x = np.ogrid[-reach : reach + 1, -reach : reach + 1]
    disc = x * x + y * y <= reach * reach + reach
    return ndimage.grey_dilation(np.pad(crop, reach), footprint=disc)
