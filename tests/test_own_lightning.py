"""LightningDataModules and LightningModules of one's own, as docs/your-own-lightning.md shows them."""

import json
import os
import re
import signal
from pathlib import Path

import pytest
import torch
import yaml

from akshar.cli import main
from akshar.training.callbacks.progress import Progress

PAGE = (Path(__file__).parents[1] / "docs" / "your-own-lightning.md").read_text(encoding="utf-8")
CODE = re.findall(r"```python\n# (\w+\.py)\n(.*?)```", PAGE, re.S)
# Modules that differ from the page's in one thing each
OTHERS = '''
import pytorch_lightning as pl
from my_lightning import Bars
from my_steps import Steps
from torch.utils.data import DataLoader, default_collate


class Exact(Bars):
    """Its training loader can go on within an epoch, in an order that follows from the epoch."""

    def train_dataloader(self):
        return Going(self.train, self.batch_size)


class Going:
    def __init__(self, dataset, batch_size):
        self.dataset, self.batch_size, self.given, self.first, self.epoch = dataset, batch_size, 0, 0, 0

    sampler = batch_sampler = property(lambda self: self)

    def set_epoch(self, epoch):
        self.epoch = epoch

    def __len__(self):
        return len(self.dataset) // self.batch_size

    def __iter__(self):
        first, self.first = self.first, 0
        for number in range(first, len(self)):
            self.given = number + 1
            start = 7 * self.epoch + number * self.batch_size
            chosen = range(start, start + self.batch_size)
            yield default_collate([self.dataset[position % len(self.dataset)] for position in chosen])

    def state_dict(self):
        return {"given": self.given}

    def load_state_dict(self, state):
        self.first = state["given"]


class Bare(Bars):
    """Says nothing of its images."""

    classes = input_spec = None
    num_classes = 2


class Unnumbered(Bare):
    num_classes = None


class Named(Bars):
    """Gives batches that are dicts."""

    def train_dataloader(self):
        return self.named(self.train)

    def val_dataloader(self):
        return self.named(self.val)

    def named(self, part):
        return DataLoader([{"image": image, "label": label} for image, label in part], 32)


class Misdescribed(Bars):
    input_spec = Bars.input_spec.__class__(1, 16, 16, "light on dark", framing="none", border=0, mean=0.1, std=0.3)


class WithoutVal(pl.LightningDataModule):
    def train_dataloader(self):
        return []


class Configured(Steps):
    """Leaves the optimizer to the config, and saves its hyperparameters."""

    def __init__(self, num_classes, width=8):
        super().__init__(num_classes, width=width)
        self.save_hyperparameters()

    configure_optimizers = pl.LightningModule.configure_optimizers


class Compressed(Steps):
    """Its forward gives something else than logits."""

    def forward(self, images):
        return super().forward(images).mean(1)

    def training_step(self, batch, batch_idx):
        return self(batch[0]).square().mean()

    def validation_step(self, batch, batch_idx):
        self.log("size", self(batch[0]).square().mean())

    def test_step(self, batch, batch_idx):
        self.log("size/test", self(batch[0]).square().mean())


class WithoutTraining(pl.LightningModule):
    pass


class WithoutValidation(Steps):
    validation_step = pl.LightningModule.validation_step


class Untrained(Steps):
    """Logs nothing in training."""

    def training_step(self, batch, batch_idx):
        return self(batch[0]).mean()
'''
FAST = ("trainer.max_epochs=3", "trainer.precision=32-true")
SMALL = (*FAST, "model.widths=[8]", "model.blocks=[0]")
TRUST = [word for name in ("my_lightning", "my_steps", "my_others") for word in ("--trust", name)]


def data(name):
    module = "my_lightning" if name == "Bars" else "my_others"
    return ("data=lightning", f"data._target_={module}.{name}")


def model(name, monitor="f1/val"):
    module = "my_steps" if name == "Steps" else "my_others"
    return ("model=lightning", f"model._target_={module}.{name}", f"monitor={monitor}")


@pytest.fixture
def own(workplace, monkeypatch):
    """Write the page's code and the other data modules as modules that can be imported."""
    for name, code in [*CODE, ("my_others.py", OTHERS)]:
        (workplace / name).write_text(code)
    monkeypatch.syspath_prepend(str(workplace))
    return workplace


def trained(*words, name="RUN"):
    small = FAST if "model=lightning" in words else SMALL
    assert main(["train", *small, *words, f"hydra.run.dir={name}"]) == 0
    return json.loads(Path(name, "result.json").read_text())


def test_a_network_is_trained_on_a_data_module_and_read_back(own, capfd):
    result = trained(*data("Bars"), "data.batch_size=16")
    shown = capfd.readouterr().err
    assert "resume: after the last whole epoch, because the training loader of Bars has no state_dict" in shown
    assert "uses code of your own: commands that read this run need  --trust my_lightning" in shown
    assert result["test"]["accuracy"] == 1
    assert result["classes"] == ["lying", "standing"]
    assert (result["data"]["train"], result["data"]["val"], result["data"]["test"]) == (480, 60, 60)
    assert (result["data"]["digest"], result["data"]["split_digest"]) == (None, None)
    assert not Path("RUN/split.json").exists()
    assert main(["test", "checkpoint=RUN", *TRUST, "hydra.run.dir=TEST"]) == 0
    assert json.loads(Path("TEST/result.json").read_text())["test"]["accuracy"] == 1
    assert main(["export", "RUN", "--format", "safetensors", *TRUST]) == 0
    assert "compared with the checkpoint on 30 test images of bars" in capfd.readouterr().out


@pytest.mark.slow
def test_the_report_shows_images_of_a_data_module(own):
    trained(*data("Bars"))
    assert main(["inspect", "RUN", *TRUST]) == 0
    assert "<title>bars-compact" in Path("RUN/report.html").read_text()


PLATEAU = ("scheduler=plateau", "scheduler.patience=0", "scheduler.threshold=1")  # a lower rate after each epoch


@pytest.mark.parametrize(
    ("name", "further"),
    [
        ("Bars", ()),
        ("Exact", ()),
        ("Exact", model("Configured")),
        ("Bars", (*model("Configured"), "optimizer=sgd", "optimizer.lr=0.1", *PLATEAU)),
    ],
)
def test_a_resumed_run_is_the_one_that_was_not_interrupted(name, further, own):
    words = [*data(name), *further]
    trained(*words, name="WHOLE")
    begun = 0

    def stop(self, *_):
        nonlocal begun
        begun += 1
        if begun == 20:  # of 15 steps an epoch
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Progress, "on_train_batch_start", stop)
        assert main(["train", *(FAST if further else SMALL), *words, "hydra.run.dir=PART"]) == 130
    status = json.loads(Path("PART/status.json").read_text())
    assert (status["epoch"], status["step"]) == (1, 20 if name == "Exact" else 15)
    assert main(["train", "resume=PART", *TRUST]) == 0
    weights = [
        torch.load(f"{run}/checkpoints/last.ckpt", weights_only=True)["state_dict"] for run in ("WHOLE", "PART")
    ]
    for key, value in weights[0].items():
        assert torch.equal(value, weights[1][key]), key


def test_without_an_input_spec_a_run_is_only_tested(own, capfd, refused):
    result = trained(*data("Bare"))
    assert (
        "afterwards: only akshar test; predict, inspect and export need Bare.input_spec" in capfd.readouterr().err
    )
    assert result["classes"] == ["0", "1"]
    (line,) = refused("predict", "RUN", "x.png", *TRUST)
    assert line.startswith("error: RUN: reads no pictures")


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        (
            "Bars",
            ["data.batch_sise=3"],
            "data.batch_sise: no such key; did you mean data.batch_size?",
        ),
        (
            "Bars",
            ["checkpoint.every_n_steps=5"],
            "checkpoint.every_n_steps=5: needs a training loader with state_dict",
        ),
        ("Unnumbered", [], "data: Unnumbered has neither classes nor num_classes"),
        (
            "Named",
            [],
            "data: gives batches of type dict with the keys image, label; a network needs (images, labels)",
        ),
        (
            "Misdescribed",
            [],
            "data: Misdescribed.input_spec says mean 0.1 and std 0.3, by which its images are from",
        ),
        ("WithoutVal", [], "data: WithoutVal has no val_dataloader"),
        ("Missing", [], "data._target_=my_others.Missing: cannot be imported (module 'my_others' has no attribute"),
        (
            "Exact",
            ["trainer.devices=2", "trainer.accelerator=cpu"],
            "trainer.devices=2: Exact gives a Going, whose",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_training(name, words, expected, own, refused):
    line = refused("train", *SMALL, *data(name), *words, "hydra.run.dir=RUN")[-1]
    assert expected in line
    assert not Path("RUN/checkpoints/last.ckpt").exists()


def test_config_yaml_holds_the_arguments_alone(own):
    trained(*data("Bars"), "data.batch_size=16")
    record = yaml.safe_load(Path("RUN/config.yaml").read_text())
    assert record["data"] == {"_target_": "my_lightning.Bars", "batch_size": 16}


def test_a_module_of_one_s_own_is_trained_and_read_back(own, capfd):
    result = trained(*data("Bars"), *model("Steps"))
    shown = capfd.readouterr().err
    assert "optimizer, scheduler: these sections of the config have no effect, because Steps has its own" in shown
    assert "uses code of your own: commands that read this run need  --trust my_lightning --trust my_steps" in shown
    assert result["metrics"]["f1/test"] == result["test"]["accuracy"] == 1
    assert (result["best"]["monitor"], result["best"]["mode"]) == ("f1/val", "max")
    rows = Path("RUN/history.csv").read_text().splitlines()
    assert rows[0] == "epoch,step,lr,loss/train,loss/val,accuracy/train,accuracy/val,f1/val,seconds"
    losses = [float(row.split(",")[3]) for row in rows[1:]]
    assert losses == sorted(losses, reverse=True)  # those of the epoch that was validated, not of the one before
    assert main(["test", "checkpoint=RUN", *TRUST, "hydra.run.dir=TEST"]) == 0
    assert json.loads(Path("TEST/result.json").read_text())["test"]["accuracy"] == 1
    assert main(["export", "RUN", "--format", "safetensors", *TRUST]) == 0
    assert main(["compare", "RUN", "TEST"]) == 0


def test_without_configure_optimizers_the_config_s_are_used(own):
    trained(*data("Bars"), *model("Configured"), "optimizer=sgd", "optimizer.lr=0.5", "scheduler=none")
    assert Path("RUN/history.csv").read_text().splitlines()[1].split(",")[2] == "0.5"


def test_a_module_whose_forward_gives_no_logits_is_only_tested(own, capfd, refused):
    result = trained(*data("Bars"), *model("Compressed", "size"), "monitor_mode=min")
    assert "afterwards: only akshar test; predict, inspect and export need a forward" in capfd.readouterr().err
    assert result["test"] is None
    assert {"size", "size/test"} <= result["metrics"].keys()
    (line,) = refused("test", "checkpoint=RUN")
    assert line.endswith("names my_lightning.Bars; if you trust that package, add  --trust my_lightning")
    assert main(["test", "checkpoint=RUN", *TRUST, "hydra.run.dir=TEST"]) == 0
    tested = json.loads(Path("TEST/result.json").read_text())
    assert tested["metrics"] == pytest.approx({"size/test": result["metrics"]["size/test"]}, rel=0.01)
    (line,) = refused("predict", "RUN", "x.png", *TRUST)
    assert line.startswith("error: RUN: reads no pictures")


@pytest.mark.parametrize(
    ("name", "words", "expected"),
    [
        (
            "WithoutTraining",
            [],
            "model: WithoutTraining has no training_step; a LightningModule needs",
        ),
        ("WithoutValidation", [], "model: WithoutValidation has no validation_step"),
        (
            "Steps",
            ["monitor=f2/val", "monitor_mode=max"],
            "monitor=f2/val: Steps logs f1/val in validation",
        ),
        ("Steps", ["monitor=size"], "monitor_mode=auto: size does not say which of its values are better"),
        (
            "Steps",
            ["optimizer.lr=1"],
            "optimizer.lr: has no effect, because Steps has its own configure_",
        ),
        ("Steps", ["loss=focal"], "loss: has no effect, because Steps has its own steps; leave it out"),
        ("Steps", ["augment=none"], "augment: has no effect, because Bars makes its own batches; leave it out"),
        ("Steps", ["model.with=3"], "model.with: no such key; did you mean model.width?"),
        (
            "Untrained",
            ["monitor=loss/train"],
            "monitor=loss/train: Untrained did not log it in this epoch",
        ),
    ],
)
def test_a_module_that_does_not_fit_is_refused(name, words, expected, own, refused):
    line = refused("train", *FAST, *data("Bars"), *model(name), *words, "hydra.run.dir=RUN")[-1]
    assert expected in line
    assert not Path("RUN/checkpoints/last.ckpt").exists()


def test_a_class_of_another_lightning_is_refused(own, refused):
    (own / "my_foreign.py").write_text(
        "class Base:\n    __module__ = 'lightning.pytorch.core.module'\n\nclass Mine(Base):\n    pass\n"
    )
    for group in ("data", "model"):
        lines = refused("train", f"{group}=lightning", f"{group}._target_=my_foreign.Mine")
        assert lines == [
            f"error: {group}._target_=my_foreign.Mine: derives from the package lightning; akshar uses "
            "pytorch_lightning: import its base class from there"
        ]


@pytest.mark.slow
def test_a_module_of_one_s_own_on_akshar_s_data(own):
    words = ("data=glyphs", "data.train_per_class=20", "data.test_per_class=5", *model("Steps"))
    result = trained(*words)
    assert result["data"]["digest"]
    assert main(["inspect", "RUN", *TRUST]) == 0


@pytest.mark.slow
def test_a_sweep_s_table_shows_what_a_module_logs(own):
    assert main(["train", "-m", *FAST, *data("Bars"), *model("Steps"), "seed=1,2", "hydra.sweep.dir=SWEEP"]) == 0
    assert "f1/test" in Path("SWEEP/sweep.csv").read_text().splitlines()[0]


@pytest.mark.slow
def test_parts_of_one_s_own_train_on_two_devices(own, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", f"{own}:{Path(__file__).parents[1] / 'src'}")
    result = trained(*data("Bars"), *model("Steps"), "trainer.devices=2", "trainer.accelerator=cpu")
    assert result["fit"]["devices"] == 2
    assert result["fit"]["steps"] == 3 * 8  # 480 images, 32 on each device
    assert result["metrics"]["f1/test"] == 1
