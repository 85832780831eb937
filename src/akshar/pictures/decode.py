"""Decodes any picture safely: file formats, pixel modes, EXIF rotation, transparency.

Every picture whose file comes from elsewhere is decoded here, with one list of formats, one limit of pixels, and
the limits of `work_limits`. The exception is `akshar.devanagari.dhcd_archive`, which accepts nothing but the PNGs
of one known archive.
"""

import io
import os
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from akshar.errors import DataError
from akshar.files import printable
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.work_limits import LimitedFile, check_work

MAX_PIXELS = 50_000_000  # a larger picture is refused before it is decoded
LARGE = 2048  # pixels a side; larger pictures are reduced first
# Not every format that Pillow reads: some of them start other programs or are rarely tested.
FORMATS = ("PNG", "JPEG", "BMP", "GIF", "TIFF", "WEBP", "PPM")
SUFFIXES = (
    *(".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".bmp", ".gif", ".tif", ".tiff", ".webp"),
    *(".ppm", ".pgm", ".pbm", ".pnm"),
)
NOT_REGULAR = "not a regular file; pass its content, or pipe it to  akshar predict MODEL -"
GREY = ("1", "L", "LA", "La", "I", "F")  # modes without colours, with "I;16" and its kin
ORIENTATION, TURNED = 0x0112, (5, 6, 7, 8)  # EXIF's tag, and its values that swap height and width
SCALABLE = {"P": "RGBA", "PA": "RGBA", "LA": "RGBA", "1": "L", "I;16": "I", "I;16L": "I", "I;16B": "I"}  # modes


class TooManyPixels(DataError):
    """A picture has more pixels than are allowed."""


T = TypeVar("T")
Picture = str | Path | bytes | BinaryIO | Image.Image | np.ndarray


def decode(picture: Picture, colour: bool = False, most: int = MAX_PIXELS) -> np.ndarray:
    """Decode a picture to grey values or colours.

    Args:
        picture: a path, a file's content or an open binary file, a Pillow image, or an array: (H, W), (H, W, 1),
            (H, W, 3) or (H, W, 4), uint8 [0, 255], bool, or float [0, 1].
        colour: whether to keep colours.
        most: pixels allowed, MAX_PIXELS or fewer.

    Returns:
        float32 [0, 1] (H, W), white is 1; with `colour` RGB (H, W, 3). No side is longer than LARGE.

    Raises:
        TooManyPixels: more than `most`; the message names the file.
        DataError: not a picture, or one that takes too long to decode; the message names the file.
    """
    mode = "RGB" if colour else "L"
    return _opened(picture, most, lambda image: _normalised(image, mode))


def decode_for(picture: Picture, spec: InputSpec, most: int = MAX_PIXELS) -> np.ndarray:
    """Decode a picture for `frame_picture`: in colour if the spec's framing keeps colours, else in grey."""
    return decode(picture, spec.keeps_colours, most)


def picture_shape(picture: Picture, most: int = MAX_PIXELS) -> tuple[int, int, bool]:
    """Read a picture's height and width as it is shown, and whether its mode can hold colours, without decoding it.

    Raises:
        DataError: see `decode`.
    """

    def shape(image: Image.Image) -> tuple[int, int, bool]:
        # A PNG without the tag before its pixels would be decoded to look for it behind them
        exif = image.getexif() if image.format != "PNG" or "exif" in image.info else {}
        turned = exif.get(ORIENTATION) in TURNED
        height, width = (image.width, image.height) if turned else (image.height, image.width)
        return height, width, not (image.mode in GREY or image.mode.startswith("I;"))

    return _opened(picture, most, shape)


def picture_name(picture: Picture) -> str:
    """Name of a picture in error messages: its file's, as far as it has one."""
    if isinstance(picture, np.ndarray):
        return "array"
    if isinstance(picture, bytes | Image.Image):
        return "picture"
    return printable(picture if isinstance(picture, str | Path) else getattr(picture, "name", "picture"))


def _opened(picture: Picture, most: int, use: Callable[[Image.Image], T]) -> T:
    """Open a picture, check what decoding it may cost, and use it; errors name it."""
    name = picture_name(picture)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # Pillow's, about odd metadata
            if isinstance(picture, np.ndarray | Image.Image):
                image = _image_from(picture) if isinstance(picture, np.ndarray) else picture
                _check_pixels(image, most)
                return use(image)
            if isinstance(picture, bytes):
                return _opened_file(io.BytesIO(picture), most, use)
            if isinstance(picture, str | Path):
                if os.path.exists(picture) and not os.path.isfile(picture):
                    raise DataError("a folder; name the pictures in it" if os.path.isdir(picture) else NOT_REGULAR)
                with open(picture, "rb") as file:
                    return _opened_file(file, most, use)
            if not hasattr(picture, "read"):
                raise DataError(f"must be a path, bytes, an open file, a Pillow image or an array, not {name}")
            return _opened_file(picture, most, use)
    except DataError as error:
        raise type(error)(f"{name}: {error}") from error
    except Image.DecompressionBombError as error:
        raise TooManyPixels(f"{name}: more than the {most:,} pixels allowed; scale it down") from error
    except FileNotFoundError as error:
        raise DataError(f"{name}: no such file or folder") from error
    except UnidentifiedImageError as error:
        raise DataError(f"{name}: not an image in a supported format ({', '.join(FORMATS)}); remove it") from error
    except Exception as error:  # Pillow raises almost anything on a broken file
        reason = " ".join(str(error).split()) or type(error).__name__
        raise DataError(f"{name}: cannot be read ({reason}); remove it, or save it again") from error


def _opened_file(file: BinaryIO, most: int, use: Callable[[Image.Image], T]) -> T:
    limited: Any = LimitedFile(file if file.seekable() else io.BytesIO(file.read()))
    with Image.open(limited, formats=FORMATS) as image:
        _check_pixels(image, most)
        check_work(image, limited)
        return use(image)


def _check_pixels(image: Image.Image, most: int) -> None:
    if image.width * image.height > most:
        raise TooManyPixels(f"{image.width} x {image.height}: more than the {most:,} pixels allowed; scale it down")


def _image_from(array: np.ndarray) -> Image.Image:
    if array.ndim == 3 and array.shape[2] == 1:
        array = array[:, :, 0]
    if array.ndim not in (2, 3) or (array.ndim == 3 and array.shape[2] not in (3, 4)) or 0 in array.shape:
        raise DataError(f"shape {array.shape} is not supported; use (H, W), (H, W, 3) or (H, W, 4)")
    if array.dtype == bool:
        array = array.astype(np.float32)
    if np.issubdtype(array.dtype, np.floating):
        low, high = float(array.min()), float(array.max())
        if not (low >= 0 and high <= 1):  # also for NaN
            raise DataError(f"floats from {low:g} to {high:g} are out of range; use [0, 1], or uint8")
        array = np.rint(array * 255).astype(np.uint8)
    if array.dtype != np.uint8:
        raise DataError(f"dtype {array.dtype} is not supported; use uint8 [0, 255] or float [0, 1]")
    return Image.fromarray(array)


def _normalised(image: Image.Image, mode: str) -> np.ndarray:
    """Values of an image in any mode, turned upright by its EXIF tag.

    Transparent parts become white paper, or black where everything visible is light, like ink on a dark page.

    Args:
        image: at most MAX_PIXELS.
        mode: "L" or "RGB".

    Returns:
        float32 [0, 1] (H, W), or (H, W, 3) for RGB.
    """
    image = ImageOps.exif_transpose(image)
    if max(image.size) > LARGE:  # far beyond what a network reads; bounds the memory of the next steps
        image = image.convert(SCALABLE.get(image.mode, image.mode))
        image = image.reduce(-(-max(image.size) // LARGE))
    if image.mode.startswith(("I", "F")):  # 16 and 32 bits have no fixed white: use the range of the values
        values = np.nan_to_num(np.asarray(image, dtype=np.float32), posinf=0.0, neginf=0.0)
        grey = (values - values.min()) / max(float(np.ptp(values)), 1e-9)
        return grey if mode == "L" else np.repeat(grey[:, :, None], 3, axis=2)
    if image.has_transparency_data:
        image = image.convert("RGBA")
        image = Image.alpha_composite(Image.new("RGBA", image.size, _paper_colour(image)), image)
    return np.asarray(image.convert(mode), dtype=np.float32) / 255


def _paper_colour(image: Image.Image) -> str:
    pixels = np.asarray(image.convert("LA"))
    visible = pixels[..., 0][pixels[..., 1] > 127]
    return "black" if visible.size and visible.min() > 127 else "white"
