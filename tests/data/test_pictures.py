"""Pictures of any size and mode: what a folder or a CSV file keeps of them, and what is said."""

import numpy as np
import pytest
from conftest import write_picture
from PIL import Image

from akshar.data.csv_file import CsvFile
from akshar.data.folder import Folder
from akshar.data.module import ImageDataModule
from akshar.errors import DataError, UsageError
from akshar.pictures.decode import picture_shape
from akshar.pictures.input_spec import InputSpec


def paint(path, colour, height=20, width=30):
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", (width, height), colour).save(path)


@pytest.fixture
def colours(tmp_path):
    """A folder of ten red and ten blue pictures, 20x30."""
    for name in ("red", "blue"):
        for number in range(10):
            paint(tmp_path / "set" / name / f"{number}.png", name)
    return tmp_path / "set"


@pytest.fixture
def folder(tmp_path):
    """Return a function that makes the data set of a folder."""
    return lambda root, **settings: Folder(root=str(root), cache_dir=str(tmp_path / "cache"), **settings)


def test_size_and_colour_are_kept(colours, folder):
    data = folder(colours).load()
    assert data.input_spec == InputSpec(3, 20, 30, "light on dark", "none", 0, 0.5, 0.5)
    assert data.classes == ("blue", "red")
    assert data.train.pixels[0, :, 0, 0].tolist() == [0, 0, 255]
    assert data.changes == ""


def test_grey_pictures_have_one_channel_whatever_their_mode(tmp_path, folder):
    for name in ("dark", "light"):
        for number, mode in enumerate(("L", "RGB", "RGBA", "P")):
            write_picture(tmp_path / "set" / name / f"{number}.png", 1, mode)
    data = folder(tmp_path / "set", test_fraction=0.5).load()
    assert data.input_spec.shape == (1, 48, 48)
    assert folder(tmp_path / "set", test_fraction=0.5, channels=3).load().changes == (
        "images: 8 of 48x48 in grey are repeated in three channels"
    )


def test_pictures_of_several_sizes_need_one(colours, folder):
    paint(colours / "red" / "large.png", "red", 200, 300)
    with pytest.raises(UsageError) as caught:
        folder(colours).load()
    assert str(caught.value).startswith(
        "data.size: the images differ in size (21 of 20x30 to 200x300 in colour); set one for all, as in data.size="
    )
    resized = folder(colours, size=16, channels=1).load()
    assert resized.input_spec.shape == (1, 16, 16)
    assert resized.changes == "images: 21 of 20x30 to 200x300 in colour are resized to 16x16 and made grey"
    cropped = folder(colours, size=[10, 12], framing="crop").load()
    assert cropped.input_spec.shape == (3, 10, 12)
    assert cropped.changes.endswith("are resized to 10x12, cropped to the middle")


def test_settings_that_do_not_fit_name_their_key(colours, folder):
    for settings, message in (
        ({"border": 2}, "data.border=2: has an effect with data.framing=ink only"),
        ({"mean": [0.1, 0.2]}, "data.mean: must be one number, or 3"),
    ):
        with pytest.raises(UsageError) as caught:
            folder(colours, **settings).load()
        assert message in str(caught.value)


def test_a_network_s_spec_decides_how_pictures_are_prepared(colours, folder):
    spec = InputSpec(1, 32, 24, "dark on light", "crop", 0, (0.3,), 0.2)
    assert folder(colours).prepared_as(spec).load().input_spec == spec
    for settings, message in (
        ({"size": 64}, "data.size=64: the network reads 32x24; leave it out"),
        ({"channels": 3}, "data.channels=3: the network reads 1 channel; leave it out"),
        ({"framing": "ink"}, "data.framing=ink: the network's is crop; leave it out"),
    ):
        with pytest.raises(UsageError) as caught:
            folder(colours, **settings).prepared_as(spec)
        assert str(caught.value) == message


def test_the_size_is_that_of_the_picture_as_it_is_shown(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (30, 20)).save(tmp_path / "turned.jpg", exif=exif)
    Image.new("I;16", (30, 20)).save(tmp_path / "deep.png")
    assert picture_shape(tmp_path / "turned.jpg") == (30, 20, True)
    assert picture_shape(tmp_path / "deep.png") == (20, 30, False)


@pytest.mark.parametrize("name", ["val", "valid", "Validation"])
def test_a_validation_folder_divides_the_training_images(name, folder, tmp_path):
    for part, count in (("train", 8), (name, 3), ("test", 2)):
        for colour in ("red", "blue"):
            for number in range(count):
                paint(tmp_path / "parts" / part / colour / f"{number}.png", colour)
    data = folder(tmp_path / "parts").load()
    module = ImageDataModule(data, batch_size=4)
    assert (len(module.split.train), len(module.split.val), len(data.test)) == (16, 6, 4)
    assert data.train.files[module.split.val[0]] == "blue/0.png"
    assert module.split.settings["method"] == "given"
    assert folder(tmp_path / "parts").class_sizes() is None
    with pytest.raises(UsageError, match=r"data.folds=5: the data has validation images of its own"):
        ImageDataModule(data, batch_size=4, folds=5)
    (tmp_path / "parts" / name / "red").rename(tmp_path / "parts" / name / "green")
    with pytest.raises(DataError, match="train and val differ in their classes: green, red"):
        folder(tmp_path / "parts").load()


def test_validation_images_need_one_folder_and_training_images(folder, tmp_path):
    for part in ("train", "val", "valid"):
        paint(tmp_path / "parts" / part / "red" / "0.png", "red")
    with pytest.raises(DataError, match="holds val and valid; remove or rename all but one"):
        folder(tmp_path / "parts").load()
    (tmp_path / "parts" / "train").rename(tmp_path / "parts" / "test")
    with pytest.raises(DataError, match="holds val, but no folder train"):
        folder(tmp_path / "parts").load()


def test_the_parts_are_views_of_one_mapped_file(colours, folder):
    data = folder(colours, test_fraction=0.3).load()
    first = data.train.pixels.untyped_storage().data_ptr()
    assert data.test.pixels.untyped_storage().data_ptr() == first
    assert (len(data.train), len(data.test)) == (14, 6)
    shades = {name: data.test.pixels[data.test.labels == label] for label, name in enumerate(data.classes)}
    assert shades["red"][:, 0].min() == 255
    assert shades["blue"][:, 0].max() == 0


def write_csv(path, *lines):
    path.write_text("\n".join(lines) + "\n", encoding="utf-8-sig")
    return path


@pytest.fixture
def table(tmp_path):
    """Return a function that makes the data set of a CSV file with these lines."""

    def make(*lines, **settings):
        path = write_csv(tmp_path / "labels.csv", *lines)
        return CsvFile(file=str(path), cache_dir=str(tmp_path / "cache"), **settings)

    return make


def test_a_csv_file_names_files_and_labels(colours, table):
    lines = [f"set/{name}/{number}.png, warm {name} " for name in ("red", "blue") for number in range(10)]
    data = table("file,label", *lines, test_fraction=0.2).load()
    assert data.classes == ("warm blue", "warm red")
    assert (len(data.train), len(data.test)) == (16, 4)
    assert data.train.files[0].startswith("set/blue/")


def test_a_csv_file_divides_the_images(colours, table):
    split = {0: "test", 1: "val", 2: "val"}
    lines = [
        f"{name},set/{name}/{number}.png,{split.get(number, 'train')}"
        for number in range(10)
        for name in ("red", "blue")
    ]
    data = table("label,file,split", *lines).load()
    assert (len(data.train), data.val_positions.tolist(), len(data.test)) == (18, [14, 15, 16, 17], 2)
    assert data.test.pixels[:, 0, 0, 0].tolist() == [0, 255]


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        (["file,class", "a.png,1"], "labels.csv: has no column label in its first line; it has file, class"),
        (
            ["file,label,colour", "a.png,1,red"],
            "its columns are file, label, colour; must be file, label and perhaps",
        ),
        (["file,label", "set/red/1.png,"], "labels.csv:2: label is empty"),
        (["file,label", ",a"], "labels.csv:2: file is empty"),
        (["file,label", "set/red/99.png,a"], "labels.csv:2: set/red/99.png: no such file"),
        (["file,label", "set/red/1.png,a", "set/red/1.png,b"], "labels.csv:3: set/red/1.png: is listed in line 2"),
        (["file,label,split", "set/red/1.png,a,dev"], "labels.csv:2: split=dev: must be train, val or test"),
        (["file,label", "set/red/1.png,a,b"], "labels.csv:2: more values than columns"),
        (["file,label"], "labels.csv: holds no images"),
        (
            ["file,label,split", "set/red/1.png,red,val", "set/blue/1.png,blue,val"],
            "labels.csv: has images in split val but none in split train",
        ),
        (
            ["file,label,split", "set/red/1.png,red,train", "set/blue/1.png,blue,test"],
            "labels.csv: no images of blue in split train",
        ),
    ],
)
def test_what_is_wrong_in_a_csv_file_names_its_line(lines, message, colours, table):
    with pytest.raises(DataError) as caught:
        table(*lines).load()
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_a_csv_file_that_is_none(tmp_path, table):
    with pytest.raises(DataError, match=r"data.file=.*none.csv: cannot be read"):
        CsvFile(file=str(tmp_path / "none.csv")).load()
    (tmp_path / "binary.csv").write_bytes(bytes(range(128, 200)))
    with pytest.raises(DataError, match="not a CSV file in UTF-8"):
        CsvFile(file=str(tmp_path / "binary.csv")).load()


def test_every_wrong_line_is_named_up_to_eight(colours, table):
    with pytest.raises(DataError) as caught:
        table("file,label", *[f"{number}.png,a" for number in range(12)]).load()
    lines = str(caught.value).splitlines()
    assert (len(lines), lines[-1]) == (9, "... and 4 more")


def test_what_cannot_be_read_is_decoded_again_once_it_is_mended(colours, folder):
    (colours / "red" / "3.png").write_bytes(b"")
    with pytest.raises(DataError, match=r"3.png: not an image"):
        folder(colours).load()
    paint(colours / "red" / "3.png", (250, 0, 0))
    data = folder(colours).load()
    red = [part.pixels[part.labels == data.classes.index("red")][:, 0].numpy() for part in (data.train, data.test)]
    assert np.unique(np.concatenate(red)).tolist() == [250, 255]
