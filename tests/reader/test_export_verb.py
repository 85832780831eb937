"""`akshar export`: what the files hold, what is refused, and that they are read without torch."""

import dataclasses
import errno
import json
import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path
from pkgutil import resolve_name

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
import yaml
from conftest import TINY, write_picture
from PIL import Image
from safetensors import safe_open
from safetensors.torch import load_file, save_file

import akshar
from akshar.cli import main
from akshar.devanagari.cards import DHCD_CARD, GLYPHS_CARD, INPUT_SPEC
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.reader.export import onnx as export_onnx
from akshar.reader.export.agreement import FLOAT, INT8, agreement
from akshar.reader.export.card import card_of
from akshar.reader.export.facts import facts_of
from akshar.reader.export.images import export_images
from akshar.reader.onnx_model import OnnxModel
from akshar.runs.checkpoint import FORMAT, read_checkpoint
from akshar.runs.load_checkpoint import load_checkpoint

README = Path(__file__).parents[2] / "README.md"
ALONE = (
    "onnxruntime",
    "numpy",
    "pillow",
    "flatbuffers",
    "protobuf",
    "packaging",
)  # what reads a file, and its needs


@pytest.fixture(scope="module")
def model(digit_run, tmp_path_factory):
    """That run as ONNX."""
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    assert main(["export", str(digit_run), "--output", str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def weights(digit_run, tmp_path_factory):
    """That run as safetensors."""
    path = tmp_path_factory.mktemp("exported") / "model.safetensors"
    assert main(["export", str(digit_run), "--format", "safetensors", "--output", str(path)]) == 0
    return path


def left_in(folder):
    return sorted(path.name for path in folder.iterdir())


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
    assert export_onnx.opset_of(graph) == export_onnx.OPSET
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


def test_without_a_name_it_lies_beside_the_model(digit_run, capsys):
    assert main(["export", str(digit_run / "checkpoints" / "best.ckpt"), "--format", "safetensors"]) == 0
    assert (digit_run / "checkpoints" / "best.safetensors").exists()
    assert main(["export", str(digit_run), "--format", "safetensors"]) == 0
    assert (digit_run / "model.safetensors").exists()


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
        ("rgb", ("+model.in_channels=3",)),
        ("tutorial", ("model=tutorial", "trainer.max_epochs=1")),
    ):
        base = [word for word in TINY if not word.startswith("model") or name == "rgb"]
        assert main(["train", *base, "data.subset=digits", *words, f"hydra.run.dir={name}"]) == 0
        assert main(["export", name]) == 0
        assert main(["export", name, "--int8"]) == 0


# safetensors


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


def flipped(content, draws):
    """A file with one wrong bit."""
    damaged = bytearray(content)
    damaged[draws.integers(len(content))] ^= 1 << draws.integers(8)
    return bytes(damaged)


def test_damaged_safetensors_are_read_or_named(weights, tmp_path):
    content, draws = weights.read_bytes(), np.random.default_rng(1)
    path = tmp_path / "damaged.safetensors"
    for kept in (0, 4, 8, 100, len(content) // 2, len(content) - 1):
        path.write_bytes(content[:kept])
        with pytest.raises(UsageError, match=r"damaged\.safetensors"):
            load_checkpoint(str(path))
    said = []
    for _ in range(60):
        path.write_bytes(flipped(content, draws))
        try:
            load_checkpoint(str(path))
        except UsageError as refusal:
            said.append(str(refusal))
    assert len(said) > 50  # the digest covers the weights; what is read all the same is a name or a note
    assert all(len(line.splitlines()) == 1 and "damaged.safetensors" in line for line in said)


# What is refused


def scaled(graph):
    """A graph with a wrong weight."""
    kernel = next(one for one in graph.graph.initializer if len(one.dims) == 4)
    kernel.CopyFrom(onnx.numpy_helper.from_array(onnx.numpy_helper.to_array(kernel) * 1.5, kernel.name))
    return graph


# A confidence that is a little off is what 8 bits are: they are not asked about the temperature.
@pytest.mark.parametrize(("fault", "options"), [("weight", []), ("temperature", []), ("weight", ["--int8"])])
def test_a_file_that_answers_otherwise_is_not_kept(fault, options, digit_run, tmp_path, refused, monkeypatch):
    original = export_onnx.inference_graph
    faults = {
        "weight": lambda trained: scaled(original(trained)),
        "temperature": lambda trained: original(
            dataclasses.replace(trained, temperature=trained.temperature * 1.1)
        ),
    }
    monkeypatch.setattr(export_onnx, "inference_graph", faults[fault])
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
    assert line == "error: nothing: no such checkpoint; `akshar runs` lists the runs"


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


# Which images


def test_a_source_that_a_file_names_is_never_called(tmp_path):
    for node in (
        {"_target_": "os.mkdir", "path": str(tmp_path / "made")},
        {
            "_target_": "akshar.devanagari.glyphs.Glyphs",
            "subset": {"_target_": "os.mkdir", "path": str(tmp_path / "made")},
        },
        {"_target_": "akshar.devanagari.glyphs.Glyphs", "unknown": 1},
        {"_target_": "akshar.data.folder.Folder", "root": "gone"},
        "nothing",
    ):
        shown = export_images({"data": node}, INPUT_SPEC)
        assert shown.name == "validation images of glyphs"
        assert len(shown.compared) > 100
    assert left_in(tmp_path) == []


def test_dhcd_is_not_downloaded_for_an_export(no_network, tmp_path, monkeypatch):
    monkeypatch.setenv("AKSHAR_CACHE", str(tmp_path))  # where it is not
    assert (
        "glyphs"
        in export_images({"data": {"_target_": "akshar.devanagari.dhcd.DHCD", "archive": None}}, INPUT_SPEC).name
    )


def test_images_of_a_folder_are_compared_on(digit_run, workplace, capsys):
    for shape, name in enumerate(("bar", "cross")):
        for number in range(30):
            write_picture(workplace / "mine" / name / f"{number}.png", shape, size=40 + number)
    assert main(["export", str(digit_run), "--data", "mine", "--output", "a.onnx"]) == 0
    assert "validation images of folder" in capsys.readouterr().out


def test_calibration_and_comparison_share_no_image(digit_run):
    shown = export_images(load_checkpoint(str(digit_run)).config, INPUT_SPEC)
    assert (len(shown.compared), len(shown.calibrated)) == (500, 1000)
    rows = {row.tobytes() for row in shown.compared}
    assert not rows & {row.tobytes() for row in shown.calibrated}


def test_agreement_counts_ties_and_refuses_what_is_no_number():
    expected = np.array([[0.6, 0.4], [0.52, 0.48], [0.1, 0.9]])
    got = np.array([[0.7, 0.3], [0.49, 0.51], [0.1, 0.9]])
    found = agreement(expected, got, tie=0.1)
    assert (found.equal, found.equal_or_tied) == (2, 3)
    assert found.within(INT8)
    assert not found.within(FLOAT)
    assert not agreement(expected, got, tie=0.01).within(INT8)
    assert not agreement(expected, got * np.nan, tie=0.1).within(INT8)


# The card


def test_the_card_says_what_the_model_is_and_is_not(digit_run, model):
    card = model.with_name("model.onnx.md").read_text(encoding="utf-8")
    result = json.loads((digit_run / "result.json").read_text())
    test = result["test"]
    for said in (
        f"**{100 * test['accuracy']:.2f} %** ({test['correct']:,} of {test['total']:,} images",
        "95 % interval",
        "seed 1",
        "० १ २ ३ ४ ५ ६ ७ ८ ९",
        "It has seen no handwriting",
        "SIL Open Font License",
        "one character at a time",
        "Not for decisions about people",
        'akshar.load("model.onnx")',
        result["provenance"]["host"]["cpu"],
        "500 of 500 answers equal",
    ):
        assert said in card


def test_the_card_of_dhcd_cites_it(digit_run):
    trained = load_checkpoint(str(digit_run))
    card = card_of(dataclasses.replace(trained, card=DHCD_CARD), "m.safetensors", [], None)
    for said in ("Acharya", "SKIMA 2015", "CC BY 4.0", "same writers", "those of Nepal", "no test result"):
        assert said in card


def test_every_shipped_data_set_has_a_card():
    for path in (README.parent / "conf" / "data").glob("*.yaml"):
        target = yaml.safe_load(path.read_text(encoding="utf-8")).get("_target_")
        assert (
            target is None
            or hasattr(resolve_name(target), "card")
            or "card" in resolve_name(target).__annotations__
        )


# Files of others


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
    damages += [flipped(content, draws) for _ in range(60)]
    damages += [content[:-6000] + flipped(content[-6000:], draws) for _ in range(200)]  # of names and metadata
    damages += [flipped(content[:6000], draws) + content[6000:] for _ in range(200)]
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


# Without torch


def linked(folder, *names):
    """A folder to import from that holds some installed distributions and nothing else."""
    for name in names:
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(str(found.locate_file(top)))
    return folder


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory):
    """Runs Python with some distributions alone; gives what it printed."""

    def run(names, folders, *words, cwd):
        place = linked(tmp_path_factory.mktemp("packages"), *names)
        for folder in folders:
            (place / folder.name).symlink_to(folder)

        def python(*words):
            environment = {"PYTHONPATH": str(place), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
            command = [sys.executable, "-S", "-B", *words]
            return subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)

        for absent in ("torch", "pytorch_lightning", "onnx", *(() if folders else ("akshar", "scipy"))):
            assert "ModuleNotFoundError" in python("-c", f"import {absent}").stderr
        done = python(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def clean_pictures(digit_images, folder):
    """Digits as a person would save them: larger, dark on light or light on dark, with room around them."""
    for position, pixels in enumerate(digit_images[15::60]):  # of ० २ ४ ६ ८
        large = Image.fromarray(pixels).resize((150, 150), Image.Resampling.BICUBIC)
        sheet = Image.new("L", (220, 200))
        sheet.paste(large, (40, 20))
        values = np.asarray(sheet) if position % 2 else 255 - np.asarray(sheet)
        place = folder / str(position)
        place.mkdir()
        Image.fromarray(values).convert("RGB").save(place / "letter.png")
        yield place


def test_the_readmes_lines_read_a_picture_without_torch_and_akshar(model, digit_images, tmp_path, without_torch):
    page = README.parent / "docs" / "export.md"
    blocks = re.findall(r"```python\n(import onnxruntime.*?)```", page.read_text(encoding="utf-8"), re.S)
    assert len(blocks) == 1
    assert len([line for line in blocks[0].splitlines() if line]) <= 15
    reader = akshar.load(model)
    for place in clean_pictures(digit_images, tmp_path):
        (place / "model.onnx").symlink_to(model)
        (place / "read.py").write_text(blocks[0], encoding="utf-8")
        letter, confidence = without_torch(ALONE, (), "read.py", cwd=place).split()[:2]
        answer = reader.read(place / "letter.png")
        assert letter == answer.guesses[0].letter
        assert float(confidence) / 100 == pytest.approx(answer.confidence, abs=0.15)


def test_akshar_reads_an_exported_file_without_torch(model, digit_images, tmp_path, without_torch):
    place = next(clean_pictures(digit_images, tmp_path))
    code = f"""
import akshar, sys
answer = akshar.load({str(model)!r}).read("letter.png")
print(answer.guesses[0].letter, answer.guesses[0].confidence)
print(*sorted(sys.modules.keys() & {{"torch", "pytorch_lightning", "hydra", "onnx", "matplotlib"}}))
"""
    package = Path(akshar.__file__).parent
    letter, confidence, *loaded = without_torch((*ALONE, "scipy"), (package,), "-c", code, cwd=place).split()
    answer = akshar.load(model).read(place / "letter.png")
    assert (letter, float(confidence)) == (answer.guesses[0].letter, answer.guesses[0].confidence)
    assert loaded == []
