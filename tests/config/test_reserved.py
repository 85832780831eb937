"""Arguments of Lightning's Trainer: the page names each one, and each that is refused has a reason of its own."""

import inspect
import re
from pathlib import Path

import pytest
from pytorch_lightning import Trainer

from akshar.config.reserved import RESERVED, TRAINER
from akshar.config.schema import Part
from akshar.config.targets import target_problems

PAGE = (Path(__file__).parents[2] / "docs" / "trainer.md").read_text(encoding="utf-8")
ROWS = {
    name: (state, text) for name, state, text in re.findall(r"^\| `(\w+)` \| (\w+) \| (.+) \|$", PAGE, re.MULTILINE)
}


def problems(**arguments):
    part = Part.model_validate({"_target_": "pytorch_lightning.Trainer", **arguments})
    return target_problems("trainer", part, (), RESERVED["trainer"])


def test_the_page_has_a_row_for_every_argument_of_the_installed_trainer():
    assert [*ROWS] == [*inspect.signature(Trainer).parameters]


def test_the_page_refuses_what_is_refused_and_gives_the_same_reason():
    assert {name: text for name, (state, text) in ROWS.items() if state != "works"} == {
        name: reserved.reason for name, reserved in TRAINER.items()
    }
    assert {state for state, _ in ROWS.values()} == {"works", "partly", "refused"}


@pytest.mark.parametrize("name", TRAINER)
def test_each_reason_is_given_in_one_line(name):
    assert problems(**{name: "3"}) == [f"trainer.{name}=3: {TRAINER[name].reason}"]
    assert sum(reserved.reason == TRAINER[name].reason for reserved in TRAINER.values()) == 1


@pytest.mark.parametrize("name", TRAINER)
def test_a_value_that_asks_for_what_is_done_anyway_is_accepted(name):
    for value in TRAINER[name].accepted:
        assert problems(**{name: value}) == []


def test_an_integer_is_not_the_share_that_equals_it():
    assert problems(val_check_interval=1.0) == []
    assert len(problems(val_check_interval=1)) == 1  # after every batch
