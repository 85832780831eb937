"""DHCD's reader on small archives of the same layout: errors list what differs."""

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.dhcd_archive import Layout, read_archive
from akshar.errors import DataError

CLASSES = ("character_1_ka", "character_2_kha", "digit_0")
PER_CLASS = {"Train": 4, "Test": 2}


def pictures() -> dict[str, np.ndarray]:
    """File names and pixels; the numbers in the names are neither dense nor sorted as text."""
    draw = np.random.default_rng(0)
    return {
        f"DHCD/{part}/{name}/{number}.png": draw.integers(0, 256, (32, 32), dtype=np.uint8)
        for part, count in PER_CLASS.items()
        for name in CLASSES
        for number in (9, 10, 100, 7)[:count]
    }


def layout(files: dict[str, np.ndarray]) -> Layout:
    digests = {}
    for part in PER_CLASS:
        ordered = sorted(
            (name for name in files if f"/{part}/" in name),
            key=lambda name: (CLASSES.index(name.split("/")[2]), int(Path(name).stem)),
        )
        digests[part] = hashlib.sha256(np.stack([files[name] for name in ordered]).tobytes()).hexdigest()
    return Layout(CLASSES, PER_CLASS, digests)


def png(pixels: np.ndarray) -> bytes:
    content = io.BytesIO()
    Image.fromarray(pixels).save(content, "PNG")
    return content.getvalue()


def write_zip(path: Path, members: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return path


@pytest.fixture
def members() -> dict[str, bytes]:
    return {name: png(pixels) for name, pixels in pictures().items()}


@pytest.mark.parametrize("kind", ["zip", "zip in a zip", "folder"])
def test_zip_and_folder_give_the_same_arrays_in_dhcd_s_order(kind, members, tmp_path):
    archive = write_zip(tmp_path / "dhcd.zip", members)
    if kind == "zip in a zip":
        archive = write_zip(tmp_path / "outer.zip", {"inner.zip": archive.read_bytes()})
    elif kind == "folder":
        with zipfile.ZipFile(archive) as whole:
            whole.extractall(tmp_path / "unpacked")
        archive = tmp_path / "unpacked"
    source = DHCD(archive=str(archive), cache_dir=str(tmp_path / "cache"), layout=layout(pictures()))
    dataset = source.load()
    assert dataset.train is not None
    assert dataset.test is not None
    assert dataset.classes == CLASSES
    assert dataset.train.numbers[:4].tolist() == [7, 9, 10, 100]
    assert np.array_equal(dataset.train.pixels[0, 0].numpy(), pictures()["DHCD/Train/character_1_ka/7.png"])
    assert dataset.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    digits = DHCD(archive=str(archive), subset="digits", cache_dir=source.cache_dir, layout=source.layout).load()
    assert digits.classes == ("digit_0",)
    assert digits.train is not None
    assert np.array_equal(digits.train.pixels, dataset.train.pixels[8:])


def test_the_cache_is_enough_once_an_archive_was_read(members, tmp_path, no_network):
    archive = write_zip(tmp_path / "dhcd.zip", members)
    cache, expected = str(tmp_path / "cache"), layout(pictures())
    first = DHCD(archive=str(archive), cache_dir=cache, layout=expected).load()
    archive.unlink()
    assert DHCD(cache_dir=cache, layout=expected).load().digest() == first.digest()


def test_a_damaged_cache_is_made_again(members, tmp_path):
    archive = write_zip(tmp_path / "dhcd.zip", members)
    source = DHCD(archive=str(archive), cache_dir=str(tmp_path / "cache"), layout=layout(pictures()))
    digest = source.load().digest()
    pixels = tmp_path / "cache" / "dhcd" / "Train-pixels.npy"
    content = bytearray(pixels.read_bytes())
    content[-1] ^= 1  # one bit
    pixels.write_bytes(content)
    assert source.load().digest() == digest
    pixels.write_bytes(content[:200])
    assert source.load().digest() == digest


def drop_class(members):
    return {name: content for name, content in members.items() if "Test/character_2_kha" not in name}


def drop_image(members):
    return {name: content for name, content in members.items() if name != "DHCD/Train/digit_0/9.png"}


def spoil_image(members):
    return members | {"DHCD/Train/digit_0/9.png": b"no image"}


def cut_image(members):
    name = "DHCD/Train/digit_0/9.png"
    return members | {name: members[name][:100]}


def enlarge_image(members):
    return members | {"DHCD/Test/digit_0/9.png": png(np.zeros((64, 64), np.uint8))}


def add_class(members):
    return members | {"DHCD/Train/cat/1.png": png(np.zeros((32, 32), np.uint8))}


def change_pixel(members):
    pixels = pictures()["DHCD/Test/digit_0/9.png"].copy()
    pixels[5, 5] ^= 1
    return members | {"DHCD/Test/digit_0/9.png": png(pixels)}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (drop_class, "Test/character_2_kha is missing"),
        (drop_image, "Train/digit_0 has 3 images, not 4"),
        (spoil_image, "Train/digit_0/9.png cannot be read"),
        (cut_image, "Train/digit_0/9.png cannot be read"),
        (enlarge_image, "Test/digit_0/9.png cannot be read .64x64 L, not 32x32 L."),
        (add_class, "Train/cat is not a class of DHCD"),
        (change_pixel, "the pixels of Test are not DHCD's"),
        (lambda members: {"readme.txt": b"hello"}, "holds no"),
    ],
)
def test_what_differs_is_named_and_nothing_is_cached(change, message, members, tmp_path):
    archive = write_zip(tmp_path / "dhcd.zip", change(members))
    source = DHCD(archive=str(archive), cache_dir=str(tmp_path / "cache"), layout=layout(pictures()))
    with pytest.raises(DataError, match=message) as caught:
        source.load()
    assert str(archive) in str(caught.value)
    assert not list((tmp_path / "cache").glob("dhcd/*"))


def test_what_is_no_zip_or_is_not_there_is_said(tmp_path):
    broken = tmp_path / "dhcd.zip"
    broken.write_bytes(b"PK\x03\x04 and no more")
    with pytest.raises(DataError, match="not a zip"):
        DHCD(archive=str(broken), cache_dir=str(tmp_path)).load()
    with pytest.raises(DataError, match=r"data.archive=.*nowhere: no such file"):
        DHCD(archive=str(tmp_path / "nowhere"), cache_dir=str(tmp_path)).load()


def test_names_in_an_archive_choose_no_place_on_disk(members, tmp_path):
    evil = {"../../escaped.txt": b"x", "/etc/akshar": b"x", "DHCD/../../Train/digit_0/9.txt": b"x"}
    archive = write_zip(tmp_path / "dhcd.zip", members | evil)
    before = set(tmp_path.rglob("*"))
    read_archive(archive, layout(pictures()))
    assert set(tmp_path.rglob("*")) == before


def test_a_member_that_unpacks_to_too_much_is_not_unpacked(members, tmp_path):
    bomb = tmp_path / "bomb.zip"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in (members | {"DHCD/Train/digit_0/9.png": bytes(10_000_000)}).items():
            archive.writestr(name, content)
    with pytest.raises(DataError, match=r"9.png cannot be read .unpacks to more than 100,000 bytes"):
        read_archive(bomb, layout(pictures()))
