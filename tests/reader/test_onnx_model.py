"""Files of akshar 0.1, and models of other sizes."""

import json
from dataclasses import replace

import numpy as np
import onnx
import pytest
from drawing import shade_model
from onnx import helper
from PIL import Image

import akshar
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.reader.onnx_model import OnnxModel


def test_a_file_of_akshar_0_1_has_its_facts_as_a_card(tmp_path):
    spec = InputSpec(1, 32, 32, "light on dark", "ink", 2, 0.5, 0.5)
    model = onnx.load(shade_model(tmp_path / "old.onnx", spec))
    facts = {
        "akshar": "0.1.0",
        "format": "2",
        "classes": json.dumps(["digit_0", "digit_1"]),
        "letters": json.dumps(["०", "१"]),
        "preprocessing": json.dumps({"side": 32, "border": 2, "ink": "white on black", "mean": 0.5, "std": 0.5}),
        "data": "DHCD, the Devanagari Handwritten Character Dataset",
        "licence": "data: CC BY 4.0",
        "citation": "S. Acharya",
    }
    helper.set_model_props(model, facts)
    onnx.save(model, tmp_path / "old.onnx")
    old = OnnxModel(tmp_path / "old.onnx")
    assert old.input_spec == spec
    assert [old.card.label(name) for name in old.classes] == ["०", "१"]
    assert [old.card.transliteration(name) for name in old.classes] == ["0", "1"]
    assert old.card.licence == "CC BY 4.0"
    assert (old.card.title, old.card.citation) == (facts["data"], "S. Acharya")
    assert set(old.card.groups["digits"]) == {f"digit_{number}" for number in range(10)}


@pytest.mark.parametrize(
    "spec",
    [
        InputSpec(1, 28, 28, "light on dark", "none", 0, 0.1, 0.3),
        InputSpec(3, 48, 64, "light on dark", "none", 0, 0.5, 0.5),
        InputSpec(3, 48, 64, "light on dark", "crop", 0, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4)),
        InputSpec(3, 64, 40, "dark on light", "ink", 3, 0.5, 0.5),
        InputSpec(1, 96, 96, "dark on light", "ink", 4, 0.5, 0.5),
    ],
    ids=str,
)
def test_a_model_reads_pictures_by_its_own_spec(spec, tmp_path):
    reader = akshar.load(shade_model(tmp_path / "shades.onnx", spec))
    dark = Image.new("RGB", (50, 70), (40, 0, 40))
    light = Image.new("RGB", (50, 70), (240, 250, 200))
    if spec.framing != "ink":
        first, second = reader.read_many([dark, light])
        assert (first.letter, first.guesses[0].name, second.letter, second.guesses[0].name) == (
            "D",
            "d",
            "light",
            "light",
        )
    drawn = np.full((70, 50), 255, np.uint8)
    drawn[10:60, 10:14] = drawn[10:14, 10:40] = 0
    answer = reader.read(drawn)
    assert answer.problem is None
    assert answer.pixels.shape == (spec.shape if spec.channels > 1 else spec.shape[1:])
    assert answer.letter == "light"
    if spec.framing == "ink":
        assert len(reader.read_line(np.hstack([drawn, drawn]))) == 2
    else:
        with pytest.raises(UsageError, match=f"framing={spec.framing}"):
            reader.read_line(drawn)


def test_a_model_whose_spec_is_not_its_graph_s_is_refused(tmp_path):
    spec = InputSpec(1, 28, 28, "light on dark", "none", 0, 0.1, 0.3)
    path = shade_model(tmp_path / "shades.onnx", spec)
    model = onnx.load(path)
    facts = {one.key: one.value for one in model.metadata_props}
    helper.set_model_props(model, facts | {"input_spec": json.dumps(replace(spec, width=32).to_record())})
    onnx.save(model, path)
    with pytest.raises(UsageError, match="input is 28 x 28, which does not fit"):
        OnnxModel(path)
