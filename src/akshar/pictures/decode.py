"""Any picture -> grey values: formats, modes, EXIF rotation, transparency."""

import io
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from akshar.errors import DataError
from akshar.files import printable

MAX_PIXELS = 50_000_000  # a larger picture is refused before it is decoded
LARGE = 2048  # pixels a side; larger pictures are scaled down first
# Not all that Pillow knows: some of its formats start other programs or are seldom tried.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
SCALABLE = {"P": "RGBA", "PA": "RGBA", "LA": "RGBA", "1": "L", "I;16": "I", "I;16L": "I", "I;16B": "I"}  # modes

Picture = str | Path | bytes | BinaryIO | Image.Image | np.ndarray


def decode(picture: Picture) -> np.ndarray:
    """Grey values of a picture.

    Args:
        picture: a path, a file's content or an open binary file, a Pillow image, or an array: (H, W), (H, W, 1),
            (H, W, 3) or (H, W, 4), uint8 [0, 255], bool, or float [0, 1].

    Returns:
        float32 [0, 1] (H, W), white is 1; no side longer than LARGE.

    Raises:
        DataError: not a picture, or too large a one; the message names the file.
    """
    if isinstance(picture, Image.Image):
        return _guarded("picture", lambda: _grey_of(picture, "picture"))
    if isinstance(picture, np.ndarray):
        return _guarded("array", lambda: _grey_of(_image_of(picture), "array"))
    if isinstance(picture, bytes):
        picture = io.BytesIO(picture)
    name = printable(picture if isinstance(picture, str | Path) else getattr(picture, "name", "picture"))

    def opened() -> np.ndarray:
        with Image.open(picture, formats=FORMATS) as image:
            return _grey_of(image, name)

    return _guarded(name, opened)


def _guarded(name: str, work: Callable[[], np.ndarray]) -> np.ndarray:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of what Pillow finds odd in a file's metadata
            return work()
    except DataError:
        raise
    except Image.DecompressionBombError as error:
        raise DataError(f"{name}: more than the {MAX_PIXELS:,} pixels allowed; scale it down") from error
    except FileNotFoundError as error:
        raise DataError(f"{name}: no such file or folder") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{name}: is no image of a kind that is read ({', '.join(FORMATS)}); remove it") from error
    except Exception as error:  # Pillow raises almost anything on a broken file
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name}: cannot be read ({reason}); remove it, or save it again") from error


def _grey_of(picture: Image.Image, name: str) -> np.ndarray:
    if picture.width * picture.height > MAX_PIXELS:
        size = f"{picture.width} x {picture.height}"
        raise DataError(f"{name}: {size} pixels, more than the {MAX_PIXELS:,} allowed; scale it down")
    return to_grey(picture)


def _image_of(array: np.ndarray) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise DataError(f"array: of shape {array.shape}; (H, W), (H, W, 3) or (H, W, 4) is read")
    if array.dtype == bool:
        array = array.astype(np.float32)
    if np.issubdtype(array.dtype, np.floating):
        low, high = float(array.min()), float(array.max())
        if not (low >= 0 and high <= 1):  # nor not-a-number
            raise DataError(f"array: floats from {low:g} to {high:g}; [0, 1] is read, or uint8")
        array = np.rint(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise DataError(f"array: of {array.dtype}; uint8 [0, 255] or float [0, 1] is read")
    return Image.fromarray(array)


def to_grey(picture: Image.Image) -> np.ndarray:
    """Float32 [0, 1] (H, W) of a picture in any mode: turned upright by its EXIF tag.

    What is transparent is white paper; black where all that can be seen is light, as ink of a dark page is.
    """
    picture = ImageOps.exif_transpose(picture)
    if max(picture.size) > LARGE:  # far beyond what 28 pixels can show; bounds the memory of what follows
        picture = picture.convert(SCALABLE.get(picture.mode, picture.mode))
        picture = picture.reduce(-(-max(picture.size) // LARGE))
    if picture.mode.startswith(("I", "F")):  # 16 and 32 bit: no fixed white, so the range is what is there
        values = np.nan_to_num(np.asarray(picture, dtype=np.float32), posinf=0.0, neginf=0.0)
        return (values - values.min()) / max(float(np.ptp(values)), 1e-9)
    if picture.has_transparency_data:
        picture = picture.convert("RGBA")
        picture = Image.alpha_composite(Image.new("RGBA", picture.size, _paper_of(picture)), picture)
    return np.asarray(picture.convert("L"), dtype=np.float32) / 255


def _paper_of(picture: Image.Image) -> str:
    pixels = np.asarray(picture.convert("LA"))
    seen = pixels[..., 0][pixels[..., 1] > 127]
    return "black" if seen.size and seen.min() > 127 else "white"
