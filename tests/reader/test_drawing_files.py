"""`akshar export --drawing`: files that frame drawings by themselves, as akshar frames them."""

import json

import numpy as np
import onnx
import onnxruntime
import pytest
from PIL import Image, ImageDraw

import akshar
from akshar.benchmarks.drawings import clean_drawings, compare
from akshar.cli import main
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import UsageError
from akshar.pictures.framing import frame_picture
from akshar.pictures.input_spec import InputSpec
from akshar.reader.export.drawing_file import framed
from akshar.reader.export.graphs.drawing import with_framing
from akshar.reader.export.graphs.framing import PROBLEMS
from akshar.reader.export.images import ExportImages

SPECS = [
    INPUT_SPEC,
    InputSpec(1, 48, 40, mean=0.5, std=0.5, polarity="dark on light", framing="ink", border=3),
    InputSpec(3, 64, 64, mean=0.5, std=0.5, polarity="light on dark", framing="ink", border=0),
]


def looking(spec):
    """A session of a file whose "network" gives back how bright its input is."""
    rank = 3 if spec.channels == 1 else 4
    shape = ["N", *(spec.shape if spec.channels > 1 else spec.shape[1:])]
    nodes = [
        onnx.helper.make_node("Cast", ["pixels"], ["real"], to=onnx.TensorProto.FLOAT),
        onnx.helper.make_node("ReduceMean", ["real", "axes"], ["mean"], keepdims=0),
        onnx.helper.make_node("Unsqueeze", ["mean", "one"], ["probabilities"]),
    ]
    constants = [
        onnx.helper.make_tensor("axes", onnx.TensorProto.INT64, [rank - 1], [*range(1, rank)]),
        onnx.helper.make_tensor("one", onnx.TensorProto.INT64, [1], [1]),
    ]
    graph = onnx.helper.make_graph(
        nodes,
        "brightness",
        [onnx.helper.make_tensor_value_info("pixels", onnx.TensorProto.UINT8, shape)],
        [onnx.helper.make_tensor_value_info("probabilities", onnx.TensorProto.FLOAT, ["N", 1])],
        constants,
    )
    network = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 18)], ir_version=9)
    model = with_framing(network, spec)
    onnx.checker.check_model(model)
    return onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])


def seen(session, drawing):
    pixels, box, problem = session.run(["pixels", "box", "problem"], {"drawing": drawing})
    return pixels[0], tuple(box.tolist()), PROBLEMS[int(problem)]


@pytest.fixture(scope="module")
def frame():
    """Frames a drawing with the graph, as DHCD is framed."""
    session = looking(INPUT_SPEC)
    return lambda drawing: seen(session, drawing)


def strokes(size, *lines, width=8, ink=0):
    image = Image.new("L", size, 255 - ink)
    for line in lines:
        ImageDraw.Draw(image).line(line, ink, width, joint="curve")
    return np.asarray(image)


DRAWINGS = {
    "nothing": np.full((60, 80), 255, np.uint8),
    "nothing, black": np.zeros((60, 80), np.uint8),
    "a faint mark": np.pad(np.full((9, 9), 245, np.uint8), 20, constant_values=255),
    "one pixel of paper": np.full((1, 1), 255, np.uint8),
    "a stroke": strokes((200, 200), [(100, 20), (100, 180)]),
    "a blot": strokes((200, 200), [(50, 100), (150, 100)], width=90),
    "two characters": strokes((300, 100), [(20, 20), (80, 80)], [(200, 20), (260, 80)], [(20, 80), (80, 20)]),
    "a letter, thin": strokes((400, 300), [(40, 40), (300, 40), (180, 250)], [(60, 200), (300, 220)], width=1),
    "a letter, thick": strokes((400, 300), [(40, 40), (300, 40), (180, 250)], [(60, 200), (300, 220)], width=40),
    "a small letter": strokes((40, 30), [(4, 4), (30, 4), (18, 25)], [(6, 20), (30, 22)], width=2),
    "smaller than the network's input": strokes((16, 14), [(2, 2), (12, 2), (6, 11)], width=1),
    "wide and low": strokes((500, 60), [(20, 20), (480, 24)], [(30, 22), (250, 50), (470, 23)], width=5),
    "light on dark": strokes((200, 200), [(30, 30), (160, 40), (60, 170)], [(20, 160), (170, 170)], ink=255),
    "with a dot": strokes((200, 200), [(30, 60), (160, 60), (100, 170)], [(100, 25), (107, 25)], width=10),
}


@pytest.mark.parametrize("name", DRAWINGS)
def test_a_drawing_is_framed_as_by_akshar(name, frame):
    expected = frame_picture(DRAWINGS[name].astype(np.float32) / 255, INPUT_SPEC)
    pixels, box, problem = frame(DRAWINGS[name])
    height, width = DRAWINGS[name].shape
    assert problem == expected.problem
    assert box == (expected.box or (0, 0, width, height))
    assert np.abs(pixels.astype(int) - expected.pixels).max() <= 1


@pytest.mark.parametrize("spec", SPECS, ids=str)
def test_a_drawing_is_framed_as_the_network_needs_it(spec):
    session = looking(spec)
    for name in ("a letter, thin", "a letter, thick", "light on dark", "nothing"):
        expected = frame_picture(DRAWINGS[name].astype(np.float32) / 255, spec)
        pixels, _, problem = seen(session, DRAWINGS[name])
        assert problem == expected.problem
        assert pixels.shape == expected.pixels.shape
        assert np.abs(pixels.astype(int) - expected.pixels).max() <= 1


@pytest.mark.parametrize("framing", ["none", "crop"])
@pytest.mark.parametrize("channels", [1, 3])
def test_pictures_are_only_resized_where_the_framing_is_not_by_ink(framing, channels):
    spec = InputSpec(channels, 20, 30, mean=0.5, std=0.5, polarity="light on dark", framing=framing, border=0)
    session = looking(spec)
    draw = np.random.default_rng(1)
    for size in ((64, 48), (15, 90), (20, 30)):
        drawing = draw.integers(0, 256, (*size, channels)[: 3 if channels == 3 else 2]).astype(np.uint8)
        expected = frame_picture(drawing.astype(np.float32) / 255, spec)
        pixels, box, problem = seen(session, drawing)
        assert (box, problem) == (expected.box, None)
        assert np.abs(pixels.astype(int) - expected.pixels).max() <= 2


def test_the_shipped_reader_answers_clean_drawings_as_akshar_does():
    reader = akshar.load("letters58")
    network = onnx.load(str(akshar.reader.shipped_weights.find_model("letters58")))
    differences, same, _ = compare(reader, network, clean_drawings(60))
    assert same == 60
    assert np.median(differences) == 0
    assert (differences <= 1e-2).all()


def test_export_writes_the_file_and_says_how_it_agrees(digit_run, tmp_path, capsys):
    output = tmp_path / "digits-drawing.onnx"
    assert main(["export", str(digit_run), "--drawing", "--output", str(output)]) == 0
    shown = capsys.readouterr().out
    assert "drawing uint8 (H, W) -> probabilities float32 (K,)" in shown
    assert "framing compared with akshar's on drawings of" in shown
    card = output.with_name("digits-drawing.onnx.md").read_text(encoding="utf-8")
    assert "input `drawing`, uint8 (H, W) of any size" in card
    assert "akshar.load" not in card
    session = onnxruntime.InferenceSession(output)
    facts = session.get_modelmeta().custom_metadata_map
    assert json.loads(facts["problems"]) == [*PROBLEMS]
    assert len(json.loads(facts["letters"])) == 10
    drawing = DRAWINGS["a letter, thick"]
    probabilities = session.run(["probabilities"], {"drawing": drawing})[0]
    assert probabilities.shape == (10,)
    assert probabilities.sum() == pytest.approx(1, abs=1e-4)
    with pytest.raises(UsageError, match="frames drawings itself"):
        akshar.load(output)


def test_without_images_of_characters_the_framing_is_not_compared(model):
    blank = ExportImages(np.zeros((5, 32, 32), np.uint8), np.zeros((5, 32, 32), np.uint8), "blank images")
    _, (_, note) = framed(model.read_bytes(), blank)
    assert note == "framing not compared with akshar's: none of the blank images shows a character"


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--drawing", "--format", "safetensors"], "--drawing: not available with --format safetensors"),
        ([], "already exported; only --drawing and --format web make something else of it"),
        (["--int8", "--drawing"], "already exported; only --drawing"),
    ],
)
def test_what_does_not_fit_is_refused(words, message, model, capsys):
    assert main(["export", str(model), *words]) == 2
    assert message in capsys.readouterr().err
