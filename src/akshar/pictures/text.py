"""Devanagari fonts that come as Python packages, shaped and drawn by HarfBuzz: क्ष त्र ज्ञ come out right.

Nothing of the operating system is used (Pillow's own shaping needs a system library).
"""

from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import uharfbuzz as hb

# uharfbuzz is compiled and comes without types.
# pyright: reportAttributeAccessIssue=false

Font: TypeAlias = Any  # hb.Font

CAPTION = "fontpkg_noto_sans_devanagari"


def font_files(package: str) -> list[Path]:
    """The upright fonts of an installed `fontpkg_*` package, by name.

    >>> [path.name for path in font_files("fontpkg_kalam")]
    ['Kalam-Bold.ttf', 'Kalam-Light.ttf', 'Kalam-Regular.ttf']
    """
    spec = find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {package.replace('_', '-')} is not installed; pip install it")
    files = sorted((Path(spec.origin).parent / "files").glob("*.ttf"))
    return [path for path in files if "Italic" not in path.name]


@cache
def load_font(path: Path, **axes: float) -> Font:
    """A font, with the values of its variable axes, e.g. `wght=300`."""
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(path))))
    if axes:
        font.set_variations(axes)
    return font


def draw_text(font: Font, text: str, size: float, language: str = "hi") -> np.ndarray:
    """Draws one line of text, Devanagari or Latin.

    Args:
        font: from `load_font`.
        text: what to draw.
        size: pixels an em.
        language: "ne" takes the Nepali forms where a font has them (झ ५ ८ ९ ...).

    Returns:
        uint8 [0, 255] (H, W), ink on 0, cropped to the ink; (0, 0) for a blank text.
    """
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.language = language
    hb.shape(font, buffer)
    drawing = hb.RasterDraw()
    scale = size / font.face.upem
    x = 0
    for info, position in zip(buffer.glyph_infos, buffer.glyph_positions, strict=True):
        drawing.transform = (scale, 0, 0, scale, (x + position.x_offset) * scale, position.y_offset * scale)
        drawing.draw_glyph(font, info.codepoint)
        x += position.x_advance
    image = drawing.render()
    if image is None or not image.extents.width:
        return np.zeros((0, 0), np.uint8)
    rows = np.frombuffer(image.buffer, np.uint8).reshape(image.extents.height, image.extents.stride)
    return rows[::-1, : image.extents.width].copy()
