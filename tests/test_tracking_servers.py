"""MLflow and W&B for real: what they hold afterwards, read with their own readers, is what `result.json` says."""

import json
import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import TINY

from akshar.cli import main

BATCHES = 13  # of an epoch: 828 images in 64s
pytestmark = pytest.mark.slow

WORDS = [*TINY, "trainer.log_every_n_steps=5"]


@pytest.fixture
def client(workplace):
    """MLflow's client for the database of the working directory."""
    pytest.importorskip("mlflow")
    from mlflow.tracking import MlflowClient

    return lambda: MlflowClient(f"sqlite:///{workplace}/outputs/mlflow.db")  # MLflow keeps connections by address


def mlflow_runs(client):
    experiment = client.get_experiment_by_name("akshar")
    return client.search_runs([experiment.experiment_id], order_by=["attributes.start_time"])


def history(client, run, name):
    return [(point.step, point.value) for point in client.get_metric_history(run.info.run_id, name)]


def test_two_jobs_at_once_log_what_their_results_say_to_one_database(client, workplace):
    words = ["hydra/launcher=joblib", "hydra.launcher.n_jobs=2", "logger=[tensorboard,mlflow]", "seed=1,2"]
    assert main(["train", "-m", *WORDS, *words, "hydra.sweep.dir=sweep"]) == 0
    runs = {run.data.params["seed"]: run for run in mlflow_runs(client())}
    assert {*runs} == {"1", "2"}
    for number, folder in enumerate(sorted(workplace.glob("sweep/?")), start=1):
        result = json.loads((folder / "result.json").read_text())
        assert result["seed"] == number
        run = runs[str(number)]
        assert (run.info.status, run.info.run_name) == ("FINISHED", "glyphs-compact")
        assert run.data.params["run_folder"] == f"sweep/{folder.name}"
        logged = run.data.metrics
        assert logged["BEST/loss/val"] == result["best"]["val_loss"]
        assert logged["BEST/accuracy/val"] == result["best"]["val_accuracy"]
        assert logged["BEST/accuracy/test"] == logged["accuracy/test"] == result["test"]["accuracy"]
        assert logged["loss/test"] == result["test"]["loss"]
        assert [step for step, _ in history(client(), run, "loss/val")] == [BATCHES, 2 * BATCHES]
        assert [step for step, _ in history(client(), run, "step/loss")] == [1, 5, 10, 15, 20, 25]
        pictures = {file.path for file in client().list_artifacts(run.info.run_id)}
        assert pictures == {"train_batch.png", "predictions.png"}
        assert "logs no more" not in (folder / "run.log").read_text()
    assert len(list(Path("outputs/mlflow").glob("*/artifacts/predictions.png"))) == 2
    assert not Path("mlruns").exists()


def test_a_resumed_run_goes_on_in_mlflow_under_its_id(client, workplace, monkeypatch):
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    monkeypatch.setenv("BOMB", "end 1 6 crash")
    bomb = ["+callbacks.bomb._target_=bomb.Bomb", "checkpoint.every_n_steps=4"]
    assert main(["train", *WORDS, *bomb, "logger=mlflow"]) == 1
    (run,) = mlflow_runs(client())
    assert run.info.status == "FAILED"
    assert main(["train", "resume=latest", "--trust", "bomb"]) == 0
    (again,) = mlflow_runs(client())
    assert again.info.run_id == run.info.run_id
    assert again.info.status == "FINISHED"
    (folder,) = workplace.glob("outputs/train/*")
    assert json.loads((folder / "loggers.json").read_text()) == {"mlflow": run.info.run_id}
    result = json.loads((folder / "result.json").read_text())
    assert again.data.metrics["loss/test"] == result["test"]["loss"]
    assert {*history(client(), again, "step/loss")} >= {*history(client(), run, "step/loss")}


def test_a_server_that_is_not_there_ends_the_run_before_training_without_its_password(
    client, workplace, monkeypatch, capfd
):
    monkeypatch.setenv("MLFLOW_HTTP_REQUEST_MAX_RETRIES", "0")
    words = ["logger=mlflow", "logger.mlflow.tracking_uri=http://me:secret-word@127.0.0.1:9"]
    assert main(["train", *TINY, *words]) == 2
    (line,) = [line for line in capfd.readouterr().err.splitlines() if "logger.mlflow" in line]
    assert "logger.mlflow: cannot be opened (" in line
    files = [path for path in workplace.rglob("*") if path.is_file()]
    assert files
    assert not [path for path in files if b"secret-word" in path.read_bytes()]
    assert not list(workplace.glob("outputs/train/*/history.csv"))


def wandb_records(path: Path) -> Iterator:
    """Records of a .wandb file: blocks of 32 KiB with pieces, each with checksum, length and kind before it."""
    from wandb.proto.wandb_internal_pb2 import Record

    data, place, record = path.read_bytes(), 7, b""
    while place + 7 <= len(data):
        if (left := 32768 - place % 32768) < 7:
            place += left
            continue
        _, length, kind = struct.unpack("<IHB", data[place : place + 7])
        record += data[place + 7 : place + 7 + length]
        place += 7 + length
        if kind in (1, 4):  # whole, or the last piece
            yield Record.FromString(record)
            record = b""


def test_each_job_of_a_sweep_is_a_run_of_wandb_with_the_values_of_its_result(workplace):
    pytest.importorskip("wandb")
    assert main(["train", "-m", *WORDS, "logger=[tensorboard,wandb]", "seed=1,2", "hydra.sweep.dir=sweep"]) == 0
    folders = sorted(workplace.glob("sweep/?"))
    ids = [json.loads((folder / "loggers.json").read_text())["wandb"] for folder in folders]
    assert len({*ids}) == 2
    for seed, folder in enumerate(folders, start=1):
        result = json.loads((folder / "result.json").read_text())
        (file,) = folder.glob("wandb/offline-run-*/*.wandb")
        records = list(wandb_records(file))
        rows = [
            {(item.key or ".".join(item.nested_key)): json.loads(item.value_json) for item in record.history.item}
            for record in records
            if record.WhichOneof("record_type") == "history"
        ]
        items = [item for record in records for item in (*record.run.config.update, *record.config.update)]
        assert {item.key: json.loads(item.value_json) for item in items}["seed"] == seed

        def points(name: str, rows=rows) -> dict[int, float]:
            return {row["trainer/global_step"]: row[name] for row in rows if name in row}

        best = result["best"]["epoch"] * BATCHES
        assert points("BEST/loss/val") == {best: result["best"]["val_loss"]}
        assert points("BEST/accuracy/test") == {best: result["test"]["accuracy"]}
        assert points("loss/test") == {best: result["test"]["loss"]}
        assert [*points("step/loss")] == [1, 5, 10, 15, 20, 25]
        assert len(list(folder.glob("wandb/offline-run-*/files/media/images/*.png"))) == 2
        assert [record.exit.exit_code for record in records if record.WhichOneof("record_type") == "exit"] == [0]
