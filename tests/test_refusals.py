"""What cannot be done is refused before work begins: one clear line a problem, exit code 2 or 1."""

import json
from pathlib import Path

import pytest
from conftest import TINY, write_picture
from test_resume import figures

from akshar.cli import main

WRONG = [
    (["optimizer.lrr=1"], "optimizer.lrr: no such key; did you mean optimizer.lr?"),
    (["sed=3"], "sed: no such key; did you mean seed?"),
    (["+typo=1"], "typo: no such key"),
    (["+data.batchsize=1"], "data.batchsize: no such key; did you mean data.batch_size?"),
    (["+model.droput=0.1"], "model.droput: Compact has no such argument; did you mean model.dropout?"),
    (
        ["+trainer.max_epoch=1"],
        "trainer.max_epoch: Trainer has no such argument; did you mean trainer.max_epochs?",
    ),
    (["trainer.logger=false"], "trainer.logger=False: loggers are chosen by the group logger"),
    (["model=tutorail"], "model=tutorail: no such choice; did you mean tutorial?"),
    (["experiment=nothing"], "experiment=nothing: no such choice (choices: compact, "),
    (["debug=true"], "debug=True: no such choice (choices: smoke)"),
    (["data.batch_size=abc"], "data.batch_size=abc: must be a valid integer"),
    (["data.batch_size=12.5"], "data.batch_size=12.5: must be a valid integer"),
    (["data.batch_size=0"], "data.batch_size=0: must be greater than 0"),
    (["data.val_fraction=1.5"], "data.val_fraction=1.5: must be less than 1"),
    (["data.folds=5", "data.fold=5"], "data.fold=5: must be below data.folds=5"),
    (["data.folds=1"], "data.folds=1: must be greater than or equal to 2"),
    (["data.split=random_block"], "data.split=random_block: must be 'random' or 'blocks'"),
    (["data.subset=numbers"], "data.subset=numbers: must be 'all', 'digits' or 'letters'"),
    (["optimizer.lr=-1"], "optimizer.lr=-1: must be greater than 0"),
    (["optimizer=sgd", "optimizer.momentum=1"], "optimizer.momentum=1: must be less than 1"),
    (["model.dropout=2"], "model.dropout=2: must be less than 1"),
    (["model.widths=[8,0]"], "model.widths=[8, 0]: must be greater than or equal to 1"),
    (["augment.rotation=-5"], "augment.rotation=-5: must be greater than or equal to 0"),
    (["augment.scale=[0.9]"], "augment.scale=[0.9]: "),
    (
        ["monitor=loss/vall"],
        "monitor=loss/vall: no such metric; did you mean loss/val? (choices: loss/val, accuracy/val, loss/train, ",
    ),
    (["monitor=f1/val"], "monitor=f1/val: no such metric"),
    (["metrics=[f1,tpo5]"], "metrics=tpo5: no such choice; did you mean top5?"),
    (["metrics=f1", "monitor=f1/test"], "monitor=f1/test: no such metric (choices: loss/val, "),
    (["metrics=f1", "metrics.f1.num_classes=3"], "metrics.f1.num_classes=3: is the number of classes of the data"),
    (["+metrics.loss._target_=torchmetrics.MeanMetric"], "metrics.loss: the name must be letters, digits and _"),
    (["+metrics.x._target_=torchmetrics.Acuracy"], "metrics.x._target_=torchmetrics.Acuracy: cannot be imported"),
    (
        ["+metrics.x._target_=torchmetrics.classification.MultilabelF1Score"],
        "metrics.x.num_labels: is missing; MultilabelF1Score needs it",
    ),
    (
        ["+metrics.x._target_=torchmetrics.classification.Accuracy", "monitor=x/val"],
        "monitor_mode=auto: x/val does not say which of its values are better; set monitor_mode=min or",
    ),
    (["monitor_mode=lowest"], "monitor_mode=lowest: must be 'min' or 'max'"),
    (["monitor=epoch", "scheduler=plateau"], "monitor=epoch: cannot be followed by a scheduler or a callback"),
    (["monitor=epoch", "callbacks=early_stopping"], "monitor=epoch: cannot be followed by a scheduler"),
    (["loss.label_smoothing=1"], "loss.label_smoothing=1: must be less than 1"),
    (["loss=focal", "loss.gamma=-1"], "loss.gamma=-1: must be greater than or equal to 0"),
    (["loss=focal", "loss.label_smoothing=0.1"], "loss.label_smoothing: no such key"),
    (["loss.weight=heavy"], "loss.weight=heavy: "),
    (["lr_factors={classifier:0}"], "lr_factors.classifier=0: must be greater than 0"),
    (["freeze=features"], "freeze=features: must be a valid list"),
    (["model=resnet18", "model.weights=DEFAULT"], "model.weights=DEFAULT: must be null, or what is trained cannot"),
    (["monitor=criterion/val"], "monitor=criterion/val: no such metric"),
    (["seed=-1"], "seed=-1: must be greater than or equal to 0"),
    (["trainer.max_epochs=0"], "trainer.max_epochs=0: must be greater than 0"),
    (["trainer.precision=17"], "trainer.precision=17: must be "),
    (["trainer.accelerator=quantum"], "trainer.accelerator=quantum: "),
    (
        ["model._target_=nowhere.Net"],
        "model._target_=nowhere.Net: cannot be imported (No module named 'nowhere'; install it, or put",
    ),
    (
        ["model._target_=akshar.models.compact.Net"],
        "model._target_=akshar.models.compact.Net: cannot be imported",
    ),
    (["experiment=null"], "experiment=null: name a choice (choices: compact, "),
    (["seed=1,2"], "seed=1,2: several values need akshar train -m"),
    (["optimizer=[adamw,sgd]"], "optimizer: takes one choice"),
    (["optimizer.lr=inf"], "optimizer.lr=inf: must be a finite number"),
    (["seed=5000000000"], "seed=5000000000: must be less than 4294967296"),
    (["trainer.devices=0"], "trainer.devices=0: must be greater than 0"),
    (["data.val_fraction='0.1'"], "data.val_fraction=0.1: must be a valid number"),
    (["model.dropout=auto"], "model.dropout=auto: must be a valid number"),
    (["trainer.fast_dev_run=true"], "trainer.fast_dev_run=True: saves no checkpoint, so nothing could be tested"),
    (["scheduler=plateau", "scheduler.interval=step"], "scheduler.interval=step: must be epoch"),
    (["data=folder", "data.root="], "data.root=: String must have at least 1 character"),
    (["data=folder"], "data.root: must be given, as data.root=VALUE"),
    (["scheduler=none", "+scheduler.typo=1"], "scheduler.typo: has no effect without a scheduler"),
    (["trainer.strategy=fsdp"], "trainer.strategy=fsdp: choose auto, ddp or ddp_find_unused_parameters_true"),
    (["data.batch_size"], "'data.batch_size' is not a KEY=VALUE override"),
    (["quickstart"], "'quickstart' is not a KEY=VALUE override; did you mean experiment=quickstart?"),
    (["data.fold=1"], "data.fold=1: needs data.folds, the number of folds"),
    (["seed=(1"], "seed: Hydra cannot read 'seed=(1'"),
    (["--config-dir", "/nowhere", "seed=1"], "--config-dir /nowhere: no such folder"),
]


@pytest.mark.parametrize(("words", "line"), WRONG, ids=[" ".join(words) for words, _ in WRONG])
def test_a_wrong_word_is_one_line_that_names_it(words, line, refused, workplace):
    lines = refused("train", *words)
    assert len(lines) == 1, lines
    assert line in lines[0]
    assert not (workplace / "outputs").exists()


def test_several_problems_are_named_at_once(refused):
    lines = refused(
        "train",
        "optimizer.lrr=1",
        "+typo=1",
        "data.val_fraction=2",
        "model=tutorail",
        "seed=x",
        "data.fold=-1",
    )
    for key in ("optimizer.lrr", "typo", "data.val_fraction", "model=tutorail", "seed", "data.fold"):
        assert any(key in line for line in lines), key


def test_an_unknown_verb_and_option(refused):
    assert "no such command: trian; did you mean train?" in refused("trian")[0]
    assert "--colour: no such option" in refused("train", "--colour")[0]


def test_data_that_is_missing_or_broken(refused, workplace):
    assert "data.archive=nowhere.zip: no such file" in refused("train", "data.archive=nowhere.zip", exit_code=1)[0]
    (workplace / "चित्र (1).zip").write_text("no zip")
    assert "चित्र (1).zip: not a zip" in refused("train", "data.archive=चित्र (1).zip", exit_code=1)[-1]
    assert (
        "data.root=nowhere: no such folder" in refused("train", "data=folder", "data.root=nowhere", exit_code=1)[0]
    )


def test_a_failure_is_recorded_in_the_run_s_own_folder(refused, workplace):
    refused("train", "data=folder", "data.root=nowhere", exit_code=1)
    (folder,) = workplace.glob("outputs/train/*")
    assert '"status": "failed"' in (folder / "status.json").read_text()
    assert "Traceback" in (folder / "run.log").read_text()
    assert not (folder / "result.json").exists()


def test_data_and_settings_that_do_not_fit(refused, workplace):
    for shape, name in enumerate(("bar", "cross")):
        for number in range(12):
            write_picture(workplace / "mine" / "test" / name / f"{number}.png", shape)
    mine = ("data=folder", "data.root=mine")
    assert "no training images" in refused("train", *TINY[3:], *mine)[0]
    (workplace / "mine" / "test").rename(workplace / "mine" / "train")
    assert "data.batch_size=256: more than the 18" in refused("train", *mine)[0]
    assert "init_from=nowhere" in refused("train", *TINY, "init_from=nowhere")[0]


def test_a_folder_that_holds_a_run_is_left_as_it_is(train, refused):
    _, folder = train(*TINY, "hydra.run.dir=outputs/train/mine")
    before = {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    assert "holds a run" in refused("train", *TINY, "hydra.run.dir=outputs/train/mine")[0]
    assert {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()} == before


def test_a_loss_that_is_no_number_ends_the_run(refused, workplace):
    lines = refused("train", *TINY, "optimizer=sgd", "scheduler=none", "optimizer.lr=1e20", exit_code=1)
    assert lines[-1].startswith("error: the loss is ")
    assert "in epoch 1, step 2, at lr 1e+20; try a smaller optimizer.lr" in lines[-1]
    (folder,) = workplace.glob("outputs/train/*")
    assert '"status": "diverged"' in (folder / "status.json").read_text()


def test_own_parts_that_do_not_fit_are_named(refused, workplace, monkeypatch):
    (workplace / "odd.py").write_text(
        "import torch\n"
        "def few(num_classes):\n    return torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, 3))\n"
        "def number(num_classes):\n    return 3\n"
        "class NoCallback:\n    pass\n"
    )
    monkeypatch.syspath_prepend(str(workplace))
    for name, text in {"few": "_target_: odd.few", "number": "_target_: odd.number", "none": "width: 3"}.items():
        (workplace / "own" / "model").mkdir(parents=True, exist_ok=True)
        (workplace / "own" / "model" / f"{name}.yaml").write_text(text)
    (workplace / "own" / "callbacks").mkdir()
    (workplace / "own" / "callbacks" / "odd.yaml").write_text("odd:\n  _target_: odd.NoCallback")
    own = ("train", *TINY[:6], "--config-dir", "own")
    assert "model: returns (2, 3) for 2 images; must be (2, 46)" in refused(*own, "model=few")[-1]
    assert "model: must be an nn.Module, not int" in refused(*own, "model=number")[-1]
    assert "model._target_: is missing" in refused(*own, "model=none")[-1]
    assert "NoCallback is not a Callback of pytorch_lightning" in refused(*own, "callbacks=odd")[-1]


def test_a_callback_may_call_sys_exit(refused, workplace, monkeypatch, fault):
    (workplace / "leaving.py").write_text(
        "import sys\nfrom pathlib import Path\nfrom pytorch_lightning import Callback\n"
        "class Leaving(Callback):\n    def on_train_epoch_start(self, trainer, module):\n"
        "        if trainer.current_epoch and Path('leave').exists():\n"
        "            sys.exit(*map(int, Path('leave').read_text()))\n"
    )
    monkeypatch.syspath_prepend(str(workplace))
    words = [*TINY, "callbacks.leaving._target_=leaving.Leaving", "hydra.run.dir=run"]
    Path("leave").write_text("3")
    lines = refused("train", *words, exit_code=3)
    assert "error: sys.exit(3) was called before the run was complete" in lines
    assert lines[-1] == "error: once that is fixed, resume with  akshar train resume=run --trust leaving"
    status = json.loads(Path("run/status.json").read_text())
    assert (status["status"], status["epoch"]) == ("failed", 1)
    Path("leave").write_text("")
    lines = refused("train", "resume=run", "--trust", "leaving", exit_code=1)
    assert "error: sys.exit() was called before the run was complete" in lines
    Path("leave").unlink()
    assert main(["train", "resume=run", "--trust", "leaving"]) == 0
    assert main(["train", *words[:-1], "hydra.run.dir=other"]) == 0
    assert figures(Path("run")) == figures(Path("other"))
    fault(
        "a callback that calls `sys.exit()` during training",
        "the run has failed, with exit code 1 or the one given; it resumes to the same end",
    )


@pytest.mark.parametrize("way", ["key", "environment"])
def test_the_traceback_is_shown_when_asked_for(way, workplace, capfd, monkeypatch):
    words = ["train", "data=folder", "data.root=nowhere"]
    if way == "environment":
        monkeypatch.setenv("HYDRA_FULL_ERROR", "1")
    else:
        words.append("traceback=true")
    assert main(words) == 1
    assert "Traceback" in capfd.readouterr().err


def test_a_small_folder_and_a_schedule_that_cannot_be_planned_for_it(refused, workplace):
    for shape, name in enumerate(("bar", "cross")):
        for number in range(28):
            write_picture(workplace / "mine" / name / f"{number}.png", shape, size=40 + number)
    words = [*TINY[5:], "data=characters", "data.root=mine", "data.batch_size=8", "trainer.max_epochs=1"]
    line = refused("train", *words)[-1]
    assert line.startswith("error: scheduler: cannot be planned for the 5 optimizer steps of this run (")
    assert line.endswith("; raise trainer.max_epochs, lower data.batch_size, or set scheduler=none")
    assert main(["train", *words, "scheduler=none"]) == 0
