"""Decoding arrays, modes and colours."""

import io

import numpy as np
import pytest
from PIL import Image

from akshar.errors import DataError
from akshar.pictures.decode import decode


@pytest.mark.parametrize(
    ("array", "reason"),
    [
        (np.zeros((3, 3, 2), np.uint8), "shape .* is not supported"),
        (np.zeros((0, 3), np.uint8), "shape .* is not supported"),
        (np.zeros((3, 3), np.int64), "dtype int64"),
        (np.full((3, 3), 2.0), "floats from 2 to 2"),
        (np.full((3, 3), np.nan), "floats from nan"),
    ],
)
def test_arrays_that_are_no_pictures_are_refused(array, reason):
    with pytest.raises(DataError, match=reason):
        decode(array)


def test_arrays_of_every_kind_are_the_same_picture(digit_images):
    grey = digit_images[0]
    expected = decode(grey)
    colour = np.repeat(grey[:, :, None], 3, 2)
    opaque = np.dstack([colour, np.full_like(grey, 255)])
    for array in (grey / 255, grey[:, :, None], colour, opaque, grey / np.float32(255)):
        assert np.allclose(decode(array), expected, atol=1 / 255)


@pytest.mark.parametrize("mode", ["RGB", "RGBA", "P", "CMYK", "L", "I;16"])
def test_colours_are_kept_on_request(mode):
    colours = np.zeros((20, 30, 3), np.uint8)
    colours[:, :10] = 255, 0, 0
    colours[:, 20:] = 0, 0, 255
    file = io.BytesIO()
    Image.fromarray(colours).convert("L" if mode == "I;16" else mode).convert(mode).save(file, "TIFF")
    values = decode(file.getvalue(), colour=True)
    assert values.shape == (20, 30, 3)
    assert values.dtype == np.float32
    if mode in ("RGB", "RGBA", "P"):
        assert np.array_equal(np.rint(values * 255), colours)
    else:
        assert 0 <= values.min() <= values.max() <= 1
