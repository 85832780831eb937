"""Sheets of dataset images with captions, enlarged and arranged in rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

from akshar.pictures.text import caption_font, draw_text
from akshar.plots.style import INK, PAPER

SIDE = 96  # pixels of a tile's longer side, which small images are enlarged to, by a whole number
GAP = 10
CAPTION_HEIGHT = 30
CAPTION_SIZE = 22  # pixels per em
HEADING_SIZE = 18


@dataclass(frozen=True)
class Tile:
    """One image with a caption.

    Attributes:
        pixels: uint8 (H, W), or (H, W, 3) in colour.
        caption: one line above the image.
        colour: of the caption.
    """

    pixels: np.ndarray
    caption: str
    colour: str = INK


def to_picture(pixels: np.ndarray) -> np.ndarray:
    """Convert an image of a data set, uint8 (1, H, W) or (3, H, W), to a tile's (H, W) or (H, W, 3)."""
    return pixels[0] if len(pixels) == 1 else pixels.transpose(1, 2, 0)


def draw_sheet(
    parts: Sequence[tuple[str, Sequence[Tile]]], font: str | None = None, columns: int = 12
) -> Image.Image:
    """Draw tiles in rows, one part below the other, each under its heading.

    Args:
        parts: headings ("" for none) and their tiles, all of one size; a part without tiles is left out.
        font: package with glyphs for the captions, as `DatasetCard.font` names it.
        columns: tiles per row.

    Returns:
        An RGB image.
    """
    bands = []
    for heading, tiles in parts:
        if tiles:
            width = GAP + columns * (_zoomed(tiles[0])[0] + GAP)
            if heading:
                bands.append(_heading(heading, width, font))
            bands += [_row(tiles[start : start + columns], width, font) for start in range(0, len(tiles), columns)]
    sheet = Image.new("RGB", (max(band.width for band in bands), sum(band.height for band in bands) + GAP), PAPER)
    top = 0
    for band in bands:
        sheet.paste(band, (0, top))
        top += band.height
    return sheet


def _zoomed(tile: Tile) -> tuple[int, int]:
    """Width and height of a tile's image on the sheet."""
    height, width = tile.pixels.shape[:2]
    zoom = max(1, SIDE // max(height, width))
    return width * zoom, height * zoom


def _row(tiles: Sequence[Tile], total_width: int, font: str | None) -> Image.Image:
    width, height = _zoomed(tiles[0])
    row = Image.new("RGB", (total_width, height + CAPTION_HEIGHT + GAP), PAPER)
    for position, tile in enumerate(tiles):
        left = GAP + position * (width + GAP)
        _write(row, tile.caption, font, tile.colour, CAPTION_SIZE, (left, 0, width, CAPTION_HEIGHT))
        picture = Image.fromarray(tile.pixels).resize((width, height), Image.Resampling.NEAREST)
        row.paste(picture.convert("RGB"), (left, CAPTION_HEIGHT))
    return row


def _heading(text: str, width: int, font: str | None) -> Image.Image:
    band = Image.new("RGB", (width, 40), PAPER)
    _write(band, text, font, INK, HEADING_SIZE, (GAP, 8, width - 2 * GAP, 28), centred=False)
    return band


def _write(
    image: Image.Image,
    text: str,
    package: str | None,
    colour: str,
    size: float,
    box: tuple[int, int, int, int],
    centred: bool = True,
) -> None:
    """Draw a line of text into a box (left, top, width, height), scaled down where it is too long for it."""
    left, top, width, height = box
    font = caption_font(text, package)
    ink = draw_text(font, text, size)
    if ink.shape[1] > width:
        ink = draw_text(font, text, size * width / ink.shape[1])
    if ink.size:
        x = left + (width - ink.shape[1]) // 2 if centred else left
        y = top + max(0, (height - ink.shape[0]) // 2)
        image.paste(ImageColor.getrgb(colour), (x, y), Image.fromarray(ink))
