"""Archives that are damaged or made to do harm: each is read or named, and nothing else is written."""

import io
import struct
import tracemalloc
import zipfile

import pytest
from damaged_bytes import FUZZ, damaged, names_only
from hostile_pictures import picture_bytes
from hypothesis import given
from PIL import Image

from akshar.devanagari.dhcd_archive import Layout, read_archive
from akshar.errors import DataError

LAYOUT = Layout(classes=("digit_0",), per_class={"Train": 2}, digests={})


def archive_bytes():
    small, content = io.BytesIO(), io.BytesIO()
    Image.new("L", (32, 32), 7).save(small, format="PNG")
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in (1, 2):
            archive.writestr(f"Train/digit_0/{number}.png", small.getvalue())
    return content.getvalue()


@FUZZ
@given(content=damaged(archive_bytes()))
def test_a_damaged_archive_is_read_or_named(content, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "archive.zip"
    path.write_bytes(content)
    try:
        assert read_archive(path, LAYOUT)["Train-pixels"].shape == (2, 32, 32)
    except DataError as error:
        names_only(path, error)


def lying_zip(path, size):
    """A zip whose member says that it has few bytes and unpacks to many."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("Train/digit_0/1.png", bytes(size))
        archive.writestr("Train/digit_0/2.png", b"")
    content = path.read_bytes()
    path.write_bytes(content.replace(struct.pack("<I", size), struct.pack("<I", 90_000)))


def nested_zip(path, size):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("inner.zip", bytes(size))


def traversing_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in (1, 2):
            archive.writestr(f"../../Train/digit_0/{number}.png", picture_bytes("PNG"))


def linking_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        for number in (1, 2):
            info = zipfile.ZipInfo(f"Train/digit_0/{number}.png")
            info.external_attr = 0o120777 << 16
            archive.writestr(info, "/etc/passwd")


def doubled_zip(path):
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("Train/digit_0/1.png", picture_bytes("PNG"))
        with pytest.warns(UserWarning, match="Duplicate name"):
            archive.writestr("Train/digit_0/1.png", picture_bytes("PNG"))


ARCHIVES = {
    "a zip that unpacks to 300 MB and says 90 kB": (
        lambda path: lying_zip(path, 300_000_000),
        "Bad CRC",
    ),
    "a zip in a zip of 300 MB": (
        lambda path: nested_zip(path, 300_000_000),
        "unpacks to more than 120,000,000 bytes",
    ),
    "a zip with paths that lead out of it": (traversing_zip, "40x40 L, not 32x32"),
    "a zip with links": (linking_zip, "not a PNG"),
    "a zip with a file twice": (doubled_zip, "is there twice"),
}


@pytest.mark.parametrize("name", ARCHIVES)
def test_an_archive_that_means_harm_is_named(name, tmp_path, fault):
    make, message = ARCHIVES[name]
    path = tmp_path / "evil.zip"
    make(path)
    before = sorted(tmp_path.parent.rglob("*"))
    tracemalloc.start()
    with pytest.raises(DataError, match=message) as caught:
        read_archive(path, LAYOUT)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert "evil.zip" in str(caught.value)
    assert peak < 250_000_000
    assert sorted(tmp_path.parent.rglob("*")) == before
    assert len(str(caught.value).splitlines()) == 1
    fault(name, f"`{str(caught.value).replace(str(tmp_path) + '/', '').partition(';')[0]}`")
