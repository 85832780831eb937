"""Overrides on the command line: quoting, parsing, and one line for each problem."""

from collections.abc import Iterator

import pytest

from akshar.config.compose import composing
from akshar.config.overrides import (
    choices_of,
    first_of_sweep,
    group_problems,
    key_problem,
    parse,
    quote_paths,
)
from akshar.config.search_path import search_path_override


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    with composing("train"):
        yield


def parsed(text):
    ((override, _),), problems = parse([text])
    assert not problems
    return override


@pytest.mark.parametrize("path", ["a b", "it's", "चित्र (1)", "back\\slash", "end\\", "a=b,c", "~/x", "[1]"])
def test_a_path_of_any_name_is_read_as_it_was_typed(path):
    (quoted,) = quote_paths([f"data.root={path}"])
    assert parsed(quoted).value() == path


@pytest.mark.parametrize("text", ["data.root=null", "data.root='x y'", "init_from=$X", "seed=1,2", "data.root"])
def test_what_needs_no_quotes_is_left_alone(text):
    assert quote_paths([text]) == [text]


def test_what_is_no_override_is_reported_with_a_hint():
    _, problems = parse(["quickstart", "word", "data.subset=(a"])
    assert problems[0] == "'quickstart' is not a KEY=VALUE override; did you mean experiment=quickstart?"
    assert problems[1] == "'word' is not a KEY=VALUE override"
    assert problems[2].startswith("data.subset: Hydra cannot read")


def choices(text):
    override = parsed(text)
    return choices_of(override, [(override, text)])


def test_choices_of_a_group_are_its_files():
    assert choices("optimizer=adamw") == ["adamw", "muon", "sgd"]
    assert "base" not in choices("data=dhcd")
    assert choices("seed=1") == choices("~augment") == choices("hydra.verbose=true") == []


def test_choices_in_a_folder_of_one_s_own_count(tmp_path):
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "own.yaml").write_text("")
    texts = [*search_path_override([str(tmp_path)]), "model=own"]
    both, problems = parse(texts)
    assert not problems
    assert "own" in choices_of(both[1][0], both)


def test_a_glob_selects_among_the_choices_of_a_group_and_of_one_s_own_folder(tmp_path):
    (tmp_path / "optimizer").mkdir()
    (tmp_path / "optimizer" / "own.yaml").write_text("")
    (_, (override, text)), problems = parse(
        [*search_path_override([str(tmp_path)]), "optimizer=glob(*,exclude=s*)"]
    )
    assert not problems
    assert text == "optimizer=adamw,muon,own"
    assert override.is_sweep_override()
    assert parse(["data=glob(*)"])[0][0][1].startswith("data=broad,characters,")  # without base.yaml
    assert parse(["seed=glob(*)", "loss=glob(x*)"])[1] == [
        "seed=glob(*): glob() is for the choices of a group; seed is not a group",
        "loss=glob(x*): selects none of the choices (cross_entropy, focal, margin)",
    ]


def test_problems_with_a_choice_name_the_near_one():
    def problems(text):
        return group_problems(parsed(text), ["adamw", "muon", "sgd"])

    assert problems("optimizer=muon") == []
    assert problems("optimizer=adamx") == [
        "optimizer=adamx: no such choice; did you mean adamw? (choices: adamw, muon, sgd)"
    ]
    assert problems("optimizer=null") == [
        "optimizer=null: name a choice (choices: adamw, muon, sgd), or leave it out"
    ]
    assert problems("optimizer=adamw,sgdx") == [
        "optimizer=sgdx: no such choice; did you mean sgd? (choices: adamw, muon, sgd)"
    ]
    assert group_problems(parsed("logger=[csv,none]"), ["csv", "none"]) == []
    assert "several, as optimizer=A,B, need -m" in problems("optimizer=[adamw,sgd]")[0]


def test_a_key_that_does_not_exist_is_reported_with_the_near_one():
    config = {"data": {"batch_size": 1}}
    assert key_problem(parsed("data.batch_size=2"), config) is None
    assert key_problem(parsed("data=2"), config) is None
    assert key_problem(parsed("data.batchsize=2"), config) == (
        "data.batchsize: no such key; did you mean data.batch_size?"
    )
    assert key_problem(parsed("+data.new=2"), config) is None


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("seed=1", "seed=1"),
        ("seed=3,2", "seed=3"),
        ("data.subset=digits,all", "data.subset=digits"),
        ("seed=range(4,9)", "seed=4"),
        ("optimizer.lr=interval(0.1,1)", "optimizer.lr=0.1"),
    ],
)
def test_a_sweep_is_reduced_to_its_first_value(text, first):
    assert first_of_sweep(parsed(text), text) == first
