"""`akshar train` from end to end, small but real: what a run does and what it leaves."""

import csv
import json
import math

import numpy as np
import pytest
import torch
from conftest import TINY
from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from akshar.cli import main
from akshar.metrics.intervals import wilson_interval
from akshar.runs.checkpoint import KEY, read_checkpoint

LEFT_BEHIND = {
    ".hydra",
    "checkpoints",
    "config.yaml",
    "figures",
    "history.csv",
    "predictions",
    "provenance.json",
    "result.json",
    "run.log",
    "split.json",
    "status.json",
}


def events(folder):
    accumulator = EventAccumulator(str(folder), size_guidance={"images": 0})
    accumulator.Reload()
    return accumulator


def test_the_folder_holds_what_the_design_says(finished):
    result, folder = finished
    names = {path.name for path in folder.iterdir()}
    shown = {name for name in names if not name.startswith(("events.out.tfevents", ".lock"))}
    assert shown - {"uncommitted.diff"} == LEFT_BEHIND  # the code under test may be changed
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
        "source": "glyphs", "subset": "all", "part": "test", "classes": 46, "train": 828, "val": 92, "test": 230,
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
        contents = torch.load(folder / "checkpoints" / f"{name}.ckpt", weights_only=True)[KEY]
        assert contents["network"]["widths"] == [8, 16]
        assert contents["network"]["in_channels"] == 1
        assert contents["classes"][35] == "character_36_gya"
        assert contents["input_spec"]["mean"] == 0.5
        assert contents["card"]["labels"]["character_36_gya"] == "ज्ञ"
    checkpoint = read_checkpoint(folder)
    assert checkpoint.contents.temperature == result["best"]["temperature"]
    learned = [value for name, value in checkpoint.weights.items() if "running" not in name and "num_" not in name]
    assert sum(value.numel() for value in learned) == result["model"]["parameters"]


def test_tensorboard_shows_curves_images_and_hyperparameters(finished):
    result, folder = finished
    shown = events(folder)
    tags = shown.Tags()
    assert {"loss/train", "loss/val", "accuracy/train", "accuracy/val", "lr", "accuracy/test"} <= set(
        tags["scalars"]
    )
    assert [event.step for event in shown.Scalars("loss/val")] == [13, 26]
    assert [event.step for event in shown.Scalars("step/loss")] == [1]
    assert set(tags["images"]) == {"train_batch", "predictions"}
    assert "custom_scalars__config__" in tags["tensors"]
    hyperparameters = shown.summary_metadata["_hparams_/session_start_info"].plugin_data.content
    assert b"optimizer.lr" in hyperparameters
    assert shown.Scalars("BEST/accuracy/val")[0].value == pytest.approx(result["best"]["val_accuracy"])
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
    assert kept.startswith("best epoch     ")
    assert "95 % interval" in tested
    assert folder.startswith("run folder     outputs/train/20")
    assert "tensorboard --logdir outputs/train/20" in look
    assert not any("warn" in line.lower() for line in lines)
