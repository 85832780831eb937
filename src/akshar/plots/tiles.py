"""Sheets of dataset images with captions, enlarged and arranged in rows."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from PIL import Image, ImageColor

from akshar.pictures.text import caption_font, draw_text
from akshar.plots.style import INK, PAPER

SIDE = 96  # pixels of a tile's longer side, which small images are enlarged to, by a whole number
GAP = 10
CAPTION_SIZE, LEAST_SIZE = 22, 13  # pixels per em; a sheet's captions have one size between these
LEADING = 1.35  # height of a caption's line, in em
HEADING_SIZE = 18
ELLIPSIS = "…"


@dataclass(frozen=True)
class Tile:
    """One image with a caption.

    Attributes:
        pixels: uint8 (H, W), or (H, W, 3) in colour.
        caption: one or more lines above the image.
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
    size = _caption_size([tile for _, tiles in parts for tile in tiles], font)
    for heading, tiles in parts:
        if tiles:
            width = GAP + columns * (_zoomed(tiles[0])[0] + GAP)
            if heading:
                bands.append(_heading(heading, width, font))
            rows = (tiles[start : start + columns] for start in range(0, len(tiles), columns))
            bands += [_row(row, width, font, size) for row in rows]
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


def _caption_size(tiles: Sequence[Tile], font: str | None) -> float:
    """Size at which the longest line of all captions fits above its image, within the limits; pixels per em."""
    shares = [
        _zoomed(tile)[0] / max(1, draw_text(caption_font(line, font), line, CAPTION_SIZE).shape[1])
        for tile in tiles
        for line in tile.caption.splitlines()
    ]
    return max(LEAST_SIZE, CAPTION_SIZE * min([1.0, *shares]))


def _row(tiles: Sequence[Tile], total_width: int, font: str | None, size: float) -> Image.Image:
    width, height = _zoomed(tiles[0])
    line_height = round(LEADING * size)
    top = max(len(tile.caption.splitlines()) for tile in tiles) * line_height
    row = Image.new("RGB", (total_width, top + height + GAP), PAPER)
    for position, tile in enumerate(tiles):
        left = GAP + position * (width + GAP)
        for number, line in enumerate(tile.caption.splitlines()):
            box = (left, number * line_height, width, line_height)
            _write(row, _shortened(line, font, size, width), font, tile.colour, size, box)
        picture = Image.fromarray(tile.pixels).resize((width, height), Image.Resampling.NEAREST)
        row.paste(picture.convert("RGB"), (left, top))
    return row


def _shortened(text: str, package: str | None, size: float, width: int) -> str:
    """Cut characters out of the middle of a text that is wider than `width`, so that its ends stay readable."""
    shown, kept = text, len(text)
    while kept > 1 and draw_text(caption_font(shown, package), shown, size).shape[1] > width:
        kept -= 1
        shown = text[: (kept + 1) // 2] + ELLIPSIS + text[len(text) - kept // 2 :]
    return shown


def _heading(text: str, width: int, font: str | None) -> Image.Image:
    band = Image.new("RGB", (width, 40), PAPER)
    ink = draw_text(caption_font(text, font), text, HEADING_SIZE)
    room = width - 2 * GAP
    size = HEADING_SIZE * min(1.0, room / max(1, ink.shape[1]))
    _write(band, text, font, INK, size, (GAP, 8, room, 28), centred=False)
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
    """Draw a line of text into a box (left, top, width, height) that is wide enough for it."""
    left, top, width, height = box
    ink = draw_text(caption_font(text, package), text, size)
    if ink.size:
        x = left + (width - ink.shape[1]) // 2 if centred else left
        y = top + max(0, (height - ink.shape[0]) // 2)
        image.paste(ImageColor.getrgb(colour), (x, y), Image.fromarray(ink))
