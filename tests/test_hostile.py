"""Files that are broken, or made to do harm: each works, or is one line that names it; nothing else happens."""

import io
import json
import os
import pickle
import shutil
import struct
import sys
import tracemalloc
import zipfile
import zlib

import numpy as np
import pytest
import torch
import yaml
from conftest import TINY, make_folder, write_picture
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from akshar.cli import main
from akshar.data.folder import read_picture
from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.dhcd_archive import Layout, read_archive
from akshar.errors import DataError, UsageError
from akshar.pictures.decode import FORMATS
from akshar.runs.checkpoint import KEY, content_digest, read_checkpoint
from akshar.runs.load_checkpoint import load_checkpoint

# The same examples each time: what is new is looked for with more of them, not by chance in CI.
FUZZ = settings(max_examples=150, derandomize=True, deadline=None, suppress_health_check=list(HealthCheck))
LAYOUT = Layout(classes=("digit_0",), per_class={"Train": 2}, digests={})


def picture_bytes(kind):
    ink = np.zeros((40, 40), np.uint8)
    ink[8:32, 18:22] = 255
    content = io.BytesIO()
    Image.fromarray(255 - ink).save(content, format=kind)
    return content.getvalue()


def png_chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))


def png_of_size(side):
    """A PNG whose header promises side x side pixels, with nothing behind it."""
    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n"
        + png_chunk(b"IHDR", header)
        + png_chunk(b"IDAT", zlib.compress(b""))
        + png_chunk(b"IEND", b"")
    )


def names_only(path, error):
    assert str(path) in str(error)
    assert len(str(error).splitlines()) == 1


@st.composite
def damaged(draw, original):
    """Bytes of a whole file, changed, cut or lengthened somewhere."""
    content = bytearray(original)
    for _ in range(draw(st.integers(1, 8))):
        place = draw(st.integers(0, len(content) - 1))
        content[place] = draw(st.integers(0, 255))
    cut = draw(st.integers(0, len(content)))
    return bytes(content[:cut]) if draw(st.booleans()) else bytes(content) + draw(st.binary(max_size=20))


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


@pytest.fixture(scope="module")
def checkpoint_bytes(finished):
    return (finished[1] / "checkpoints" / "best.ckpt").read_bytes()


@FUZZ
@given(data=st.data())
def test_a_damaged_checkpoint_is_read_or_named(data, checkpoint_bytes, tmp_path_factory):
    path = tmp_path_factory.mktemp("fuzz") / "model.ckpt"
    path.write_bytes(data.draw(damaged(checkpoint_bytes)))
    try:
        load_checkpoint(str(path))
    except UsageError as error:
        names_only(path, error)


class Exploit:
    def __init__(self, mark):
        self.mark = mark

    def __reduce__(self):
        return os.system, (f"touch {self.mark}",)


def test_a_checkpoint_with_code_is_refused(tmp_path, refused, fault):
    mark, path = tmp_path / "harm", tmp_path / "evil.ckpt"
    for content in (Exploit(mark), {KEY: {"format": 1}, "state_dict": {}, "x": Exploit(mark)}):
        torch.save(content, path)
        with pytest.raises(UsageError, match=r"evil\.ckpt: not a checkpoint of plain data .it holds code"):
            read_checkpoint(path)
        path.write_bytes(pickle.dumps(content))
        with pytest.raises(UsageError, match=r"evil\.ckpt: not a checkpoint of plain data"):
            read_checkpoint(path)
    path.write_text("version https://git-lfs.github.com/spec/v1\n")
    with pytest.raises(
        UsageError, match=r"evil\.ckpt: not a checkpoint of plain data .it is damaged, or something else"
    ):
        read_checkpoint(path)
    torch.save(Exploit(mark), path)
    (line,) = refused("train", *TINY, f"init_from={path}")
    assert "it holds code, which is not run" in line
    assert not mark.exists()
    fault(
        "a checkpoint that is a crafted pickle",
        "`not a checkpoint of plain data (it holds code, which is not run)`",
    )


def save_signed(checkpoint, path):
    """Save a checkpoint that was tampered with by someone who knows the digest."""
    if KEY in checkpoint:
        checkpoint[KEY]["digest"] = content_digest(checkpoint)
    torch.save(checkpoint, path)


@pytest.mark.parametrize(
    "target",
    [
        "os.system",
        "akshar.models.classifier.torch.hub.load",
        "akshar.memory.keep_freed_memory",
        "torch.nn.functional.relu",
        "torch.load",
        "mine.Net",
    ],
)
def test_a_checkpoint_cannot_name_what_is_no_network(target, finished, tmp_path, fault):
    checkpoint = torch.load(finished[1] / "checkpoints" / "best.ckpt", weights_only=True)
    checkpoint[KEY]["network"] = {"_target_": "torch.nn.Sequential", "x": {"_target_": target}}
    save_signed(checkpoint, tmp_path / "evil.ckpt")
    with pytest.raises(UsageError, match=f"names {target}"):
        load_checkpoint(str(tmp_path / "evil.ckpt"))
    with pytest.raises(UsageError) as refusal:
        load_checkpoint(str(tmp_path / "evil.ckpt"))
    assert ("--trust" in str(refusal.value)) == (target == "mine.Net")  # no such advice for what is nobody's own
    if target == "os.system":
        fault(
            "a checkpoint that names `os.system` as its network",
            "`names os.system, which no file may name; see SECURITY.md`",
        )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: c[KEY].update(format=1), "checkpoint format 1; this version reads 2 and 3"),
        (lambda c: c.pop(KEY), "not a checkpoint of akshar"),
        (lambda c: c[KEY].pop("classes"), "its classes is wrong"),
        (lambda c: c[KEY]["classes"].pop(), "names 45 classes, its network has 46"),
        (lambda c: c["state_dict"].popitem(), "its weights do not fit its network"),
        (lambda c: c["state_dict"].update({"net.a\n\x1b[2J": torch.zeros(1)}), r"its network \(a\\n\\x1b\[2J\)"),
        (
            lambda c: c[KEY]["network"].update(widths=[1 << 40]),
            "its weights do not fit|must have the same length",
        ),
        (
            lambda c: c[KEY]["input_spec"].update(std=0),
            r"not a complete model .*input_spec.* out of range",
        ),
        (lambda c: c[KEY]["card"].update(labels=[]), r"not a complete model of akshar \(card\.labels"),
    ],
)
def test_a_checkpoint_of_another_kind_is_said_to_be(change, message, finished, tmp_path):
    checkpoint = torch.load(finished[1] / "checkpoints" / "best.ckpt", weights_only=True)
    change(checkpoint)
    save_signed(checkpoint, tmp_path / "other.ckpt")
    with pytest.raises(UsageError, match=message) as caught:
        load_checkpoint(str(tmp_path / "other.ckpt"))
    assert "other.ckpt" in str(caught.value)


FOREIGN = {
    "hubconf.py": "import pathlib\ndef harm(*_, **__): pathlib.Path('harm').touch()\n",
    "own_part.py": "import pathlib\npathlib.Path('harm').touch()\nfrom torch.optim import SGD\n",
}
HUB = {"_target_": "torch.hub.load", "repo_or_dir": ".", "model": "harm", "source": "local"}


@pytest.fixture
def foreign_run(finished, workplace, monkeypatch):
    """Return a function that makes a run's folder whose config names other parts, and returns it."""
    monkeypatch.syspath_prepend(workplace)
    for name, content in FOREIGN.items():
        (workplace / name).write_text(content)

    def make(**parts):
        folder = workplace / "run"
        shutil.copytree(finished[1], folder)
        for name in ("config.yaml", "result.json"):
            path = folder / name
            content = yaml.safe_load(path.read_text(encoding="utf-8"))  # JSON is YAML
            config = content["config"] if name == "result.json" else content
            for part, node in parts.items():
                config[part] = (config[part] if isinstance(config[part], dict) else {}) | node
            path.write_text(json.dumps(content, ensure_ascii=False), encoding="utf-8")
        return folder

    yield make
    sys.modules.pop("own_part", None)


@pytest.mark.parametrize("command", ["inspect run", "train resume=run", "train repeat=run"])
@pytest.mark.parametrize("part", ["data", "callbacks"])
def test_a_run_of_someone_else_cannot_have_code_run(command, part, foreign_run, refused, workplace, fault):
    foreign_run(**{part: {"input_spec": HUB} if part == "data" else {"harm": HUB}})
    if (command, part) == ("inspect run", "callbacks"):
        assert main(command.split()) == 0  # a report builds no callback
    else:
        *_, line = refused(*command.split())
        assert "names torch.hub.load, which no file may name; see SECURITY.md" in line
        fault(
            f"`akshar {command}` where the run's config names `torch.hub.load`",
            "`names torch.hub.load, which no file may name; see SECURITY.md`",
        )
    assert not (workplace / "harm").exists()


@pytest.mark.parametrize("key", ["resume", "repeat"])
def test_a_run_with_a_package_of_one_s_own_goes_on_only_if_that_is_trusted(key, foreign_run, refused, workplace):
    foreign_run(optimizer={"_target_": "own_part.SGD"})
    (line,) = refused("train", f"{key}=run")
    assert line.endswith("names own_part.SGD; if you trust that package, add  --trust own_part")
    assert not (workplace / "harm").exists()  # it was not even imported
    (line,) = refused("train", f"{key}=run", "--trust", "own_part")
    assert "names own_part.SGD" in line  # it is torch's, which the package only imports
    assert (workplace / "harm").exists()


def test_a_run_does_not_read_the_environment(foreign_run, refused, monkeypatch):
    monkeypatch.setenv("SECRET", "1234")
    foreign_run(data={"cache_dir": "${oc.env:SECRET}"})
    for words in (["train", "resume=run"], ["train", "repeat=run"]):
        (line,) = refused(*words)
        assert "holds ${oc.env:SECRET}; values of a run are plain" in line


def test_a_checkpoint_s_data_config_is_not_another_way_in(finished, refused, tmp_path, workplace):
    for data in ({"card": HUB}, {"subset=all seed": "1"}, {"subset": "${oc.env:HOME}"}):
        checkpoint = torch.load(finished[1] / "checkpoints" / "best.ckpt", weights_only=True)
        config = yaml.safe_load(checkpoint[KEY]["config"])
        config["data"] |= data
        checkpoint[KEY]["config"] = yaml.safe_dump(config)
        save_signed(checkpoint, tmp_path / "evil.ckpt")
        (line,) = refused("test", f"checkpoint={tmp_path / 'evil.ckpt'}")
        assert "names torch.hub.load" in line or "data config cannot be used" in line or "${oc.env:HOME}" in line


def test_weights_and_temperatures_that_are_no_numbers_are_refused(finished, tmp_path, refused, fault):
    picture = tmp_path / "a.png"
    picture.write_bytes(picture_bytes("PNG"))

    def nan_weights(checkpoint):
        checkpoint["state_dict"]["net.classifier.weight"][0, 0] = float("nan")

    for what, change, message in (
        ("a weight that is NaN", nan_weights, "its weights are not all finite"),
        (
            "a temperature that is NaN",
            lambda c: c[KEY].update(temperature=float("nan")),
            "its temperature is wrong",
        ),
        ("a negative temperature", lambda c: c[KEY].update(temperature=-1.0), "its temperature is wrong"),
    ):
        checkpoint = torch.load(finished[1] / "checkpoints" / "best.ckpt", weights_only=True)
        change(checkpoint)
        save_signed(checkpoint, tmp_path / "evil.ckpt")
        (line,) = refused("predict", str(tmp_path / "evil.ckpt"), str(picture))
        assert message in line
        fault(f"a checkpoint with {what}", f"`{message}`")


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
