"""Arguments of a target compared with its signature."""

import pytest

from akshar.config.ranges import RANGES
from akshar.config.reserved import Reserved
from akshar.config.schema import DataConfig, Part
from akshar.config.targets import import_problems, imported_signature, plain_message, target_problems


def problems(target, passed=(), reserved=(), path="model", **arguments):
    part = Part.model_validate({"_target_": target, **arguments})
    return target_problems(path, part, {*passed}, dict(reserved))


@pytest.fixture(scope="module", autouse=True)
def own_forms(tmp_path_factory):
    place = tmp_path_factory.mktemp("own")
    (place / "own_forms.py").write_text(
        "from dataclasses import dataclass\n"
        "from typing import Literal\n"
        "Kind = Literal['a', 'b']\n"
        "class Base:\n    def __init__(self, size: int, kind: Kind = 'a'): ...\n"
        "class Child(Base): ...\n"
        "@dataclass\nclass Record:\n    size: int\n    kind: Kind = 'a'\n"
        "def function(size: int, *, kind: Kind = 'a'): ...\n"
        "made = lambda size, kind='a': None\n"
        "def open(size=1, **rest): ...\n"
        "def later(size: 'Unknown' = 1): ...\n"
        "def first(parameters, lr=0.1): ...\n"
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(str(place))
        yield


@pytest.mark.parametrize("name", ["Base", "Child", "Record", "function"])
def test_unknown_missing_and_wrong_arguments_of_every_form(name):
    lines = problems(f"own_forms.{name}", size="x", kind="c", tail=1)
    assert [line.split(":")[0] for line in lines] == ["model.tail", "model.size=x", "model.kind=c"]
    assert problems(f"own_forms.{name}") == [f"model.size: is missing; {name} needs it"]


def test_what_is_made_by_code_is_imported():
    assert problems("own_forms.made", kind="c") == ["model.size: is missing; made needs it"]


def test_an_open_signature_takes_anything():
    assert problems("own_forms.open", other=1) == []


def test_an_annotation_that_cannot_be_evaluated_is_not_checked():
    assert problems("own_forms.later", size="x") == []


def test_what_the_framework_passes_is_not_missing():
    assert problems("own_forms.Base", passed={"size"}) == []
    assert problems("own_forms.first", passed={"params"}, path="optimizer", lr=1) == []  # passed by position


def test_a_reserved_argument_is_refused_with_the_reason():
    reserved = {"size": Reserved("is the data's; leave it out", (1,))}
    refused = ["model.size=2: is the data's; leave it out"]
    assert problems("own_forms.Base", reserved=reserved, passed={"size"}, size=2) == refused
    assert problems("own_forms.Base", reserved=reserved, passed={"size"}, size=1) == []
    assert not reserved["size"].accepts(True)


def test_a_word_that_stands_for_a_later_value_is_no_wrong_type():
    target = "torch.optim.lr_scheduler.OneCycleLR"
    arguments = {"max_lr": 0.1, "total_steps": "steps"}
    assert problems(target, passed={"optimizer"}, path="scheduler", **arguments) == []
    assert problems(target, passed={"optimizer"}, path="elsewhere", **arguments) != []


def test_keys_of_the_framework_are_suggested_for_data():
    part = DataConfig.model_validate(
        {
            "_target_": "akshar.devanagari.dhcd.DHCD",
            **{"batch_size": 1, "val_fraction": 0.1, "folds": None, "fold": 0, "split": "random", "split_seed": 1},
            "batchsize": 3,
        }
    )
    assert target_problems("data", part, (), {}) == [
        "data.batchsize: no such key; did you mean data.batch_size?",
    ]


@pytest.mark.parametrize(
    ("target", "reason"),
    [
        ("nowhere.Net", "No module named 'nowhere'; install it, or put its folder on PYTHONPATH"),
        ("akshar.models.compact.Net", "module 'akshar.models.compact' has no attribute 'Net'"),
    ],
)
def test_a_target_that_does_not_exist_is_reported(target, reason):
    assert problems(target) == [f"model._target_={target}: cannot be imported ({reason})"]


def test_import_problems_are_those_of_running_the_module():
    parts = [("model", Part.model_validate({"_target_": name})) for name in ("own_forms.Base", "own_forms.gone")]
    (line,) = import_problems(parts)
    assert line.startswith("model._target_=own_forms.gone: cannot be imported (")


def test_messages_of_pydantic_follow_the_key():
    assert plain_message("Input should be greater than 0") == "must be greater than 0"


def test_hydra_s_own_keys_are_not_ignored_in_silence():
    line = "model._args_: has no effect on a part; leave it out, and give every argument by its name"
    assert problems("own_forms.Base", size=1, _args_=[1]) == [line]
    assert not problems("own_forms.first", passed={"params"}, path="optimizer", _partial_=True, lr=1)


def test_a_range_that_another_library_s_signature_leaves_open_is_checked():
    target = "torch.optim.lr_scheduler.OneCycleLR"
    arguments = {"max_lr": 0.1, "total_steps": "steps"}
    assert problems(target, {"optimizer"}, path="scheduler", **arguments, pct_start=0.5) == []
    (line,) = problems(target, {"optimizer"}, path="scheduler", **arguments, pct_start=20)
    assert line == "scheduler.pct_start=20: must be less than or equal to 1"


@pytest.mark.parametrize(("target", "arguments"), RANGES.items())
def test_the_arguments_whose_range_is_known_exist(target, arguments):
    assert arguments.keys() <= imported_signature(target).parameters.keys()
