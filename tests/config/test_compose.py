"""Composing: one typed config, or every problem with it at once."""

import subprocess
import sys
from collections.abc import Iterator

import pytest

from akshar.config.compose import compose, composing
from akshar.config.schema import TestConfig, TrainConfig
from akshar.config.tree import to_record
from akshar.errors import UsageError


@pytest.fixture(scope="module", autouse=True)
def hydra() -> Iterator[None]:
    with composing("train"):
        yield


def problems(*overrides, multirun=False):
    with pytest.raises(UsageError) as caught:
        compose("train", overrides, TrainConfig, multirun)
    return list(caught.value.problems)


def test_the_default_config_is_typed():
    config = compose("train", [], TrainConfig).config
    assert config.data.target == "akshar.devanagari.dhcd.DHCD"
    assert config.optimizer.lr == config.scheduler.arguments["max_lr"]  # interpolated
    assert config.seed == 1
    assert not compose("train", [], TrainConfig).is_multirun


def test_overrides_change_values_and_choices():
    config = compose("train", ["optimizer=sgd", "optimizer.lr=0.5", "data=glyphs", "seed=7"], TrainConfig).config
    assert config.optimizer.target == "torch.optim.SGD"
    assert (config.optimizer.lr, config.seed) == (0.5, 7)
    assert config.data.arguments["train_per_class"] == 400


@pytest.mark.parametrize(
    ("words", "section", "arguments"),
    [
        (["trainer.profiler=simple"], "trainer", {"profiler": "simple"}),
        (["trainer.max_time.hours=1"], "trainer", {"max_time": {"hours": 1}}),
        (["optimizer=adamw", "optimizer.amsgrad=true"], "optimizer", {"amsgrad": True}),
        (["model._target_=akshar.models.tutorial.Tutorial", "~model.widths", "~model.blocks"], "model", {}),
    ],
)
def test_what_only_the_target_knows_needs_no_plus(words, section, arguments):
    found = getattr(compose("train", words, TrainConfig).config, section).arguments
    assert found | arguments == found


def test_a_part_under_a_name_of_one_s_own_needs_no_plus():
    bar = "pytorch_lightning.callbacks.TQDMProgressBar"
    words = [f"callbacks.bar._target_={bar}", "callbacks.bar.refresh_rate=7", "callbacks=early_stopping"]
    words += ["callbacks.early_stopping.min_delta=0.5"]
    composed = compose("train", words, TrainConfig)
    part, stopping = composed.config.callbacks["bar"], composed.config.callbacks["early_stopping"]
    assert part is not None
    assert (part.target, part.arguments) == (bar, {"refresh_rate": 7})
    assert stopping is not None
    assert stopping.arguments["min_delta"] == 0.5
    assert composed.overrides == (*(f"++{word}" for word in words[:2]), words[2], f"++{words[3]}")


def test_a_sweep_may_vary_what_only_the_target_knows():
    composed = compose("train", ["trainer.max_steps=7,9"], TrainConfig, multirun=True)
    assert composed.overrides == ("++trainer.max_steps=7,9",)
    assert composed.config.trainer.max_steps == 7


def test_what_no_target_knows_is_still_a_typo():
    assert problems("trainer.profilr=simple", "callbacks.early_stopin.patience=3", "callbacks=early_stopping") == [
        "trainer.profilr: no such key; did you mean trainer.profiler?",
        "callbacks.early_stopin.patience: no such key; did you mean callbacks.early_stopping.patience?",
    ]


@pytest.mark.parametrize(
    ("experiment", "choice", "left_over"),
    [
        ("robust", "callbacks=none", ["callbacks.ema"]),
        ("fast", "optimizer=sgd", ["optimizer.adam_ratio"]),
        ("robust", "scheduler=none", ["scheduler.pct_start", "scheduler.cycle_momentum"]),
        ("letters58", "augment=none", ["augment.ragged", "augment.light_share"]),
    ],
)
def test_what_an_experiment_sets_for_another_choice_can_be_left_out(experiment, choice, left_over):
    words = [f"experiment={experiment}", choice]
    found = problems(*words)
    advice = f"; experiment={experiment} sets it for another choice: leave it out with"
    assert [line.partition(advice)[2] for line in found] == [f" '~{key}'" for key in left_over]
    compose("train", [*words, *(f"~{key}" for key in left_over)], TrainConfig)


def test_what_the_command_line_sets_itself_is_not_left_over():
    words = ("experiment=fast", "optimizer=sgd", "optimizer.adam_ratio=0.1", "optimizer.lr=-1")
    assert [line.partition(":")[0] for line in problems(*words)] == ["optimizer.lr=-1", "optimizer.adam_ratio"]
    assert "leave it out" not in "".join(problems(*words))


def test_a_preset_can_make_it_a_sweep():
    assert compose("train", ["sweep=seeds"], TrainConfig).is_multirun


def test_every_problem_is_reported_at_once():
    assert problems("optimizer=adamx", "quickstart", "data.batchsize=3", "seed=-1", "trainer.max_epochs=0") == [
        "'quickstart' is not a KEY=VALUE override; did you mean experiment=quickstart?",
        "optimizer=adamx: no such choice; did you mean adamw? (choices: adamw, muon, sgd)",
        "data.batchsize: no such key; did you mean data.batch_size?",
        "seed=-1: must be greater than or equal to 0",
        "trainer.max_epochs=0: must be greater than 0",
    ]


def test_several_values_need_a_multirun():
    assert problems("seed=1,2") == ["seed=1,2: several values need akshar train -m"]
    assert compose("train", ["seed=5,2"], TrainConfig, multirun=True).config.seed == 5


def test_a_mandatory_value_is_asked_for():
    assert problems("data=folder") == ["data.root: must be given, as data.root=VALUE"]
    assert problems("data=torchvision") == [
        "data.dataset: must be given, as data.dataset=VALUE",
        "data.root: must be given, as data.root=VALUE",
    ]
    with pytest.raises(UsageError, match="checkpoint: must be given, as checkpoint=VALUE"):
        compose("test", [], TestConfig)


def test_an_interpolation_that_leads_nowhere_is_reported():
    assert problems("optimizer.lr=${nowhere}") == ["optimizer.lr: Interpolation key 'nowhere' not found"]


def test_presets_are_not_in_the_record():
    record = to_record(compose("train", ["experiment=quickstart"], TrainConfig).tree)
    assert not {"experiment", "sweep", "debug", "hydra"} & record.keys()


def test_composing_and_validating_do_not_import_torch():
    code = (
        "import sys\n"
        "from akshar.config.compose import compose, composing\n"
        "from akshar.config.schema import TrainConfig\n"
        "with composing('train'): compose('train', ['experiment=robust'], TrainConfig)\n"
        "assert not {'torch', 'torchvision', 'pytorch_lightning', 'matplotlib'} & {*sys.modules}\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
