"""Sheets of images that say more than figures: errors, doubts, and what they are confused with."""

from collections.abc import Sequence

import numpy as np
from PIL import Image

from akshar.devanagari.letters import letter_of
from akshar.plots.style import INK, RIGHT, WRONG
from akshar.plots.tiles import Tile, draw_sheet

COLUMNS = 8


def answer_tile(pixels: np.ndarray, truth: str, answer: str, confidence: float) -> Tile:
    """An image under `answer (truth) 98 %`, green or red.

    Args:
        pixels: uint8 (H, W).
        truth, answer: class names.
        confidence: in the answer, [0, 1].
    """
    caption = f"{letter_of(answer)} ({letter_of(truth)}) {confidence:.0%}"
    return Tile(pixels, caption, RIGHT if truth == answer else WRONG)


def draw_tiles(parts: Sequence[tuple[str, Sequence[Tile]]]) -> Image.Image:
    """A sheet of tiles under headings, narrow enough for a page."""
    return draw_sheet(parts, COLUMNS)


def draw_neighbours(
    rows: Sequence[tuple[Tile, Sequence[tuple[np.ndarray, str]]]],
) -> Image.Image:
    """Each error at the left of the training images that are nearest to it.

    Args:
        rows: the error's tile, and its neighbours as uint8 (H, W) with the name of their class.
    """
    tiles = [
        [error, *(Tile(pixels, letter_of(name), INK) for pixels, name in neighbours)] for error, neighbours in rows
    ]
    parts = [
        ("At the left an error, answer (truth); beside it the nearest training images and their labels", tiles[0])
    ]
    parts += [("", row) for row in tiles[1:]]
    return draw_sheet(parts, len(tiles[0]))


def overlay(pixels: np.ndarray, heat: np.ndarray) -> np.ndarray:
    """An image tinted by what speaks for a class (orange) and against it (blue).

    Args:
        pixels: uint8 (32, 32).
        heat: float (32, 32), above 0 where it speaks for it.

    Returns:
        uint8 (32, 32, 3).
    """
    strength = (heat / max(float(np.abs(heat).max()), 1e-12))[..., None]
    colours = np.where(strength > 0, np.array([213, 94, 0]), np.array([0, 114, 178]))
    share = np.abs(strength) * 0.75
    return (pixels[..., None] * (1 - share) + colours * share).round().astype(np.uint8)


def draw_filters(weights: np.ndarray) -> Image.Image:
    """The kernels of a first layer, each to its own largest weight.

    Args:
        weights: float (out, in, h, w); of several inputs the mean is shown.
    """
    kernels = weights.mean(1)
    scaled = kernels / np.maximum(np.abs(kernels).max((1, 2), keepdims=True), 1e-12)
    factor = max(1, 32 // kernels.shape[1])
    tiles = []
    for number, kernel in enumerate(scaled):
        warm = np.clip(kernel, 0, 1)[..., None] * (np.array([213, 94, 0]) - 255)
        cold = np.clip(-kernel, 0, 1)[..., None] * (np.array([0, 114, 178]) - 255)
        picture = (255 + warm + cold).round().astype(np.uint8).repeat(factor, 0).repeat(factor, 1)
        tiles.append(Tile(picture, str(number), INK))
    return draw_sheet([("First layer: orange takes ink, blue takes its absence", tiles)], COLUMNS)
