"""A folder of the user's own images: any mode, size and polarity; errors name the file."""

import numpy as np
import pytest
import torch
from conftest import make_folder, write_picture
from PIL import Image

from akshar.data.pictures import read_picture
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import DataError
from akshar.pictures.framing import frame_picture

MODES = ("L", "RGB", "RGBA", "P", "1", "LA", "CMYK", "I;16")


def fill(root, classes=("bar", "cross"), count=12):
    for shape, name in enumerate(classes):
        for number in range(count):
            write_picture(root / name / f"{number}.png", shape, size=40 + number)


def load(root, tmp_path, **settings):
    return make_folder(root, tmp_path / "cache", **settings).load()


def read(path):
    return read_picture(path, INPUT_SPEC)


@pytest.mark.parametrize("dark_on_light", [True, False])
@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("size", [20, 48, 300])
def test_any_mode_size_and_polarity_gives_the_same_character(mode, size, dark_on_light, tmp_path):
    suffix = "tif" if mode == "CMYK" else "png"
    write_picture(tmp_path / "reference.png", 1, size=size)
    write_picture(tmp_path / f"other.{suffix}", 1, mode, size, dark_on_light)
    reference, other = (read(tmp_path / name).astype(int) for name in ("reference.png", f"other.{suffix}"))
    assert np.abs(reference - other).max() <= 2
    assert reference[2:-2, 15:17].min() > 200  # the cross fills the box
    assert not reference[:2].any()


def test_transparent_paper_and_exif_rotation(tmp_path):
    ink = np.zeros((40, 60, 4), np.uint8)
    ink[10:30, 10:14, 3] = 255  # opaque black on transparent
    ink[26:30, 10:40, 3] = 255
    upright = Image.fromarray(ink)
    upright.save(tmp_path / "transparent.png")
    flat = Image.alpha_composite(Image.new("RGBA", upright.size, "white"), upright).convert("L")
    flat.save(tmp_path / "flat.png")
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees when shown
    flat.transpose(Image.Transpose.ROTATE_90).save(tmp_path / "turned.png", exif=exif)
    expected = read(tmp_path / "flat.png")
    assert np.array_equal(read(tmp_path / "transparent.png"), expected)
    assert np.array_equal(read(tmp_path / "turned.png"), expected)


def test_a_picture_placed_as_dhcd_places_it_is_left_as_it_is():
    placed = np.zeros((32, 32), np.float32)
    placed[2:30, 4:28] = np.random.default_rng(0).random((28, 24))
    assert np.array_equal(frame_picture(placed, INPUT_SPEC).pixels, np.rint(placed * 255).astype(np.uint8))


def test_train_and_test_folders(tmp_path):
    fill(tmp_path / "set" / "train")
    fill(tmp_path / "set" / "test", count=3)
    dataset = load(tmp_path / "set", tmp_path)
    assert dataset.classes == ("bar", "cross")
    assert (len(dataset.train), len(dataset.test)) == (24, 6)
    assert dataset.train.numbers[:12].tolist() == list(range(12))
    assert torch.equal(load(tmp_path / "set", tmp_path).train.pixels, dataset.train.pixels)  # from the cache


def test_one_folder_is_split_and_test_alone_is_a_test_set(tmp_path):
    fill(tmp_path / "one")
    dataset = load(tmp_path / "one", tmp_path, test_fraction=0.25)
    assert torch.bincount(dataset.test.labels).tolist() == [3, 3]
    assert len(dataset.train) == 18
    fill(tmp_path / "two" / "test")
    alone = load(tmp_path / "two", tmp_path)
    assert alone.train is None
    assert len(alone.test) == 24


def test_dhcd_s_folder_names_are_put_in_dhcd_s_order_and_others_are_taken_as_they_are(tmp_path):
    names = ("digit_0", "character_10_yna", "character_2_kha", "अ — my own class")
    fill(tmp_path / "set", names)
    assert load(tmp_path / "set", tmp_path).classes == (
        "character_2_kha",
        "character_10_yna",
        "digit_0",
        "अ — my own class",
    )


def test_a_changed_file_is_read_again(tmp_path):
    fill(tmp_path / "set")
    before = load(tmp_path / "set", tmp_path).digest()
    write_picture(tmp_path / "set" / "bar" / "3.png", 1, size=90)
    assert load(tmp_path / "set", tmp_path).digest() != before


def test_hidden_files_are_passed_over(tmp_path):
    fill(tmp_path / "set")
    (tmp_path / "set" / "bar" / ".DS_Store").write_bytes(b"x")
    (tmp_path / "set" / ".git").mkdir()
    assert load(tmp_path / "set", tmp_path).classes == ("bar", "cross")


def test_every_file_that_is_no_image_is_named(tmp_path):
    fill(tmp_path / "set")
    bar = tmp_path / "set" / "bar"
    (bar / "text.png").write_text("this is text")
    (bar / "empty.png").write_bytes(b"")
    (bar / "cut.png").write_bytes((bar / "1.png").read_bytes()[:60])
    Image.new("L", (40, 40), 200).save(bar / "blank.png")
    Image.new("1", (9000, 9000)).save(bar / "huge.png")
    unsupported = "not an image in a supported format"
    for problems in (  # what their headers show is said before they are decoded
        {"text": unsupported, "empty": unsupported, "huge": "9000 x 9000: more than"},
        {"cut": "", "blank": "the picture is blank"},
    ):
        with pytest.raises(DataError) as caught:
            load(tmp_path / "set", tmp_path)
        lines = str(caught.value).splitlines()
        assert len(lines) == len(problems)
        for name, reason in problems.items():
            assert any(f"{name}.png: " in line and reason in line for line in lines)
            (bar / f"{name}.png").unlink()


def test_sizes_of_classes_are_known_without_reading_a_picture(tmp_path):
    fill(tmp_path / "one", count=10)
    assert make_folder(tmp_path / "one", tmp_path / "cache").class_sizes() == [8, 8]
    fill(tmp_path / "two" / "train", count=5)
    fill(tmp_path / "two" / "test", count=3)
    assert make_folder(tmp_path / "two", tmp_path / "cache").class_sizes() == [5, 5]
    fill(tmp_path / "alone" / "test")
    for name in ("alone", "nowhere"):
        assert make_folder(tmp_path / name, tmp_path / "cache").class_sizes() is None
    assert not (tmp_path / "cache").exists()


def test_missing_and_empty_folders_are_named(tmp_path):
    with pytest.raises(DataError, match=r"data.root=.*nowhere: no such folder"):
        load(tmp_path / "nowhere", tmp_path)
    (tmp_path / "none").mkdir()
    with pytest.raises(DataError, match="holds no class folders"):
        load(tmp_path / "none", tmp_path)
    fill(tmp_path / "set")
    (tmp_path / "set" / "void").mkdir()
    with pytest.raises(DataError, match="no images in void"):
        load(tmp_path / "set", tmp_path)
    fill(tmp_path / "two" / "train")
    fill(tmp_path / "two" / "test", ("bar", "ring"))
    with pytest.raises(DataError, match="train and test differ in their classes: cross, ring"):
        load(tmp_path / "two", tmp_path)
