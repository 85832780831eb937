"""`akshar export`: what is written and printed, and what is refused."""

import dataclasses
import errno
import json
import os
import re
import shutil

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml
from conftest import TINY

import akshar
from akshar.cli import main
from akshar.devanagari.cards import GLYPHS_CARD, INPUT_SPEC
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.reader.export import onnx as export_onnx
from akshar.reader.export.agreement import INT8, agreement
from akshar.reader.export.facts import facts_of
from akshar.reader.onnx_model import OnnxModel
from akshar.runs.checkpoint import FORMAT, read_checkpoint
from akshar.runs.load_checkpoint import load_checkpoint
from reader.conftest import left_in

# What is written


def test_training_starts_from_an_exported_file(digit_run, weights, train):
    words = (*TINY, "data.subset=digits", "augment=none", "model.widths=[16,32,48]", "model.blocks=[0,0,0]")
    _, folder = train(*words, f"init_from={weights}", "optimizer.lr=1e-9")
    started, learned = (read_checkpoint(path).weights for path in (digit_run, folder))
    for name in learned:
        if name.endswith("weight"):
            assert torch.allclose(started[name], learned[name], atol=1e-4)


def test_onnx_answers_as_the_checkpoint_whatever_the_number_of_images(digit_run, model, digit_images):
    expected = load_checkpoint(str(digit_run)).probabilities(digit_images)
    engine = akshar.load(model).predictor
    assert isinstance(engine, OnnxModel)
    for count in (0, 1, 3, 300):
        got = engine.probabilities(digit_images[:count])
        assert got.dtype == np.float32
        assert got.shape == (count, 10)
        np.testing.assert_allclose(got, expected[:count], atol=1e-5)
    assert expected.max(1).mean() > 0.5  # a network that has something to say


def test_the_temperature_is_divided_in(digit_run, model, digit_images):
    trained = load_checkpoint(str(digit_run))
    assert trained.temperature != 1
    uncalibrated = trained.logits(torch.from_numpy(digit_images)[:, None]).softmax(1).numpy()
    assert np.abs(OnnxModel(model).probabilities(digit_images) - uncalibrated).max() > 1e-3


def test_the_graph_is_small_whole_and_says_nothing_of_its_place(model):
    content = model.read_bytes()
    graph = onnx.load_from_string(content)
    onnx.checker.check_model(graph, full_check=True)
    assert "BatchNormalization" not in {node.op_type for node in graph.graph.node}
    assert [one.version for one in graph.opset_import if not one.domain] == [export_onnx.OPSET]
    assert not any(one.data_location == onnx.TensorProto.EXTERNAL for one in graph.graph.initializer)
    weights = sum(onnx.numpy_helper.to_array(one).nbytes for one in graph.graph.initializer)
    assert len(content) < weights + 10_000
    assert b".py" not in content  # torch notes lines and paths of the code


def test_the_metadata_says_what_it_takes_to_use_the_file(digit_run, model):
    facts = onnxruntime.InferenceSession(str(model)).get_modelmeta().custom_metadata_map
    trained = load_checkpoint(str(digit_run))
    assert facts == facts_of(trained)
    assert json.loads(facts["classes"]) == [*trained.classes]
    assert json.loads(facts["letters"]) == [*"०१२३४५६७८९"]
    assert InputSpec.from_record(json.loads(facts["input_spec"])) == INPUT_SPEC
    assert json.loads(facts["card"]) == GLYPHS_CARD.to_record()
    assert json.loads(facts["card"])["groups"]["digits"] == [*trained.classes]
    assert json.loads(facts["temperature"]) == trained.temperature
    assert json.loads(facts["format"]) == FORMAT
    assert yaml.safe_load(json.loads(facts["config"]))["data"]["subset"] == "digits"
    assert "cache_dir" not in facts["config"]
    assert facts["akshar"] == akshar.__version__
    assert re.fullmatch("[0-9a-f]{64}", facts["weights_sha256"])


def test_what_is_printed(digit_run, tmp_path, capsys):
    assert main(["export", str(digit_run), "--output", str(tmp_path / "a.onnx")]) == 0
    out = capsys.readouterr().out
    assert "pixels uint8 (N, 32, 32) -> probabilities float32 (N, K)" in out
    assert "on 500 validation images of glyphs: largest difference of a probability" in out
    assert "500 of 500 answers equal (100.0 %)" in out
    assert left_in(tmp_path) == ["a.onnx", "a.onnx.md"]


def test_without_a_name_it_lies_beside_the_model(digit_run, tmp_path):
    run = shutil.copytree(digit_run, tmp_path / "run")
    assert main(["export", str(run / "checkpoints" / "best.ckpt"), "--format", "safetensors"]) == 0
    assert (run / "checkpoints" / "best.safetensors").exists()
    assert main(["export", str(run), "--format", "safetensors"]) == 0
    assert (run / "model.safetensors").exists()


def test_eight_bits_are_smaller_and_answer_alike(digit_run, model, digit_images, tmp_path, capsys):
    small = tmp_path / "small.onnx"
    assert main(["export", str(digit_run), "--int8", "--output", str(small)]) == 0
    assert "in 8 bits" in capsys.readouterr().out
    graph = onnx.load(small)
    kernels = [one for one in graph.graph.initializer if one.data_type == onnx.TensorProto.INT8]
    assert kernels
    assert all(np.abs(onnx.numpy_helper.to_array(one)).max() <= 64 for one in kernels)  # 7 bits
    assert {one.key: one.value for one in graph.metadata_props}["quantised"] == "int8"
    expected, got = (OnnxModel(path).probabilities(digit_images) for path in (model, small))
    assert agreement(expected, got, INT8.tie).within(INT8)
    assert np.abs(expected - got).max() > 1e-5  # another file, not the same again


@pytest.mark.slow
def test_every_network_of_ours_is_exported_in_both_ways(workplace, capsys):
    for name, words in (
        ("separable", ("model=separable", "model.widths=[8,16]", "model.blocks=[1,1]", "model.repeats=2")),
        ("rgb", ("model.in_channels=3",)),
        ("tutorial", ("model=tutorial", "trainer.max_epochs=1")),
    ):
        base = [word for word in TINY if not word.startswith("model") or name == "rgb"]
        assert main(["train", *base, "data.subset=digits", *words, f"hydra.run.dir={name}"]) == 0
        assert main(["export", name]) == 0
        assert main(["export", name, "--int8"]) == 0


# What is refused


def scaled(graph):
    """A graph with a wrong weight."""
    kernel = next(one for one in graph.graph.initializer if len(one.dims) == 4)
    kernel.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(kernel) * 1.5, kernel.name))
    return graph


# A confidence that is a little off is what 8 bits are: they are not asked about the temperature.
@pytest.mark.parametrize(("wrong", "options"), [("weight", []), ("temperature", []), ("weight", ["--int8"])])
def test_a_file_that_answers_otherwise_is_not_kept(wrong, options, digit_run, tmp_path, refused, monkeypatch):
    original = export_onnx.inference_graph
    graphs = {
        "weight": lambda trained: scaled(original(trained)),
        "temperature": lambda trained: original(
            dataclasses.replace(trained, temperature=trained.temperature * 1.1)
        ),
    }
    monkeypatch.setattr(export_onnx, "inference_graph", graphs[wrong])
    path = tmp_path / "new.onnx"
    path.write_bytes(b"what was there")
    (line,) = refused("export", str(digit_run), "--output", str(path), *options, exit_code=1)
    assert "the exported file's answers differ from the checkpoint's, so it is not kept: largest difference" in line
    assert path.read_bytes() == b"what was there"
    assert left_in(tmp_path) == ["new.onnx"]


def test_a_full_disk_leaves_nothing_half_written(digit_run, tmp_path, refused, monkeypatch):
    def full(_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr("akshar.files.os.fsync", full)
    words = ("--format", "safetensors", "--output", str(tmp_path / "a.safetensors"))
    (line,) = refused("export", str(digit_run), *words, exit_code=1)
    assert line.endswith("a.safetensors: no space left for it")
    assert left_in(tmp_path) == []


def test_words_that_do_not_go_together(digit_run, weights, refused, tmp_path, monkeypatch):
    monkeypatch.setenv("AKSHAR_CACHE", str(tmp_path))  # where DHCD is not
    for words, message in (
        (("--int8", "--format", "safetensors"), "--int8: not available with --format safetensors"),
        (("--output", "a.bin"), "--output a.bin: must end with .onnx"),
        (("--output", "none/a.onnx"), "no such folder none"),
        (("--data", "none"), "--data none: data.root=none: no such folder"),
        (("--data", "dhcd"), "--data dhcd: not on this machine"),
    ):
        (line,) = refused("export", str(digit_run), *words)
        assert message in line
    (line,) = refused("export", str(weights), "--format", "safetensors", "--output", str(weights))
    assert "is the model itself" in line
    (line,) = refused("export", "nothing")
    assert line == "error: nothing: no such file, run folder or shipped weights (letters58)"


def test_what_is_missing_is_said_with_the_way_to_get_it(digit_run, model, weights, refused, monkeypatch):
    monkeypatch.setattr("akshar.extras.find_spec", lambda _: None)
    assert "pip install 'akshar[export]'" in refused("export", str(digit_run))[0]
    with pytest.raises(UsageError, match=r"needs onnxruntime; get it with  pip install 'akshar\[onnx]'"):
        OnnxModel(model)
    with pytest.raises(UsageError, match=r"needs safetensors; .*'akshar\[export]'"):
        load_checkpoint(str(weights))


def test_a_network_that_onnx_cannot_say(digit_run, tmp_path, refused, monkeypatch):
    original = torch.nn.Linear.forward
    monkeypatch.setattr(torch.nn.Linear, "forward", lambda self, x: original(self, x) + torch.linalg.svdvals(x)[0])
    (line,) = refused("export", str(digit_run), "--output", str(tmp_path / "a.onnx"), exit_code=1)
    assert line.startswith("error: the network cannot be exported to ONNX (")
    assert left_in(tmp_path) == []
