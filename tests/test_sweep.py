"""Sweeps: every job checked first, none run twice, failures apart, and a table at the end."""

import csv
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from statistics import mean, stdev

import numpy as np
import pytest
from conftest import TINY, write_picture
from PIL import Image

from akshar.cli import main
from akshar.runs import load_data

GRID = ("optimizer.lr=0.01,0.02", "seed=1,2,3")


def table(sweep):
    """The rows of a sweep's table, times apart."""
    return [
        {k: v for k, v in row.items() if k != "seconds"} for row in json.loads((sweep / "sweep.json").read_text())
    ]


def changed(sweep):
    return {path: path.stat().st_mtime_ns for path in sorted(sweep.glob("*/result.json"))}


@pytest.fixture(scope="module")
def grid(tmp_path_factory):
    """A finished sweep of six."""
    with pytest.MonkeyPatch.context() as patch:
        place = tmp_path_factory.mktemp("grid")
        patch.chdir(place)
        assert main(["train", "-m", *TINY, *GRID, "hydra.sweep.dir=sweep"]) == 0
    return place / "sweep"


def test_the_table_has_means_and_deviations_over_seeds(grid, capsys):
    assert main(["sweep", str(grid)]) == 0
    shown = capsys.readouterr().out
    rows = table(grid)
    assert [row["rank"] for row in rows] == [1, 2]
    assert {row["values"]["optimizer.lr"] for row in rows} == {0.01, 0.02}
    results = [json.loads(path.read_text()) for path in grid.glob("*/result.json")]
    for row in rows:
        assert list(row["values"]) == ["optimizer.lr"]  # not scheduler.max_lr, which follows it
        mine = [r for r in results if r["config"]["optimizer"]["lr"] == row["values"]["optimizer.lr"]]
        assert row["runs"] == len(mine) == 3
        for key, part, name in (("val_accuracy", "best", "val_accuracy"), ("test_accuracy", "test", "accuracy")):
            values = [result[part][name] for result in mine]
            assert row[key] == {"mean": pytest.approx(mean(values)), "sd": pytest.approx(stdev(values))}
            assert f"{100 * mean(values):.2f} ± {100 * stdev(values):.2f}" in shown
    assert rows[0]["val_loss"]["mean"] <= rows[1]["val_loss"]["mean"]
    assert len(list(csv.DictReader((grid / "sweep.csv").open()))) == 2
    assert (grid / "sweep.md").read_text().startswith("| rank | optimizer.lr | runs |")
    assert Image.open(grid / "sweep.png").width > 300


def test_the_same_line_again_runs_nothing_and_more_values_only_those(grid, workplace, monkeypatch, capfd, refused):
    sweep = workplace / "sweep"
    shutil.copytree(grid, sweep)
    before, rows = changed(sweep), table(sweep)
    assert main(["train", "-m", *TINY, *GRID, "hydra.sweep.dir=sweep"]) == 0
    assert capfd.readouterr().err.count("6 already completed") == 1
    assert (changed(sweep), table(sweep)) == (before, rows)
    (workplace / "outputs").mkdir()
    sweep.rename(workplace / "outputs" / "multirun")  # found as the latest
    sweep = (workplace / "outputs" / "multirun").rename(workplace / "moved")
    (workplace / "outputs" / "multirun").mkdir()
    sweep = sweep.rename(workplace / "outputs" / "multirun" / "one")
    more = ("optimizer.lr=0.03,0.01,0.02", "seed=1")  # other numbers for the same jobs
    assert main(["train", "-m", *TINY, *more, "sweep.resume=latest"]) == 0
    assert capfd.readouterr().err.count("2 already completed") == 1
    assert [path.stat().st_mtime_ns for path in sorted(sweep.glob("*/result.json"))[:6]] == [*before.values()]
    assert len(list(sweep.glob("*/result.json"))) == 7
    other = ("seed=1", "sweep=kfold", "data.folds=2", "sweep.resume=latest")
    (line,) = refused("train", "-m", *TINY, *other)
    assert (
        "one was started by another command (it differs in data.folds, optimizer.lr, sweep); name the folder"
        in line
    )
    assert len(table(sweep)) == 3


@pytest.mark.slow
@pytest.mark.parametrize("stage", ["within an epoch", "between jobs"])
def test_a_killed_sweep_goes_on_where_it_was(stage, workplace, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    monkeypatch.syspath_prepend(os.path.dirname(__file__))
    monkeypatch.setenv("TRACE", str(workplace / "trace.txt"))
    words = [*TINY, "trainer.max_epochs=6", "seed=1,2,3", "checkpoint.every_n_steps=4"]
    words += ["callbacks.trace._target_=bomb.Trace"]
    command = [sys.executable, "-m", "akshar", "train", "-m", *words, "hydra.sweep.dir=sweep"]
    process = subprocess.Popen(
        command, start_new_session=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL
    )
    second = workplace / "sweep" / "1"

    def reached():
        if stage == "between jobs":
            return (workplace / "sweep" / "1" / "status.json").exists()
        last = (workplace / "trace.txt").read_text().splitlines()[-1:] if second.exists() else []
        return (second / "checkpoints" / "last.ckpt").exists() and last and last[0].startswith("train 3")

    while not reached():
        assert process.poll() is None
        time.sleep(0.001)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    before = changed(workplace / "sweep")
    assert [path.parent.name for path in before] == ["0"]

    (workplace / "trace.txt").write_text("")
    assert main(["train", "-m", *words, "sweep.resume=sweep"]) == 0
    steps = [line for line in (workplace / "trace.txt").read_text().splitlines() if line.startswith("train ")]
    whole = 6 * 13
    if stage == "within an epoch":
        assert whole < len(steps) <= whole + 3 * 13  # the third job, and less than half of the second
    assert changed(workplace / "sweep").items() >= before.items()
    monkeypatch.delenv("TRACE")
    monkeypatch.setenv("TRACE", os.devnull)
    assert main(["train", "-m", *words, "hydra.sweep.dir=undisturbed"]) == 0
    assert table(workplace / "sweep") == table(workplace / "undisturbed")


@pytest.mark.slow
def test_memory_does_not_grow_from_job_to_job(workplace, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    monkeypatch.setenv("TRACE", str(workplace / "trace.txt"))
    words = [*TINY, "seed=range(0,30)", "callbacks.memory._target_=bomb.Memory"]
    command = [sys.executable, "-m", "akshar", "train", "-m", *words]
    subprocess.run(command, check=True, capture_output=True)
    megabytes = [int(line) / 1e6 for line in (workplace / "trace.txt").read_text().splitlines()]
    assert len(megabytes) == 30
    assert max(megabytes[20:]) - min(megabytes[5:10]) < 25, megabytes


def test_a_failure_is_told_apart_and_the_others_go_on(workplace, capfd):
    words = [*TINY, "optimizer=sgd", "scheduler=none", "optimizer.lr=1e20,0.01", "seed=1,2"]
    assert main(["train", "-m", *words, "hydra.sweep.dir=sweep"]) == 1
    said = capfd.readouterr()
    assert [line.split(":")[0] for line in said.err.splitlines()[-2:]] == ["diverged", "diverged"]
    rows = table(workplace / "sweep")
    assert [(row["runs"], row["rank"]) for row in rows] == [(2, 1), (0, None)]
    assert rows[1]["failures"] == ["0: diverged", "1: diverged"]
    assert "Traceback" in (workplace / "sweep" / "0" / "run.log").read_text()
    # The first failure may end it:
    assert main(["train", "-m", *words, "hydra.sweep.dir=fast", "sweep.fail_fast=true"]) == 1
    assert [path.parent.name for path in workplace.glob("fast/*/status.json")] == ["0"]


def test_one_bad_value_of_forty_is_found_before_the_first_begins(refused, workplace):
    rates = ",".join([*(f"0.00{n}" for n in range(1, 10)), "-1", *(f"0.0{n}" for n in range(10, 20))])
    lines = refused("train", "-m", *TINY, f"optimizer.lr={rates}", "seed=1,2")
    assert lines == ["error: job 19 of 40: optimizer.lr=-1: must be greater than 0"]
    assert not (workplace / "outputs").exists()


@pytest.mark.slow
def test_kfold_reads_every_training_image_once(workplace, capfd):
    assert main(["train", "-m", "sweep=kfold", "data.folds=4", *TINY, "hydra.sweep.dir=sweep"]) == 0
    (row,) = table(workplace / "sweep")
    assert row["runs"] == 4
    right = 0
    for fold in range(4):
        saved = np.load(workplace / "sweep" / str(fold) / "predictions" / "val.npz")
        right += (saved["logits"].argmax(1) == saved["labels"]).sum()
    assert row["pooled"] == pytest.approx(right / 920)
    assert "pooled %" in capfd.readouterr().out
    shutil.rmtree(workplace / "sweep" / "2")
    assert main(["sweep", "sweep"]) == 0
    assert table(workplace / "sweep")[0]["pooled"] is None


def test_a_preset_runs_as_a_sweep_without_m(workplace):
    assert main(["train", "sweep=seeds", *TINY, "hydra.sweep.dir=sweep"]) == 0
    assert len(list(workplace.glob("sweep/*/result.json"))) == 3


def test_the_table_is_made_of_whatever_lies_there(grid, workplace, capfd):
    sweep = workplace / "sweep"
    shutil.copytree(grid, sweep)
    (sweep / "notes").mkdir()
    (sweep / "notes" / "status.json").write_text("mine")
    (sweep / "1" / "result.json").unlink()
    (sweep / "2" / "result.json").write_text("{")
    status = json.loads((sweep / "3" / "status.json").read_text())
    (sweep / "3" / "status.json").write_text(json.dumps(status | {"status": "running"}))
    assert main(["sweep", "sweep"]) == 1
    assert [line.split(":")[0] for line in capfd.readouterr().err.splitlines()] == ["died"] * 3
    assert sum(row["runs"] for row in table(sweep)) == 3


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["-m", "sweep.resume=nowhere"], "nowhere: no such folder"),
        (["-m", "sweep.resume=empty"], "empty: not the folder of a sweep"),
        (["-m", "sweep.resume=latest"], "latest: no sweep in outputs/multirun"),
        (["-m", "sweep.resume=latest", "hydra.sweep.dir=x"], "give only one of them"),
        (["-m", "sweep.fail_fast=perhaps"], "sweep.fail_fast=perhaps: must be true or false"),
        (["sweep.fail_fast=true"], "sweep.fail_fast=true: needs -m"),
        (["-m", "seed=choice()"], "seed"),
        (["-m", "optimizer.lr=interval(0.1,0.2)"], "an interval needs a search"),
        (["sweep=kfolds"], "sweep=kfolds: no such choice; did you mean kfold?"),
    ],
)
def test_what_cannot_be_swept_is_said(words, message, refused, workplace):
    (workplace / "empty").mkdir()
    assert message in refused("train", *TINY, *words)[0]


@pytest.mark.slow
def test_of_two_grids_that_start_at_once_in_one_folder_one_is_refused(workplace, fault):
    command = [sys.executable, "-m", "akshar", "train", "-m", *TINY, "seed=1,2,3", "hydra.sweep.dir=sweep"]
    command.append("trainer.max_epochs=12")  # long enough for the other to begin
    pipes = {"stderr": subprocess.PIPE, "stdout": subprocess.DEVNULL, "text": True}
    both = [subprocess.Popen(command, **pipes) for _ in range(2)]
    ended = sorted((process.communicate(timeout=300)[1], process.returncode) for process in both)
    assert sorted(code for _, code in ended) == [0, 2], ended
    assert any("another sweep is running in this folder" in said for said, _ in ended)
    statuses = [json.loads(path.read_text()) for path in workplace.glob("sweep/*/status.json")]
    assert [status["status"] for status in statuses] == ["completed"] * 3
    assert len({status["pid"] for status in statuses}) == 1
    fault("two grids start at once in one folder", "one runs, the other is refused with one line")


@pytest.mark.slow
def test_a_sweep_whose_data_is_gone_leaves_the_runs_of_others_alone(workplace, capfd, monkeypatch, fault):
    for shape, name in enumerate(("bar", "cross")):
        for number in range(40):
            write_picture(workplace / "images" / name / f"{number}.png", shape, size=40 + number)
    words = ["data=characters", "data.root=images", *TINY[4:], "trainer.max_epochs=1", "data.batch_size=16"]
    words.append("hydra.sweep.dir=sweep")
    assert main(["train", "-m", *words, "seed=1,2"]) == 0
    before = {path: path.read_bytes() for path in workplace.glob("sweep/?/*") if path.is_file()}
    (workplace / "images").rename(workplace / "away")
    monkeypatch.setattr(load_data, "_loaded", {})  # as in a new process
    assert main(["train", "-m", *words, "seed=3,2"]) == 1
    said = capfd.readouterr().err
    assert said.count("1 already completed") == 1
    after = {path: path.read_bytes() for path in before}
    assert {path.name for path in before if before[path] != after[path]} <= {"run.log"}
    assert json.loads((workplace / "sweep" / "2" / "status.json").read_text())["status"] == "failed"
    (workplace / "away").rename(workplace / "images")
    monkeypatch.setattr(load_data, "_loaded", {})  # as in a new process
    assert main(["train", "-m", *words, "seed=1,2,3"]) == 0
    assert sorted(path.parent.name for path in workplace.glob("sweep/*/result.json")) == ["0", "1", "2"]
    fault(
        "the data of a sweep is gone when it is repeated",
        "completed runs stay; the job's own folder says why it failed",
    )


CLOCK = """
import time
now, real = time.time, [0]
def backwards():
    real[0] += 1
    return now() - 3600 * real[0]
time.time = backwards
"""


@pytest.mark.slow
def test_a_clock_that_goes_back_changes_nothing(workplace, monkeypatch, fault):
    (workplace / "site").mkdir()
    (workplace / "site" / "sitecustomize.py").write_text(CLOCK)
    paths = [str(workplace / "site"), *filter(None, [os.environ.get("PYTHONPATH")])]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(paths))
    command = [sys.executable, "-m", "akshar", "train", "-m", *TINY, "seed=1,2", "hydra.sweep.dir=back"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert main(["train", "-m", *TINY, "seed=1,2", "hydra.sweep.dir=sweep"]) == 0
    assert table(workplace / "back") == table(workplace / "sweep")
    seconds = [json.loads(path.read_text())["fit"]["seconds"] for path in workplace.glob("back/*/result.json")]
    assert all(0 < value < 600 for value in seconds)
    fault("the clock is set back an hour at each look during a sweep", "the same table; no time is negative")


def test_a_second_grid_in_one_folder_is_refused(refused, workplace):
    from akshar.sweeps.sweep_dir import locked

    with locked(Path("sweep").absolute()):
        assert (
            "another sweep is running in this folder"
            in refused("train", "-m", *TINY, "seed=1,2", "hydra.sweep.dir=sweep")[-1]
        )
