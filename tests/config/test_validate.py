"""Validating plain values: types, keys that depend on each other, arguments of targets, the batch size."""

import copy
from collections.abc import Iterator

import pytest

from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.config.tree import to_record
from akshar.config.validate import validate
from akshar.errors import UsageError


@pytest.fixture(scope="module")
def record() -> Iterator[dict]:
    with composing("train"):
        yield to_record(compose("train", [], TrainConfig).tree)


def problems(record, **changed):
    """Problems after changing dotted keys, written with `__`; `...` removes a key."""
    record = copy.deepcopy(record)
    for key, value in changed.items():
        *path, last = key.split("__")
        node = record
        for part in path:
            node = node[part]
        if value is ...:
            del node[last]
        else:
            node[last] = value
    try:
        validate(record, TrainConfig)
    except UsageError as error:
        return list(error.problems)
    return []


def test_the_shipped_config_is_valid(record):
    assert problems(record) == []


@pytest.mark.parametrize(
    ("changed", "expected"),
    [
        ({"seed": "1"}, "seed=1: must be a valid integer"),
        ({"data__val_fraction": 1.0}, "data.val_fraction=1.0: must be less than 1"),
        ({"data__split": "half"}, "data.split=half: must be 'random' or 'blocks'"),
        ({"monitor": ...}, "monitor: is missing"),
        ({"sead": 1}, "sead: no such key; did you mean seed?"),
        ({"model__widths": [0]}, "model.widths=[0]: must be greater than or equal to 1"),
        ({"model__width": [8]}, "model.width: Compact has no such argument; did you mean model.widths?"),
        ({"data__archives": "x"}, "data.archives: no such key; did you mean data.archive?"),
        ({"model__num_classes": 3}, "model.num_classes=3: is the number of classes of the data; leave it out"),
        ({"trainer__logger": False}, "trainer.logger=False: loggers are chosen by the group logger"),
        ({"trainer__max_time": "90 minutes"}, "trainer.max_time=90 minutes: must be days:hours:minutes:seconds"),
        ({"trainer__max_time": "00:00:00:00"}, "trainer.max_time=00:00:00:00: must be days:hours:minutes:seconds"),
        ({"trainer__max_steps": 0}, "trainer.max_steps=0: must be "),
        ({"trainer__min_epochs": 99}, "trainer.min_epochs=99: must not be above trainer.max_epochs=10"),
        (
            {"trainer__gradient_clip_algorithm": "agc"},
            "trainer.gradient_clip_algorithm=agc: must be 'norm' or 'value'",
        ),
        ({"model___target_": "torch.nn.Nothing"}, "model._target_=torch.nn.Nothing: cannot be imported"),
        ({"data__fold": 2}, "data.fold=2: needs data.folds"),
        ({"data__fold": 7, "data__folds": 5}, "data.fold=7: must be below data.folds=5"),
        ({"data__batch_size": 90_000}, "data.batch_size=90000: more than the 70380 training images; choose 70380"),
    ],
)
def test_a_problem_is_one_line_that_begins_with_the_key(record, changed, expected):
    (line,) = problems(record, **changed)
    assert line.startswith(expected)


def test_a_schedule_s_keys_without_a_schedule_have_no_effect(record):
    lines = problems(record, scheduler={"max_lr": 1.0, "interval": "step"})
    assert lines == ["scheduler.max_lr: has no effect without a scheduler; set scheduler=..."]
    assert problems(record, scheduler={"interval": "step"}) == []


def test_a_plateau_follows_whole_epochs_and_a_metric(record):
    plateau = {"_target_": "torch.optim.lr_scheduler.ReduceLROnPlateau", "mode": "min", "interval": "step"}
    (line,) = problems(record, scheduler=plateau)
    assert line.startswith("scheduler.interval=step: must be epoch")
    (line,) = problems(record, scheduler=plateau | {"interval": "epoch"}, monitor="epoch")
    assert line.startswith("monitor=epoch: cannot be followed by a scheduler or a callback")


def test_a_wrong_value_is_reported_once_though_others_depend_on_it(record):
    assert problems(record, optimizer__lr=-1.0, scheduler__max_lr=-1.0) == [
        "optimizer.lr=-1.0: must be greater than 0"
    ]


def test_a_module_of_one_s_own_that_fails_to_import_is_reported(record, tmp_path, monkeypatch):
    (tmp_path / "own_failing.py").write_text("class Net:\n    def __init__(self, num_classes): ...\n1 / 0\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    (line,) = problems(record, model={"_target_": "own_failing.Net"})
    assert line == "model._target_=own_failing.Net: cannot be imported (division by zero)"


def test_a_logger_that_is_not_installed_names_the_extra(record, monkeypatch):
    monkeypatch.setattr(
        "akshar.extras.find_spec", lambda package: None if package in ("mlflow", "wandb") else package
    )
    logger = {"mlflow": {"_target_": "pytorch_lightning.loggers.MLFlowLogger"}}
    logger["wandb"] = {"_target_": "pytorch_lightning.loggers.WandbLogger"}
    assert problems(record, logger=logger) == [
        "logger.mlflow: needs mlflow; get it with  pip install 'akshar[mlflow]'",
        "logger.wandb: needs wandb; get it with  pip install 'akshar[wandb]'",
    ]


def test_arguments_of_loggers_are_checked_and_the_run_s_folder_is_not_missing(record):
    csv = {"_target_": "pytorch_lightning.loggers.CSVLogger"}
    assert problems(record, logger={"csv": csv, "none": None}) == []
    assert problems(record, logger={"csv": csv | {"nmae": "x"}}) == [
        "logger.csv.nmae: CSVLogger has no such argument; did you mean logger.csv.name?"
    ]


def test_the_batch_size_is_not_compared_for_blocks(record):
    assert problems(record, data__batch_size=90_000, data__split="blocks") == []
