"""Checkpoints: plain data with a digest; those of akshar 0.1 are read, damaged and foreign ones are refused."""

import errno
import pickle

import pytest
import torch
from small_files import CLASSES, CONFIG, NETWORK, network, write_old_checkpoint, write_small_checkpoint

from akshar.errors import AksharError, UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.runs.checkpoint import FORMAT, KEY, content_digest, read_checkpoint, weights_digest, write_checkpoint
from akshar.runs.run_dir import RunDir


@pytest.fixture
def path(tmp_path):
    return write_small_checkpoint(tmp_path / "best.ckpt")


def test_what_is_written_is_read(path):
    read = read_checkpoint(path)
    assert read.format == FORMAT
    assert read.contents.classes == list(CLASSES)
    assert read.contents.temperature == 1.5
    assert read.config == CONFIG
    assert read.history == [{"epoch": 1, "loss/val": 0.5}]
    assert read.lightning["global_step"] == 7
    expected = network().state_dict()
    assert read.weights.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in read.weights.items())


def test_a_run_s_folder_names_its_best_checkpoint(tmp_path):
    run_dir = RunDir(tmp_path)
    with pytest.raises(UsageError, match=r"best.ckpt: no such checkpoint; `akshar runs` lists the runs"):
        read_checkpoint(tmp_path)
    run_dir.make()
    write_small_checkpoint(run_dir.best)
    assert read_checkpoint(tmp_path).path == run_dir.best


def test_a_flipped_bit_is_found(path):
    weight = network().state_dict()["classifier.weight"].numpy().tobytes()
    content = bytearray(path.read_bytes())
    position = content.index(weight)
    for offset in (0, len(weight) - 1):
        damaged = bytearray(content)
        damaged[position + offset] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(UsageError, match=r"damaged \(its content does not match its digest\)$"):
            read_checkpoint(path)
    path.write_bytes(content)
    read_checkpoint(path)


@pytest.mark.parametrize("change", ["weights", "history", "classes", "temperature", "order of layers"])
def test_any_change_is_found_by_the_digest(path, change):
    lightning = torch.load(path, weights_only=True)
    if change == "weights":
        lightning["state_dict"]["net.classifier.bias"][0] += 1e-7
    elif change == "history":
        lightning["callbacks"]["history"]["rows"][0]["loss/val"] = 0.4
    elif change == "order of layers":
        lightning["state_dict"] = dict(reversed(lightning["state_dict"].items()))
    else:
        lightning[KEY][change] = ["a", "b", "c"] if change == "classes" else 1.6
    torch.save(lightning, path)
    with pytest.raises(UsageError, match="does not match its digest"):
        read_checkpoint(path)


def test_the_digest_tells_dtypes_shapes_and_nesting_apart():
    nodes = [
        {"a": torch.zeros(2)},
        {"a": torch.zeros(2, dtype=torch.float64)},
        {"a": torch.zeros(2, 1)},
        {"a": torch.zeros(2, dtype=torch.int32)},
        {"b": torch.zeros(2)},
        [torch.zeros(2)],
        [[torch.zeros(2)]],
        ["1"],
        [1],
        [1.0],
        [None],
        [[], 1],
        [[1]],
    ]
    assert len({content_digest(node) for node in nodes}) == len(nodes)
    assert content_digest({KEY: {"a": 1, "digest": "x"}}) == content_digest({KEY: {"a": 1, "digest": "y"}})
    assert content_digest({"a": 1, "digest": "x"}) != content_digest({"a": 1, "digest": "y"})


def test_the_digest_of_weights_does_not_depend_on_their_order():
    weights = network().state_dict()
    assert weights_digest(weights) == weights_digest(dict(reversed(weights.items())))
    assert weights_digest(weights) != weights_digest(network(seed=1).state_dict())


def test_a_checkpoint_of_akshar_0_1_is_read(tmp_path):
    read = read_checkpoint(write_old_checkpoint(tmp_path / "old.ckpt"))
    assert read.format == 2
    assert read.contents.format == FORMAT
    assert read.contents.network == NETWORK
    assert read.contents.temperature == 1.1
    spec = InputSpec.from_record(read.contents.input_spec)
    assert spec == InputSpec(1, 32, 32, "light on dark", "ink", 2, 0.5, 0.5)
    assert read.contents.card["name"] == "glyphs"
    assert read.contents.card["labels"]["digit_2"] == "२"
    assert read.contents.card["groups"]["digits"][2] == "digit_2"
    assert read.config["data"] == {
        "_target_": "akshar.devanagari.glyphs.Glyphs",
        "batch_size": 8,
        "subset": "digits",
        "glyph_seed": 4,
    }
    assert read.config["chance_warning_epochs"] == 3
    assert read.history == [{"epoch": 1, "loss/val": 0.25}]
    assert read.weights.keys() == network().state_dict().keys()


@pytest.mark.parametrize("version", [1, 4, None, True, "3"])
def test_other_formats_are_refused(version, tmp_path):
    path = write_old_checkpoint(tmp_path / "x.ckpt", format=version)
    with pytest.raises(UsageError, match=r"x.ckpt: checkpoint format .*; this version reads 2 and 3"):
        read_checkpoint(path)


@pytest.mark.parametrize(
    ("changed", "place"),
    [
        ({"config": None}, "its config is wrong"),
        ({"classes": ["one"]}, "its classes is wrong"),
        ({"classes": [1, 2]}, "its classes.0 is wrong"),
        ({"preprocessing": {"side": 32}}, "input_spec"),
        ({"preprocessing": {1: 2}}, "input_spec"),
        ({"config": {"model": torch.zeros(2)}}, "cannot represent"),
        ({"temperature": "x"}, "its temperature is wrong"),
        ({"config": {"data": {}}}, "its network is wrong"),
    ],
)
def test_what_is_missing_or_wrong_is_named(changed, place, tmp_path):
    path = write_old_checkpoint(tmp_path / "x.ckpt", **changed)
    with pytest.raises(UsageError, match=rf"x.ckpt: not a complete model of akshar \(.*{place}"):
        read_checkpoint(path)


class Payload:
    def __reduce__(self):
        return (print, ("code was run",))


def test_nothing_in_a_file_is_run(tmp_path, capsys):
    path = tmp_path / "x.ckpt"
    for write in (torch.save, lambda content, path: path.write_bytes(pickle.dumps(content))):
        write({"akshar": Payload(), "state_dict": {}}, path)
        with pytest.raises(UsageError, match="not a checkpoint of plain data"):
            read_checkpoint(path)
    assert "code was run" not in capsys.readouterr().out


@pytest.mark.parametrize("content", [{}, {"akshar": {}}, [1], {"akshar": {}, "state_dict": {"x": 1}}])
def test_a_checkpoint_of_something_else_is_refused(content, tmp_path):
    torch.save(content, tmp_path / "x.ckpt")
    with pytest.raises(UsageError, match=r"x.ckpt: not a checkpoint of akshar"):
        read_checkpoint(tmp_path / "x.ckpt")


@pytest.mark.parametrize("content", [b"", b"no checkpoint", b"PK\x03\x04"])
def test_a_file_of_something_else_is_refused(content, tmp_path):
    (tmp_path / "x.ckpt").write_bytes(content)
    with pytest.raises(
        UsageError, match=r"x.ckpt: not a checkpoint of plain data \(it is damaged, or something else\)"
    ):
        read_checkpoint(tmp_path / "x.ckpt")


def test_a_full_disk_keeps_the_old_checkpoint(path, monkeypatch):
    before = path.read_bytes()

    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(AksharError, match="no space left for it; the last complete checkpoint is kept"):
        write_checkpoint(torch.load(path, weights_only=True), path)
    assert path.read_bytes() == before
    assert [file.name for file in path.parent.iterdir()] == [path.name]
