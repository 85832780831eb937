"""Weights as safetensors, with what rebuilds their network in the header."""

import json

import pytest
import torch
from small_files import CLASSES, contents, network

from akshar.errors import UsageError
from akshar.runs.checkpoint import weights_digest
from akshar.runs.load_checkpoint import load_checkpoint
from akshar.runs.safetensors_file import as_safetensors, read_safetensors

pytest.importorskip("safetensors")


def write(path, **changed):
    weights = network().state_dict()
    record = contents().model_dump(exclude={"digest"})
    metadata = {key: json.dumps(value) for key, value in record.items()}
    metadata |= {"akshar": "0.2", "weights_sha256": weights_digest(weights)}
    path.write_bytes(as_safetensors(weights, {k: v for k, v in (metadata | changed).items() if v is not None}))
    return path


def write_old(path):
    weights = network().state_dict()
    model = {"_target_": "akshar.models.compact.Compact", "widths": [4], "blocks": [0]}
    record = {
        "format": 2,
        "config": {"model": model, "data": {"source": {"_target_": "akshar.data.glyphs.Glyphs"}}},
        "classes": list(CLASSES),
        "preprocessing": {"side": 32, "border": 2, "ink": "white on black", "mean": 0.5, "std": 0.5},
        "temperature": 1.1,
    }
    metadata = {key: json.dumps(value) for key, value in record.items()}
    metadata |= {"akshar": "0.1.0", "weights_sha256": weights_digest(weights)}
    path.write_bytes(as_safetensors(weights, metadata))
    return path


@pytest.mark.parametrize("make", [write, write_old])
def test_what_is_written_is_read(make, tmp_path):
    path = make(tmp_path / "x.safetensors")
    read = read_safetensors(path)
    expected = network().state_dict()
    assert read.weights.keys() == expected.keys()
    assert all(torch.equal(value, expected[name]) for name, value in read.weights.items())
    assert load_checkpoint(path).classes == CLASSES


def test_changed_weights_are_found_by_their_digest(tmp_path):
    path = write(tmp_path / "x.safetensors")
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"damaged \(its weights do not match their digest\)"):
        read_safetensors(path)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        ({"akshar": None}, "not a model that akshar exported"),
        ({"format": "9"}, "checkpoint format 9; this version reads 2 and 3"),
        ({"classes": "["}, "its classes is wrong"),
        ({"network": "[" * 100_000}, "its network is wrong"),
        ({"card": "{}"}, "card: must be a mapping with name and title"),
        ({"input_spec": '{"channels": 7}'}, "input_spec"),
    ],
)
def test_a_wrong_header_is_reported(changed, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        read_safetensors(write(tmp_path / "x.safetensors", **changed))


@pytest.mark.parametrize("content", [b"", b"\xff" * 20, b"PK\x03\x04"])
def test_a_file_of_something_else_is_refused(content, tmp_path):
    path = tmp_path / "x.safetensors"
    with pytest.raises(UsageError, match="no such file"):
        read_safetensors(path)
    path.write_bytes(content)
    with pytest.raises(UsageError, match=r"x.safetensors: not a safetensors file, or a damaged one"):
        read_safetensors(path)
