"""`InputSpec`: plain values and back, and what is no spec."""

import json

import pytest

from akshar.pictures.input_spec import InputSpec

GREY = InputSpec(1, 28, 20, "light on dark", "ink", 2, 0.5, 0.5)
COLOUR = InputSpec(3, 64, 48, "dark on light", "crop", 0, (0.4, 0.5, 0.6), 0.25)


@pytest.mark.parametrize("spec", [GREY, COLOUR])
def test_a_spec_is_read_back_from_json(spec):
    assert InputSpec.from_record(json.loads(json.dumps(spec.to_record()))) == spec


def test_a_number_holds_for_every_channel():
    assert (COLOUR.means, COLOUR.stds) == ((0.4, 0.5, 0.6), (0.25, 0.25, 0.25))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"framing": "circle"}, "input_spec.framing='circle': must be one of"),
        ({"mean": [0.1, 0.2]}, "input_spec.mean: must be one number, or 3"),
        ({"std": [0.1, 0.0, 0.1]}, "out of range"),
        ({"std": []}, "input_spec.std: must be one number, or 3"),
        ({"mean": [0.1, "a", 0.3]}, "input_spec.mean: missing, unknown, or of the wrong type"),
        ({"mean": float("nan")}, "out of range"),
    ],
)
def test_what_is_no_spec_is_said(change, message):
    with pytest.raises(ValueError, match="input_spec") as caught:
        InputSpec.from_record(COLOUR.to_record() | change)
    assert message in str(caught.value)
