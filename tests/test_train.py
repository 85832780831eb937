"""`akshar train` from end to end, small but real: what a run does and what it leaves."""

import csv
import json
import math
import signal
import subprocess
import sys
from itertools import pairwise

import numpy as np
import pytest
import torch
from conftest import TINY, write_picture
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from akshar.cli import main
from akshar.models.classifier import Classifier
from akshar.models.metrics import wilson_interval
from akshar.runs.checkpoint import KEY, net_weights, read_checkpoint

LEFT_BEHIND = {
    ".hydra",
    "checkpoints",
    "config.yaml",
    "figures",
    "history.csv",
    "predictions",
    "result.json",
    "run.log",
    "split.json",
    "status.json",
}


def events(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"images": 0})
    accumulator.Reload()
    return accumulator


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """One finished run, for all that is only looked at."""
    place = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["train", *TINY, "seed=3"]) == 0
    (folder,) = place.glob("outputs/train/*")
    return json.loads((folder / "result.json").read_text()), folder


def test_the_folder_holds_what_the_design_says(finished):
    result, folder = finished
    names = {path.name for path in folder.iterdir()}
    assert {name for name in names if not name.startswith("events.out.tfevents")} == LEFT_BEHIND
    assert len(names) > len(LEFT_BEHIND)
    assert {path.name for path in (folder / "checkpoints").iterdir()} == {"best.ckpt", "last.ckpt"}
    assert json.loads((folder / "status.json").read_text())["status"] == "completed"
    split = json.loads((folder / "split.json").read_text())
    assert split["digest"] == result["data"]["split_digest"]
    assert len(split["val"]) == result["data"]["val"] == 92
    for name in ("curves", "train_batch", "predictions"):
        assert Image.open(folder / "figures" / f"{name}.png").width > 600


def test_the_result_says_what_the_predictions_say(finished):
    result, folder = finished
    for part, said in (("test", result["test"]), ("val", result["best"])):
        saved = np.load(folder / "predictions" / f"{part}.npz")
        logits, labels = saved["logits"].astype(np.float64), saved["labels"]
        correct = int((logits.argmax(1) == labels).sum())
        likelihood = logits[np.arange(len(labels)), labels] - np.log(np.exp(logits).sum(1))
        prefix = "val_" if part == "val" else ""
        assert said[f"{prefix}accuracy"] == correct / len(labels)
        assert said[f"{prefix}loss"] == pytest.approx(-likelihood.mean(), rel=1e-6)
    assert result["test"]["total"] == 230
    assert result["test"]["interval_95"] == list(wilson_interval(result["test"]["correct"], 230))
    assert result["fit"]["epochs"] == 2
    assert result["fit"]["steps"] == 2 * math.ceil(828 / 64)
    assert result["data"] | {"digest": "", "split_digest": ""} == {
        "source": "glyphs", "subset": "all", "classes": 46, "train": 828, "val": 92, "test": 230,
        "digest": "", "split_digest": "",
    }  # fmt: skip
    assert result["provenance"]["versions"]["torch"] == torch.__version__.split("+")[0]


def test_the_best_epoch_is_the_one_with_the_least_validation_loss(finished):
    result, folder = finished
    with (folder / "history.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [row["epoch"] for row in rows] == ["1", "2"]
    losses = [float(row["loss/val"]) for row in rows]
    assert result["best"]["epoch"] == 1 + int(np.argmin(losses))
    assert result["best"]["val_loss"] == pytest.approx(min(losses), rel=1e-4)


def test_checkpoints_are_plain_data_that_say_what_they_are(finished):
    result, folder = finished
    for name in ("best", "last"):
        checkpoint = torch.load(folder / "checkpoints" / f"{name}.ckpt", weights_only=True)
        contents = checkpoint[KEY]
        assert contents["config"]["model"]["widths"] == [8, 16]
        assert contents["classes"][35] == "character_36_gya"
        assert contents["preprocessing"]["mean"] == 0.5
    assert read_checkpoint(folder)[KEY]["temperature"] == result["best"]["temperature"]
    learned = [
        value for name, value in net_weights(checkpoint).items() if "running" not in name and "num_" not in name
    ]
    assert sum(value.numel() for value in learned) == result["model"]["parameters"]


def test_tensorboard_shows_curves_images_and_hyperparameters(finished):
    result, folder = finished
    shown = events(folder)
    tags = shown.Tags()
    assert {"loss/train", "loss/val", "accuracy/train", "accuracy/val", "lr", "accuracy/test"} <= set(
        tags["scalars"]
    )
    assert [event.step for event in shown.Scalars("loss/val")] == [1, 2]
    assert set(tags["images"]) == {"train_batch", "predictions"}
    assert "custom_scalars__config__" in tags["tensors"]
    hyperparameters = shown.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    assert b"optimizer.lr" in hyperparameters
    assert shown.Scalars("best/accuracy/val")[0].value == pytest.approx(result["best"]["val_accuracy"])
    assert "hp_metric" not in tags["scalars"]


def test_the_same_seed_gives_the_same_figures_and_another_gives_others(train, finished):
    first, _ = finished
    again, _ = train(*TINY, "seed=3")
    other, _ = train(*TINY, "seed=4")
    for part in ("best", "test", "data", "model", "config_hash"):
        assert again[part] == first[part]
    assert other["best"]["val_loss"] != first["best"]["val_loss"]
    assert other["data"] == first["data"]
    assert other["config_hash"] != first["config_hash"]


def test_the_terminal_ends_with_what_a_person_wants_to_know(workplace, capfd):
    assert main(["train", *TINY]) == 0
    lines = capfd.readouterr().err.strip().splitlines()
    assert lines[0].startswith("glyphs-compact: compact with ")
    assert [line.split()[1] for line in lines if line.startswith("epoch")] == ["1/2", "2/2"]
    kept, tested, folder, look = lines[-4:]
    assert kept.startswith("kept           epoch ")
    assert "95 % interval" in tested
    assert folder.startswith("run folder     outputs/train/20")
    assert "tensorboard --logdir outputs/train/20" in look
    assert not any("warn" in line.lower() for line in lines)


def test_without_the_test_set(train):
    result, folder = train(*TINY, "test=false", "logger=none")
    assert result["test"] is None
    assert not (folder / "predictions" / "test.npz").exists()
    assert not (folder / "history.csv").exists()
    assert not list(folder.glob("events*"))


def test_history_alone(train):
    _, folder = train(*TINY, "logger=csv")
    assert (folder / "history.csv").exists()
    assert not list(folder.glob("events*"))


def test_another_monitor_chooses_another_epoch(train):
    result, folder = train(*TINY, "monitor=accuracy/val", "optimizer.lr=0.02", "trainer.max_epochs=3")
    with (folder / "history.csv").open() as file:
        accuracies = [float(row["accuracy/val"]) for row in csv.DictReader(file)]
    assert result["best"]["epoch"] == 1 + int(np.argmax(accuracies))


def rows_of(folder, *columns):
    with (folder / "history.csv").open() as file:
        return [tuple(float(row[column]) for column in columns) for row in csv.DictReader(file)]


def test_the_average_of_the_weights_is_what_is_kept_and_tested(train):
    result, folder = train(*TINY, "callbacks=ema", "callbacks.ema.decay=0.9", "scheduler=none")
    checkpoint = read_checkpoint(folder)
    averaged, current = net_weights(checkpoint), net_weights({"state_dict": checkpoint["current_model_state"]})
    assert not torch.equal(averaged["classifier.weight"], current["classifier.weight"])
    # The figures of the weights in best.ckpt are those that were logged:
    assert result["best"]["val_loss"] == pytest.approx(min(rows_of(folder, "loss/val"))[0], rel=1e-4)


def test_early_stopping_stops(train):
    still = ("optimizer=sgd", "optimizer.lr=1e-12", "scheduler=none", "trainer.max_epochs=9")
    result, _ = train(*TINY, *still, "callbacks=early_stopping", "callbacks.early_stopping.patience=1")
    assert result["fit"]["epochs"] < 9


def test_the_plateau_follows_the_monitor_s_direction(train):
    rising = ("monitor=accuracy/val", "scheduler=plateau", "scheduler.patience=0", "trainer.max_epochs=4")
    _, folder = train(*TINY, *rising, "optimizer.lr=0.01")
    rows = rows_of(folder, "accuracy/val", "lr")
    best = 0.0
    for (accuracy, rate), (_, next_rate) in pairwise(rows):
        assert (next_rate < rate) == (accuracy <= best)
        best = max(best, accuracy)


def test_the_kept_epoch_is_the_best_also_when_training_gets_worse(train):
    worse = ("optimizer=sgd", "optimizer.lr=0.3", "scheduler=none", "trainer.max_epochs=6")
    result, folder = train(*TINY, *worse)
    losses = [loss for (loss,) in rows_of(folder, "loss/val")]
    assert result["best"]["epoch"] == 1 + int(np.argmin(losses))
    assert result["best"]["val_loss"] == pytest.approx(min(losses), rel=1e-4)


@pytest.mark.parametrize("scheduler", ["cosine", "plateau", "none"])
def test_every_schedule_trains(train, scheduler):
    result, folder = train(*TINY, f"scheduler={scheduler}", "trainer.max_epochs=2")
    with (folder / "history.csv").open() as file:
        rates = [float(row["lr"]) for row in csv.DictReader(file)]
    assert (rates[-1] < 1e-4) == (scheduler == "cosine")
    assert result["status"] == "completed"


@pytest.mark.parametrize("precision", ["bf16-mixed", "bf16-true", "64-true"])
def test_every_precision_trains_with_clipped_gradients(train, precision):
    result, _ = train(*TINY, f"trainer.precision={precision}", "trainer.gradient_clip_val=0.5", "debug=smoke")
    assert result["fit"]["precision"] == precision
    assert math.isfinite(result["test"]["loss"])


def test_gradients_are_clipped_to_the_norm():
    classifier = Classifier(torch.nn.Linear(4, 2))
    for parameter in classifier.parameters():
        parameter.grad = torch.full_like(parameter, 10.0)
    classifier.configure_gradient_clipping(torch.optim.SGD(classifier.parameters(), lr=1), gradient_clip_val=0.5)
    norm = torch.cat([parameter.grad.flatten() for parameter in classifier.parameters()]).norm()
    assert norm == pytest.approx(0.5, rel=1e-4)


def test_folds_and_blocks(train):
    first, _ = train(*TINY, "data.folds=4", "data.fold=0")
    other, _ = train(*TINY, "data.folds=4", "data.fold=1")
    assert first["data"]["val"] == other["data"]["val"] == 46 * 5
    assert first["data"]["split_digest"] != other["data"]["split_digest"]
    blocks, _ = train(*TINY, "data.split=blocks")
    assert blocks["data"]["val"] == 92
    assert blocks["data"]["split_digest"] not in (first["data"]["split_digest"], other["data"]["split_digest"])


def test_a_sweep_goes_on_after_a_failure_and_does_not_end_well(workplace):
    assert main(["train", "-m", *TINY, "seed=1,2", "data.batch_size=64,5000"]) == 2
    statuses = [
        json.loads(path.read_text())["status"]
        for path in sorted(workplace.glob("outputs/multirun/*/*/status.json"))
    ]
    assert sorted(statuses) == ["completed", "completed", "failed", "failed"]


def test_trained_weights_are_a_start_also_for_other_classes(train, finished, workplace):
    _, folder = finished
    for shape, name in enumerate(("bar", "cross")):
        for number in range(30):
            write_picture(workplace / "mine" / name / f"{number}.png", shape, size=40 + number)
    mine = [*TINY[3:], "data=folder", "data.root=mine", f"init_from={folder}", "data.batch_size=16"]
    result, run = train(*mine)
    assert result["data"]["classes"] == 2
    assert "new for these classes: classifier.weight, classifier.bias" in (run / "run.log").read_text()
    _, run = train(*TINY, f"init_from={folder}", "optimizer.lr=1e-9")
    started, learned = (net_weights(read_checkpoint(path)) for path in (folder, run))
    for name, _ in learned.items():
        if name.endswith("weight"):
            assert torch.allclose(started[name], learned[name], atol=1e-4)


def test_a_person_s_own_network_augmentation_schedule_and_callback(train, workplace, monkeypatch):
    (workplace / "mine.py").write_text(
        "import torch\n"
        "from pytorch_lightning import Callback\n"
        "class Net(torch.nn.Module):\n"
        "    def __init__(self, num_classes, hidden=8):\n"
        "        super().__init__()\n"
        "        self.layers = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(1024, hidden),\n"
        "                                          torch.nn.ReLU(), torch.nn.Linear(hidden, num_classes))\n"
        "    def forward(self, images):\n"
        "        return self.layers(images)\n"
        "def darken(strength):\n"
        "    return lambda images, generator: images * (1 - strength)\n"
        "def halve(optimizer):\n"
        "    return torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.5)\n"
        "class Note(Callback):\n"
        "    def on_train_end(self, trainer, pl_module):\n"
        "        open('note.txt', 'w').write('seen')\n"
    )
    monkeypatch.syspath_prepend(str(workplace))
    for group, text in {
        "model": "_target_: mine.Net\nhidden: 8\n",
        "augment": "_target_: mine.darken\nstrength: 0.1\n",
        "scheduler": "_target_: mine.halve\n_partial_: true\ninterval: epoch\n",
        "callbacks": "note:\n  _target_: mine.Note\n",
    }.items():
        (workplace / "my conf" / group).mkdir(parents=True)
        (workplace / "my conf" / group / "mine.yaml").write_text(text)
    own = [
        "--config-dir",
        "my conf",
        "model=mine",
        "augment=mine",
        "scheduler=mine",
        "callbacks=mine",
        "model.hidden=12",
    ]
    result, folder = train(*TINY[:6], *own)
    assert result["model"] == {"name": "net", "parameters": 1024 * 12 + 12 + 12 * 46 + 46}
    assert (workplace / "note.txt").read_text() == "seen"
    with (folder / "history.csv").open() as file:
        assert [float(row["lr"]) for row in csv.DictReader(file)] == [0.004, 0.002]
    assert main(["train", *TINY[:6], *own, "+model.hiden=3"]) == 2


def test_an_interrupt_is_told_and_recorded(workplace):
    command = [sys.executable, "-m", "akshar", "train", *TINY, "trainer.max_epochs=100000"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("epoch      2"):  # the first epoch's checkpoints are written by now
            break
    process.send_signal(signal.SIGINT)
    rest = process.stderr.read()
    assert process.wait(60) == 130
    assert "interrupted; what was finished lies in " in rest
    assert "Traceback" not in rest
    (folder,) = workplace.glob("outputs/train/*")
    assert json.loads((folder / "status.json").read_text())["status"] == "interrupted"
    assert read_checkpoint(folder)[KEY]["classes"]
