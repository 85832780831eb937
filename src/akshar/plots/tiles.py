"""Sheets of character images with captions in Devanagari."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

from akshar.pictures.text import CAPTION, draw_text, font_files, load_font
from akshar.plots.style import INK, PAPER

ZOOM = 3  # screen pixels a pixel of a character
GAP = 10
CAPTION_HEIGHT = 30
CAPTION_SIZE = 22  # pixels an em
HEADING_SIZE = 18


@dataclass(frozen=True)
class Tile:
    """One character image.

    Attributes:
        pixels: uint8 (H, W), or (H, W, 3) in colour.
        caption: one line above it.
        colour: of the caption.
    """

    pixels: np.ndarray
    caption: str
    colour: str = INK


def draw_sheet(parts: Sequence[tuple[str, Sequence[Tile]]], columns: int = 12) -> Image.Image:
    """Draws tiles in rows, part after part, each under its heading.

    Args:
        parts: headings ("" for none) and their tiles; a part without tiles is left out.
        columns: tiles a row.

    Returns:
        An RGB image.
    """
    bands = []
    for heading, tiles in parts:
        if tiles:
            if heading:
                bands.append(_heading(heading, columns, tiles[0].pixels.shape[1]))
            bands += [_row(tiles[start : start + columns], columns) for start in range(0, len(tiles), columns)]
    sheet = Image.new("RGB", (bands[0].width, sum(band.height for band in bands) + GAP), PAPER)
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    return sheet


def _row(tiles: Sequence[Tile], columns: int) -> Image.Image:
    height, width = (ZOOM * size for size in tiles[0].pixels.shape[:2])
    row = Image.new("RGB", (_width(columns, tiles[0].pixels.shape[1]), height + CAPTION_HEIGHT + GAP), PAPER)
    for position, tile in enumerate(tiles):
        left = GAP + position * (width + GAP)
        _write(row, tile.caption, tile.colour, CAPTION_SIZE, (left, 0, width, CAPTION_HEIGHT))
        picture = Image.fromarray(tile.pixels).resize((width, height), Image.Resampling.NEAREST)
        row.paste(picture.convert("RGB"), (left, CAPTION_HEIGHT))
    return row


def _heading(text: str, columns: int, pixels: int) -> Image.Image:
    band = Image.new("RGB", (_width(columns, pixels), 40), PAPER)
    _write(band, text, INK, HEADING_SIZE, (GAP, 8, band.width - 2 * GAP, 28), centred=False)
    return band


def _width(columns: int, pixels: int) -> int:
    return GAP + columns * (pixels * ZOOM + GAP)


def _write(
    image: Image.Image,
    text: str,
    colour: str,
    size: float,
    box: tuple[int, int, int, int],
    centred: bool = True,
) -> None:
    """Draws a line of text into a box (left, top, width, height), made smaller where it is too long for it."""
    left, top, width, height = box
    font = load_font(font_files(CAPTION)[0], wght=500)
    ink = draw_text(font, text, size)
    if ink.shape[1] > width:
        ink = draw_text(font, text, size * width / ink.shape[1])
    if ink.size:
        x = left + (width - ink.shape[1]) // 2 if centred else left
        y = top + max(0, (height - ink.shape[0]) // 2)
        image.paste(ImageColor.getrgb(colour), (x, y), Image.fromarray(ink))
