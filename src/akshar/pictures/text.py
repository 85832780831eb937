"""Text drawn by HarfBuzz in fonts from Python packages, so that scripts with conjuncts (क्ष) are shaped correctly.

No library or font of the operating system is used; Pillow's own shaping would need a system library.
"""

import logging
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np
import uharfbuzz as hb

# uharfbuzz is compiled and comes without types.
# pyright: reportAttributeAccessIssue=false

Font: TypeAlias = Any  # hb.Font

WEIGHT = 500  # of captions, where a font is variable

log = logging.getLogger(__name__)


def font_files(package: str) -> list[Path]:
    """Paths of the upright fonts of an installed `fontpkg_*` package, sorted by name.

    Raises:
        ModuleNotFoundError: the package is not installed, or holds no fonts.

    >>> [path.name for path in font_files("fontpkg_kalam")]
    ['Kalam-Bold.ttf', 'Kalam-Light.ttf', 'Kalam-Regular.ttf']
    """
    # find_spec would import the parents of a dotted name, and a name may come from a checkpoint.
    spec = find_spec(package) if package.isidentifier() else None
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the font package {package.replace('_', '-')} is not installed; pip install it")
    files = sorted((Path(spec.origin).parent / "files").glob("*.ttf"))
    if not files:
        raise ModuleNotFoundError(f"the package {package.replace('_', '-')} holds no fonts")
    return [path for path in files if "Italic" not in path.name]


@cache
def load_font(path: Path, **axes: float) -> Font:
    """Load a font, with values for its variable axes, e.g. `wght=300`."""
    font = hb.Font(hb.Face(hb.Blob.from_file_path(str(path))))
    if axes:
        font.set_variations(axes)
    return font


def caption_font(text: str, package: str | None = None) -> Font:
    """Pick a font for a caption or label.

    Args:
        text: what will be drawn.
        package: a `fontpkg_*` package, as `DatasetCard.font` names it.

    Returns:
        The package's first upright font where it has a glyph for every character of the text; else DejaVu Sans,
        which comes with matplotlib.
    """
    font = _package_font(package) if package else None
    if font is not None and all(font.get_nominal_glyph(ord(character)) is not None for character in text):
        return font
    return _dejavu()


@cache
def _package_font(package: str) -> Font | None:
    """First upright font of a package; None, with a warning, where it cannot be had."""
    try:
        return load_font(font_files(package)[0], wght=WEIGHT)
    except ModuleNotFoundError as error:
        log.warning("%s; labels are drawn in DejaVu Sans until then", error)
        return None


@cache
def _dejavu() -> Font:
    spec = find_spec("matplotlib")  # located, not imported: that would take half a second
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError("matplotlib, whose font draws captions, is not installed; pip install matplotlib")
    return load_font(Path(spec.origin).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf")


def draw_text(font: Font, text: str, size: float, language: str = "und") -> np.ndarray:
    """Draw one line of text.

    Args:
        font: from `load_font` or `caption_font`.
        text: what to draw.
        size: pixels per em.
        language: BCP 47 code, for fonts with forms of their own for some languages ("ne": Nepali digits);
            "und" (undetermined) for their default forms.

    Returns:
        uint8 [0, 255] (H, W), ink on 0, cropped to the ink; (0, 0) for a blank text.
    """
    buffer = hb.Buffer()
    buffer.add_str(text)
    buffer.guess_segment_properties()
    buffer.language = language  # which the line above takes from the locale
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
