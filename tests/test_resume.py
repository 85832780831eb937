"""A run that was stopped goes on as if it had not been: the same weights, curves and figures, bit for bit."""

import csv
import hashlib
import json
import os
from pathlib import Path

import pytest
import torch
from conftest import TINY
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from akshar.cli import main

BOMBED = [*TINY, "trainer.max_epochs=3", "model.dropout=0.2", "callbacks.bomb._target_=bomb.Bomb"]
BOMBED += ["checkpoint.every_n_steps=4", "optimizer.lr=0.02", "trainer.log_every_n_steps=3"]
BATCHES = 13  # of an epoch: 828 images in 64s


def weights(path):
    """Sha256 over a checkpoint's network, optimizer and averages."""
    checkpoint = torch.load(path, weights_only=True)
    digest = hashlib.sha256()
    averages = checkpoint.get("current_model_state", {})
    moments = [state for optimizer in checkpoint["optimizer_states"] for state in optimizer["state"].values()]
    for values in (checkpoint["state_dict"], averages, *moments):
        for name, value in sorted(values.items()):
            digest.update(name.encode())
            digest.update(torch.as_tensor(value).contiguous().view(-1).view(torch.uint8).numpy().data)
    return digest.hexdigest()


def figures(folder):
    """All that has to be the same, times apart."""
    result = json.loads((folder / "result.json").read_text())
    with (folder / "history.csv").open() as file:
        rows = [{key: value for key, value in row.items() if key != "seconds"} for row in csv.DictReader(file)]
    fit = {key: result["fit"][key] for key in ("epochs", "steps")}
    kept = ("status", "config_hash", "data", "model", "best", "metrics", "test", "config")
    events = EventAccumulator(str(folder))
    events.Reload()
    curves = {tag: [(event.step, event.value) for event in events.Scalars(tag)] for tag in events.Tags()["scalars"]}
    checkpoints = {name: weights(folder / "checkpoints" / f"{name}.ckpt") for name in ("best", "last")}
    return {"rows": rows, "fit": fit, "curves": curves, **checkpoints} | {key: result[key] for key in kept}


@pytest.fixture
def bombed(workplace, monkeypatch):
    """Runs some words until a bomb goes off; gives the folder."""
    monkeypatch.syspath_prepend(os.path.dirname(__file__))

    def run(*words, bomb, exit_code):
        monkeypatch.setenv("BOMB", bomb)
        assert main(["train", *words]) == exit_code
        assert "BOMB" not in os.environ, "the bomb did not go off"
        (folder,) = workplace.glob("outputs/train/*")
        assert not (folder / "result.json").exists()
        return folder

    return run


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Runs some words to their end, once; gives their figures."""
    known = {}

    def run(*words):
        if words not in known:
            with pytest.MonkeyPatch.context() as patch:
                patch.syspath_prepend(os.path.dirname(__file__))
                patch.chdir(tmp_path_factory.mktemp("undisturbed"))
                assert main(["train", *words, "hydra.run.dir=run"]) == 0
                known[words] = figures(Path("run"))
        return known[words]

    return run


@pytest.mark.parametrize(
    ("bomb", "exit_code"),
    [
        ("start 0 2 crash", 1),  # before anything was saved
        ("end 1 6 crash", 1),  # between checkpoints in an epoch
        pytest.param("start 2 4 crash", 1, marks=pytest.mark.slow),  # right after one
        pytest.param(f"end 1 {BATCHES - 1} crash", 1, marks=pytest.mark.slow),  # after an epoch's last step
        ("validation 1 0 crash", 1),
        ("fit 3 0 crash", 1),  # before the best is calibrated and tested
        ("end 0 5 SIGTERM", 143),
        (f"end 0 {BATCHES - 1} SIGTERM", 143),
        ("validation 2 0 SIGINT", 130),
        pytest.param("start 2 1 SIGUSR1", 143, marks=pytest.mark.slow),
    ],
)
def test_a_stopped_run_goes_on_to_the_same_end(bombed, undisturbed, bomb, exit_code):
    folder = bombed(*BOMBED, bomb=bomb, exit_code=exit_code)
    assert main(["train", "resume=latest", "--trust", "bomb"]) == 0
    assert figures(folder) == undisturbed(*BOMBED)


PLATEAU = ["scheduler=plateau", "scheduler.patience=1", "scheduler.threshold=1", "trainer.max_epochs=5"]
EARLY = ["callbacks=early_stopping", "callbacks.early_stopping.patience=1", "trainer.max_epochs=5"]
EARLY += ["callbacks.early_stopping.min_delta=1", "metrics=f1", "monitor=f1/val"]


@pytest.mark.parametrize(
    ("bomb", "words"),
    [
        ("end 2 2 crash", PLATEAU),
        pytest.param("start 2 0 crash", PLATEAU, marks=pytest.mark.slow),
        ("end 1 2 crash", EARLY),
        pytest.param("start 1 0 crash", EARLY, marks=pytest.mark.slow),
        pytest.param("fit 2 0 crash", EARLY, marks=pytest.mark.slow),
        pytest.param(
            "fit 2 0 crash",
            [*EARLY, "callbacks.early_stopping.check_on_train_epoch_end=false"],
            marks=pytest.mark.slow,
        ),
        ("end 1 6 crash", ["callbacks=ema", "callbacks.ema.decay=0.9"]),
        pytest.param(
            "start 1 0 crash",
            ["callbacks=ema", "callbacks.ema.decay=0.9", "monitor=accuracy/val"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "end 1 4 crash",
            ["trainer.accumulate_grad_batches=3", "checkpoint.every_n_steps=1"],
            marks=pytest.mark.slow,
        ),
        pytest.param("start 1 2 SIGTERM", ["trainer.accumulate_grad_batches=3"], marks=pytest.mark.slow),
        ("end 1 3 crash", ["trainer.max_steps=19"]),
        pytest.param("fit 2 0 crash", ["trainer.max_steps=19"], marks=pytest.mark.slow),
        pytest.param("validation 1 0 crash", ["trainer.max_steps=19"], marks=pytest.mark.slow),
        pytest.param("end 1 6 crash", ["trainer.limit_train_batches=9"], marks=pytest.mark.slow),
        pytest.param("start 1 0 crash", ["trainer.limit_train_batches=9"], marks=pytest.mark.slow),
        ("end 1 6 crash", ["trainer.precision=bf16-mixed", "trainer.gradient_clip_val=0.1"]),
        pytest.param(
            "start 1 0 crash",
            ["scheduler=cosine", "scheduler.interval=epoch", "monitor=accuracy/val"],
            marks=pytest.mark.slow,
        ),
        pytest.param(
            "end 1 6 crash", ["augment=strong", "optimizer=sgd", "scheduler=cosine"], marks=pytest.mark.slow
        ),
    ],
)
def test_whatever_has_a_state_goes_on(bombed, undisturbed, words, bomb):
    chosen = [*BOMBED, *words]
    folder = bombed(*chosen, bomb=bomb, exit_code={"crash": 1, "SIGTERM": 143}[bomb.split()[-1]])
    assert main(["train", f"resume={folder}", "--trust", "bomb"]) == 0
    assert figures(folder) == undisturbed(*chosen)
