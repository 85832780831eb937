"""Pictures that are damaged, unusual or made to do harm: each is read or named, in bounded memory."""

import os
import tracemalloc

import numpy as np
import pytest
from conftest import make_folder, write_picture
from damaged_bytes import FUZZ, damaged, names_only
from hostile_pictures import picture_bytes, png_of_size
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from akshar.data.pictures import read_picture
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import DataError
from akshar.pictures.decode import FORMATS


@FUZZ
@given(data=st.data())
def test_a_damaged_picture_is_read_or_named(data, tmp_path_factory):
    kind = data.draw(st.sampled_from(FORMATS))
    path = tmp_path_factory.mktemp("fuzz") / "picture"
    path.write_bytes(data.draw(damaged(picture_bytes(kind))))
    try:
        assert read_picture(path, INPUT_SPEC).shape == (32, 32)
    except DataError as error:
        names_only(path, error)


def fill(root):
    for shape, name in enumerate(("क ख", "cross")):
        for number in range(12):
            write_picture(root / name / f"चित्र {number}.png", shape, size=40 + number)


PICTURES = {
    "a PNG cut short": (lambda path: path.write_bytes(picture_bytes("PNG")[:-60]), "cannot be read"),
    "a PNG of 30,000 x 30,000 px": (lambda path: path.write_bytes(png_of_size(30_000)), "pixels allowed"),
    "text renamed to .png": (lambda path: path.write_text("no picture"), "not an image in a supported format"),
    "a file of no bytes": (lambda path: path.write_bytes(b""), "not an image in a supported format"),
    "a PostScript file, which Pillow would give to another program": (
        lambda path: path.write_bytes(b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n"),
        "not an image in a supported format",
    ),
    "a link to nothing": (lambda path: path.symlink_to("/nowhere"), "not a readable file"),
    "a pipe in place of a file": (os.mkfifo, "not a readable file"),
}


@pytest.mark.parametrize("name", PICTURES)
def test_one_bad_picture_is_named(name, tmp_path, fault):
    make, message = PICTURES[name]
    fill(tmp_path / "set")
    make(tmp_path / "set" / "cross" / "bad.png")
    tracemalloc.start()
    with pytest.raises(DataError) as caught:
        make_folder(tmp_path / "set", tmp_path / "cache").load()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    (line,) = str(caught.value).splitlines()
    assert "bad.png" in line
    assert message in line
    assert peak < 50_000_000
    fault(name, f"`{line.replace(str(tmp_path) + '/', '')}`")


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "CMYK", "I;16", "F"])
def test_a_picture_of_any_mode_and_name_is_read(mode, tmp_path, fault):
    fill(tmp_path / "set")
    write_picture(tmp_path / "set" / "क ख" / "चित्र (2).tif", 0, mode)
    images = make_folder(tmp_path / "set", tmp_path / "cache").load()
    assert len(images.train) + len(images.test) == 25
    fault("1-bit, 16-bit, float, palette, CMYK and alpha images; names in Devanagari and with spaces", "read")


@pytest.mark.parametrize("mode", ["1", "L", "P", "RGB", "RGBA", "I;16"])
def test_a_large_picture_takes_bounded_memory(mode, tmp_path):
    ink = np.zeros((7000, 7000), np.uint8)
    ink[1000:6000, 3000:3500] = 255
    Image.fromarray(255 - ink).convert(mode).save(tmp_path / "large.png", compress_level=1)
    tracemalloc.start()
    read = read_picture(tmp_path / "large.png", INPUT_SPEC)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert read[2:-2, 2:-2].min() > 200  # a bar fills its box
    assert peak < 250_000_000
