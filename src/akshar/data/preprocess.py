"""Any picture of one character -> the 32x32 that a network expects: white on black, stretched to 28x28."""

import warnings
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from akshar.data.images import BORDER, BOX, SIDE
from akshar.errors import BadData
from akshar.files import printable

MAX_PIXELS = 50_000_000  # a larger picture is refused before it is decoded
LARGE = 2048  # pixels a side; larger pictures are scaled down first
# Not all that Pillow knows: some of its formats start other programs or are seldom tried.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SCALABLE = {"P": "RGBA", "PA": "RGBA", "LA": "RGBA", "1": "L", "I;16": "I", "I;16L": "I", "I;16B": "I"}  # modes
INK = 0.35  # share of the way from paper to ink at which a pixel counts as ink when the character is framed


def read_picture(path: Path) -> np.ndarray:
    """Reads one file as a character.

    Returns:
        uint8 [0, 255] (32, 32), white on black.

    Raises:
        BadData: no image, too large a one, or nothing drawn on it; the message names the file.
    """
    name = printable(path)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Pillow finds odd in a file's metadata
            with Image.open(path, formats=FORMATS) as picture:
                if picture.width * picture.height > MAX_PIXELS:
                    size = f"{picture.width} x {picture.height}"
                    raise BadData(f"{name}: {size} pixels, more than the {MAX_PIXELS:,} allowed; scale it down")
                return place(to_grey(picture))
    except BadData:
        raise
    except Image.DecompressionBombError as error:
        raise BadData(f"{name}: more than the {MAX_PIXELS:,} pixels allowed; scale it down") from error
    except UnidentifiedImageError as error:
        raise BadData(f"{name}: is no image of a kind that is read ({', '.join(FORMATS)}); remove it") from error
    except _NoInk as error:
        raise BadData(f"{name}: nothing is drawn on it") from error
    except Exception as error:  # Pillow raises almost anything on a broken file
        reason = " ".join(str(error).split()) or type(error).__name__
        raise BadData(f"{name}: cannot be read ({reason}); remove it, or save it again") from error


def to_grey(picture: Image.Image) -> np.ndarray:
    """Float32 [0, 1] (H, W) of a picture in any mode: turned upright by its EXIF tag, laid on white paper."""
    picture = ImageOps.exif_transpose(picture)
    if max(picture.size) > LARGE:  # far beyond what 28 pixels can show; bounds the memory of what follows
        picture = picture.convert(SCALABLE.get(picture.mode, picture.mode))
        picture = picture.reduce(-(-max(picture.size) // LARGE))
    if picture.mode.startswith(("I", "F")):  # 16 and 32 bit: no fixed white, so the range is what is there
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32), posinf=0.0, neginf=0.0)
        return (values - values.min()) / max(float(np.ptp(values)), 1e-9)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture)
    return np.asarray(picture.convert("L"), dtype=np.float32) / 255


def place(grey: np.ndarray) -> np.ndarray:
    """Finds the ink, crops to it and stretches it to the box, as DHCD does.

    Args:
        grey: float32 [0, 1] (H, W), dark on light or light on dark.

    Returns:
        uint8 [0, 255] (32, 32). A picture that is placed so already is returned as it is.
    """
    if is_placed(grey):
        return np.rint(grey * 255).astype(np.uint8)
    ink = ink_of(grey)
    rows, columns = (np.flatnonzero((ink > INK).any(axis)) for axis in (1, 0))
    if not len(rows):
        raise _NoInk
    crop = ink[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    box = Image.fromarray(crop).resize((BOX, BOX), Image.Resampling.BOX if min(crop.shape) > BOX else None)
    placed = np.zeros((SIDE, SIDE), np.uint8)
    placed[BORDER:-BORDER, BORDER:-BORDER] = np.rint(np.clip(np.asarray(box), 0, 1) * 255).astype(np.uint8)
    return placed


def is_placed(grey: np.ndarray) -> bool:
    """Whether a picture is 32x32 with the black border of DHCD and something inside."""
    if grey.shape != (SIDE, SIDE) or not grey.any():
        return False
    border = np.ones((SIDE, SIDE), bool)
    border[BORDER:-BORDER, BORDER:-BORDER] = False
    return not grey[border].any()


def ink_of(grey: np.ndarray) -> np.ndarray:
    """Float32 [0, 1] (H, W): 0 on paper, 1 in ink, whichever of the two is the lighter.

    Paper is what the picture's rim shows most; ink is the other side of Otsu's threshold (IEEE SMC 1979).
    """
    threshold = _otsu(grey)
    rim = np.concatenate([grey[0], grey[-1], grey[:, 0], grey[:, -1]])
    paper_is_light = np.median(rim) > threshold
    inked = grey < threshold if paper_is_light else grey > threshold
    if not inked.any() or inked.all():
        raise _NoInk
    paper, ink = float(np.median(grey[~inked])), float(np.median(grey[inked]))
    if abs(ink - paper) < 0.08:  # paper's own grain
        raise _NoInk
    return np.clip((grey - paper) / (ink - paper), 0, 1).astype(np.float32)


def _otsu(grey: np.ndarray) -> float:
    counts, edges = np.histogram(grey, bins=256, range=(0, 1))
    centres = (edges[:-1] + edges[1:]) / 2
    below = counts.cumsum()
    above = below[-1] - below
    sums = (counts * centres).cumsum()
    with np.errstate(divide="ignore", invalid="ignore"):
        between = below * above * (sums / below - (sums[-1] - sums) / above) ** 2
    between = np.nan_to_num(between)
    best = np.flatnonzero(between == between.max())
    return float(edges[1:][best].mean())


class _NoInk(Exception):
    """Nothing is drawn, or all is ink."""
