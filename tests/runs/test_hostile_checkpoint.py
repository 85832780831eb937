"""Checkpoints that are damaged or made to do harm: each is read or named, and nothing in it is run."""

import os
import pickle

import pytest
import torch
import yaml
from conftest import TINY
from damaged_bytes import FUZZ, damaged, names_only
from hostile_pictures import picture_bytes
from hypothesis import given
from hypothesis import strategies as st
from small_files import network, write_small_checkpoint

from akshar.errors import UsageError
from akshar.runs.checkpoint import KEY, content_digest, read_checkpoint
from akshar.runs.load_checkpoint import load_checkpoint


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
    with pytest.raises(UsageError, match=f"names {target}") as refusal:
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
        (lambda c: c[KEY]["network"].update(widths=[1 << 40]), "must have the same length"),
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


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"card": {"_target_": "torch.hub.load", "repo_or_dir": "."}}, "names torch.hub.load, which "),
        ({"subset=all seed": "1"}, "its data config cannot be used; name the data with data=CHOICE"),
        ({"subset": "${oc.env:HOME}"}, "holds ${oc.env:HOME}; values of a run are plain"),
    ],
)
def test_a_checkpoint_s_data_config_is_not_another_way_in(data, message, finished, refused, tmp_path):
    checkpoint = torch.load(finished[1] / "checkpoints" / "best.ckpt", weights_only=True)
    config = yaml.safe_load(checkpoint[KEY]["config"])
    config["data"] |= data
    checkpoint[KEY]["config"] = yaml.safe_dump(config)
    save_signed(checkpoint, tmp_path / "evil.ckpt")
    (line,) = refused("test", f"checkpoint={tmp_path / 'evil.ckpt'}")
    assert f"evil.ckpt: {message}" in line


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


def test_finite_weights_that_give_no_probabilities_are_refused(tmp_path, fault):
    net = network()
    with torch.no_grad():
        for values in net.parameters():
            values.copy_(values.sign() * 1e38)
    path = write_small_checkpoint(tmp_path / "evil.ckpt", net)
    message = "its output is not one probability for each of its classes"
    with pytest.raises(UsageError) as refusal:
        load_checkpoint(path)
    assert str(refusal.value) == f"{path}: {message}"
    fault("a checkpoint with weights of 1e38", f"`{message}`")
