"""Files of `torch.save` that claim more than they have."""

import zipfile
from collections import OrderedDict
from itertools import pairwise

import pytest
import torch
from small_files import write_small_checkpoint

from akshar.errors import UsageError
from akshar.runs import plain_data
from akshar.runs.checkpoint import KEY, content_digest, read_checkpoint
from akshar.runs.plain_data import load_plain


def test_plain_values_and_tensors_come_back(tmp_path):
    tied = torch.arange(6.0)
    content = {
        "a": [1, "क", None, 2.5, True],
        "b": OrderedDict(x=tied, y=tied.view(2, 3)),
        "c": torch.ones(2).half(),
    }
    torch.save(content, tmp_path / "x.ckpt")
    loaded = load_plain(tmp_path / "x.ckpt")
    assert loaded["a"] == content["a"]
    assert torch.equal(loaded["b"]["y"], tied.view(2, 3))
    assert loaded["c"].dtype == torch.float16


def nested(depth, width):
    node = 0
    for _ in range(depth):
        node = [node] * width
    return node


CLAIMS = {
    "a tensor that repeats one value": (lambda: torch.zeros(1).expand(30_000, 30_000), "claim more bytes"),
    "many tensors over the same bytes": (lambda: [torch.zeros(100_000)[:]] * 50, "claim more bytes"),
    "lists within lists, each there twice": (lambda: nested(40, 2), "too many values"),
    "a deep list": (lambda: nested(60, 1), "too deeply nested"),
    "a bytearray of any length": (lambda: bytearray(10), "holds code"),
    "a tensor without values": (lambda: torch.empty(1 << 40, device="meta"), "holds code"),
    "a sparse tensor": (lambda: torch.zeros(1000, 1000).to_sparse(), "holds code"),
}


@pytest.mark.parametrize("name", CLAIMS)
def test_a_file_that_claims_more_than_it_has_is_refused(name, tmp_path, fault):
    make, message = CLAIMS[name]
    path = tmp_path / "evil.ckpt"
    torch.save({"x": make()}, path)
    with pytest.raises(UsageError, match=rf"evil\.ckpt: not a checkpoint of plain data \(.*{message}"):
        load_plain(path)
    if message != "holds code":
        fault(f"a checkpoint with {name}", f"`{message}`")


def test_a_config_that_multiplies_is_refused(tmp_path, fault):
    laughs = "a: &a [1, 2]\n" + "".join(
        f"{b}: &{b} [*{a}, *{a}]\n" for a, b in pairwise("abcdefghijklmnopqrstuvwx")
    )
    path = write_small_checkpoint(tmp_path / "evil.ckpt")
    content = torch.load(path, weights_only=True)
    content[KEY]["config"] = laughs
    content[KEY]["digest"] = content_digest(content)
    torch.save(content, path)
    with pytest.raises(UsageError, match=r"not a complete model of akshar \(its config is wrong\)"):
        read_checkpoint(path)
    fault("a checkpoint whose YAML has references to references (a billion laughs)", "`its config is wrong`")


def test_a_file_that_inflates_is_refused(tmp_path, fault):
    torch.save({"x": torch.zeros(20_000_000)}, tmp_path / "whole.ckpt")
    with (
        zipfile.ZipFile(tmp_path / "whole.ckpt") as whole,
        zipfile.ZipFile(tmp_path / "evil.ckpt", "w", zipfile.ZIP_DEFLATED) as packed,
    ):
        for member in whole.infolist():
            packed.writestr(member.filename, whole.read(member))
    assert (tmp_path / "evil.ckpt").stat().st_size < 100_000
    with pytest.raises(UsageError, match="it unpacks to more than its size"):
        load_plain(tmp_path / "evil.ckpt")
    fault("a checkpoint of 80 kB that unpacks to 80 MB", "`it unpacks to more than its size`")


def test_a_file_with_too_much_beside_its_tensors_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(plain_data, "MAX_PICKLE", 1000)
    torch.save({"x": "a" * 2000}, tmp_path / "x.ckpt")
    with pytest.raises(UsageError, match=r"it holds 2,0\d\d bytes beside its tensors; 1,000 are allowed"):
        load_plain(tmp_path / "x.ckpt")


def test_a_file_that_torch_would_read_in_an_older_way_is_refused(tmp_path):
    older, newer = tmp_path / "older", tmp_path / "newer"
    torch.save({"x": bytearray(10)}, older, _use_new_zipfile_serialization=False)
    torch.save({"x": 1}, newer)
    (tmp_path / "evil.ckpt").write_bytes(older.read_bytes() + newer.read_bytes())
    for name in ("older", "evil.ckpt"):
        with pytest.raises(UsageError, match="it is damaged, or something else"):
            load_plain(tmp_path / name)
