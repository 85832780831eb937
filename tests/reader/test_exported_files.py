"""Exported files that are read back: ours, those of others, and damaged ones."""

import dataclasses
import json

import numpy as np
import onnx
import pytest
import torch
from damage import flip_bit
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import akshar
from akshar.cli import main
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import UsageError
from akshar.reader.onnx_model import OnnxModel
from akshar.runs.load_checkpoint import load_checkpoint


def test_safetensors_rebuild_the_same_network(digit_run, weights, digit_images):
    first, second = load_checkpoint(str(digit_run)), load_checkpoint(str(weights))
    pixels = torch.from_numpy(digit_images)[:, None]
    assert torch.equal(first.logits(pixels), second.logits(pixels))
    assert (second.classes, second.temperature) == (first.classes, first.temperature)
    assert second.config["model"] == first.config["model"]
    assert akshar.load(weights).read(Image.fromarray(digit_images[0])).guesses


def test_safetensors_are_exported_again(digit_run, weights, tmp_path):
    again, graph = tmp_path / "again.safetensors", tmp_path / "again.onnx"
    assert main(["export", str(weights), "--format", "safetensors", "--output", str(again)]) == 0
    assert main(["export", str(weights), "--output", str(graph)]) == 0
    with safe_open(weights, "pt") as file, safe_open(again, "pt") as other:
        assert other.metadata() == file.metadata()
        assert OnnxModel(graph)._session.get_modelmeta().custom_metadata_map == file.metadata()


def changed(weights, path, **facts):
    """The same weights under other facts."""
    with safe_open(weights, "pt") as file:
        metadata = {**file.metadata(), **facts}
    save_file(load_file(weights), path, {key: value for key, value in metadata.items() if value is not None})


@pytest.mark.parametrize(
    ("facts", "message"),
    [
        ({"akshar": None}, "not a model that akshar exported"),
        ({"format": "99"}, "checkpoint format 99; this version reads"),
        ({"format": "[" * 100_000}, "checkpoint format"),
        ({"classes": '["a"]'}, "its classes is wrong"),
        ({"classes": "\x1b[2J"}, "its classes is wrong"),
        ({"temperature": '"hot"'}, "its temperature is wrong"),
        ({"input_spec": '{"side": 28}'}, "input_spec.border: missing"),
        ({"weights_sha256": "0"}, "damaged"),
        ({"network": '{"_target_": "os.system"}'}, "names os.system, which no file may name"),
        ({"network": '{"_target_": "akshar.models.compact.Compact"}'}, "its weights do not fit"),
        ({"network": '{"_target_": "torch.nn.Linear", "in_features": 3}'}, "cannot be built"),
        ({"network": "{}"}, "names None"),
    ],
)
def test_safetensors_of_others_are_refused_in_a_line(facts, message, weights, tmp_path):
    path = tmp_path / "other.safetensors"
    changed(weights, path, **facts)
    with pytest.raises(UsageError) as refusal:
        load_checkpoint(str(path))
    assert message in str(refusal.value)
    assert "other.safetensors" in str(refusal.value)
    assert str(refusal.value).isprintable()


def test_damaged_safetensors_are_read_or_named(weights, tmp_path):
    content, draws = weights.read_bytes(), np.random.default_rng(1)
    path = tmp_path / "damaged.safetensors"
    for kept in (0, 4, 8, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:kept])
        with pytest.raises(UsageError, match=r"damaged\.safetensors"):
            load_checkpoint(str(path))
    said = []
    for _ in range(60):
        path.write_bytes(flip_bit(content, draws.integers(len(content)), draws.integers(8)))
        try:
            load_checkpoint(str(path))
        except UsageError as refusal:
            said.append(str(refusal))
    assert len(said) > 50  # the digest covers the weights; what is read all the same is a name or a note
    assert all(len(line.splitlines()) == 1 and "damaged.safetensors" in line for line in said)


def test_onnx_files_that_are_not_ours(model, tmp_path):
    path = tmp_path / "other.onnx"

    def refusal(change):
        graph = onnx.load(model)
        change(graph)
        path.write_bytes(graph.SerializeToString())
        with pytest.raises(UsageError) as caught:
            akshar.load(path)
        assert "other.onnx" in str(caught.value)
        assert len(str(caught.value).splitlines()) == 1
        return str(caught.value)

    def says(**facts):
        def change(graph):
            known = {one.key: one.value for one in graph.metadata_props} | facts
            onnx.helper.set_model_props(graph, known)

        return change

    assert "not a model that akshar exported" in refusal(lambda graph: graph.ClearField("metadata_props"))
    assert "input_spec.border: missing" in refusal(says(input_spec='{"side": 28}'))
    assert "input_spec: must be a mapping" in refusal(says(input_spec="{" * 100_000))
    other = json.dumps(dataclasses.asdict(INPUT_SPEC) | {"height": 64})
    assert "input is 32 x 32, which does not fit" in refusal(says(input_spec=other))
    assert "classes: 2 names do not fit" in refusal(says(classes='["a", "b"]'))
    assert "classes: missing, or not a list" in refusal(says(classes='{"a": 1}'))
    assert "card.titel: unknown" in refusal(says(card='{"name": "a", "title": "b", "titel": "c"}'))
    assert "its output is not probabilities" in refusal(
        lambda graph: setattr(graph.graph.node[-1], "op_type", "LogSoftmax")
    )

    def elsewhere(graph):
        kernel = graph.graph.initializer[0]
        kernel.ClearField("raw_data")
        kernel.data_location = onnx.TensorProto.EXTERNAL
        kernel.external_data.add(key="location", value="../../../../../../etc/passwd")

    assert "not an ONNX model, or a damaged one" in refusal(elsewhere)


def test_a_damaged_onnx_file_is_read_or_named(model, digit_images, tmp_path, capfd):
    content, draws = model.read_bytes(), np.random.default_rng(1)
    path = tmp_path / "damaged.onnx"
    damages = [b"", b"no model", *(content[:kept] for kept in (1, 100, len(content) // 2, len(content) - 1))]
    damages += [flip_bit(content, draws.integers(len(content)), draws.integers(8)) for _ in range(60)]
    damages += [flip_bit(content, draws.integers(-6000, 0), draws.integers(8)) for _ in range(200)]  # metadata
    damages += [flip_bit(content, draws.integers(6000), draws.integers(8)) for _ in range(200)]
    said = []
    for damage in damages:
        path.write_bytes(damage)
        try:
            akshar.load(path).predictor.probabilities(digit_images[:2])
        except UsageError as refusal:
            said.append(str(refusal))
    assert len(said) > 10
    assert all(len(line.splitlines()) == 1 and "damaged.onnx" in line for line in said)
    assert not any(capfd.readouterr())  # ONNX Runtime is silent
    with pytest.raises(UsageError, match=r"cannot be read \(No such file"):
        akshar.load(tmp_path / "none.onnx")
