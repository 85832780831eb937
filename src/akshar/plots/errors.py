"""Sheets of an error report: errors, their nearest training images, occlusion maps and first-layer filters."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from akshar.data.card import DatasetCard
from akshar.plots.style import INK, RIGHT, WRONG
from akshar.plots.tiles import Tile, draw_sheet

COLUMNS = 8
FOR, AGAINST = np.array([213, 94, 0]), np.array([0, 114, 178])  # Okabe and Ito's vermilion and blue
WHITE = 255


def answer_tile(pixels: np.ndarray, truth: str, answer: str, confidence: float, card: DatasetCard) -> Tile:
    """Caption an image `answer 98 %` and below that `(truth)`, in green where that is right and in red where not.

    Args:
        pixels: uint8 (H, W), or (H, W, 3) in colour.
        truth, answer: class names.
        confidence: in the answer, [0, 1].
        card: of the data set.
    """
    caption = f"{card.label_with_latin(answer)} {confidence:.0%}\n({card.label_with_latin(truth)})"
    return Tile(pixels, caption, RIGHT if truth == answer else WRONG)


def draw_tiles(parts: Sequence[tuple[str, Sequence[Tile]]], card: DatasetCard) -> Image.Image:
    """Draw tiles under headings on a sheet that is narrow enough for a page."""
    return draw_sheet(parts, card.font, COLUMNS)


def draw_neighbours(
    rows: Sequence[tuple[Tile, Sequence[tuple[np.ndarray, str]]]], card: DatasetCard
) -> Image.Image:
    """Draw each error at the left of its nearest training images.

    Args:
        rows: tile of each error, and its neighbours as uint8 (H, W) or (H, W, 3) with their class names.
        card: of the data set.
    """
    tiles = [
        [error, *(Tile(pixels, card.label_with_latin(name), INK) for pixels, name in neighbours)]
        for error, neighbours in rows
    ]
    heading = "Left: an error, answer (truth); beside it: the nearest training images and their labels"
    parts = [(heading, tiles[0]), *(("", row) for row in tiles[1:])]
    return draw_sheet(parts, card.font, len(tiles[0]))


def overlay(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """Tint an image by the evidence for a class (orange) and against it (blue).

    Args:
        pixels: uint8 (H, W), or (H, W, 3) in colour.
        heat: float (H, W), positive where the pixel is evidence for the class.

    Returns:
        uint8 (H, W, 3).
    """
    strength = (heat / max(float(np.abs(heat).max()), 1e-12))[..., None]
    share = np.abs(strength) * 0.75
    picture = pixels if pixels.ndim == 3 else pixels[..., None]
    return (picture * (1 - share) + np.where(strength > 0, FOR, AGAINST) * share).round().astype(np.uint8)


def draw_filters(weights: np.ndarray) -> Image.Image:
    """Draw the kernels of a first layer, each scaled by its largest absolute weight.

    Args:
        weights: float (out, in, h, w); the mean over the input channels is drawn.
    """
    kernels = weights.mean(1)
    scaled = kernels / np.maximum(np.abs(kernels).max((1, 2), keepdims=True), 1e-12)
    strength = np.abs(scaled)[..., None]
    pictures = (WHITE + strength * (np.where(scaled[..., None] > 0, FOR, AGAINST) - WHITE)).round().astype(np.uint8)
    tiles = [Tile(picture, str(number)) for number, picture in enumerate(pictures)]
    return draw_sheet([("First layer: positive weights are orange, negative ones blue", tiles)], columns=COLUMNS)
