"""Jobs of a sweep in several processes: side by side, stopped together, and taken up again."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from conftest import TINY
from joblib import Parallel, delayed

from akshar.cli import main
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import CLAIM, job_dir
from akshar.sweeps.workers import take_gpu

LONG = [*TINY, "trainer.max_epochs=5000", "chance_warning_epochs=9999"]


def start(*words):
    return subprocess.Popen(
        [sys.executable, "-m", "akshar", "train", "-m", *words, "hydra.sweep.dir=sweep"],
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def statuses(sweep):
    return {path.parent.name: json.loads(path.read_text()) for path in sorted(sweep.glob("*/status.json"))}


def until(process, condition, seconds=120):
    end = time.monotonic() + seconds
    while not condition():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < end, "not reached in time"
        time.sleep(0.05)


@pytest.mark.slow
def test_jobs_run_side_by_side_and_none_twice(workplace):
    process = start(*TINY, "hydra/launcher=joblib", "seed=1,2,3")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 0, err
    assert sorted(err.splitlines()[1:]) == sorted(
        f"job {number}  seed={number + 1}: {what}" for number in range(3) for what in ("started", "finished")
    )
    assert "test accuracy %" in out
    ended = statuses(workplace / "sweep")
    assert {status["status"] for status in ended.values()} == {"completed"}
    assert len({status["pid"] for status in ended.values()} - {process.pid}) == 2
    versions = json.loads((workplace / "sweep" / "0" / "provenance.json").read_text())["host"]
    assert versions["threads"] == max(1, (os.cpu_count() or 1) // 2)
    assert main(["train", "-m", *TINY, "seed=3,2,1", "sweep.resume=sweep"]) == 0
    assert statuses(workplace / "sweep") == ended


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "exit_code"), [("ctrl-c", 130), ("terminate", 143), ("kill", -signal.SIGKILL), ("kill a worker", 1)]
)
def test_workers_stop_with_their_sweep(how, exit_code, workplace, fault):
    process = start(*LONG, "hydra/launcher=joblib", "seed=1,2,3")
    sweep = workplace / "sweep"
    # The status counts steps a moment after the checkpoint is written; a kill in between would leave 0.
    until(process, lambda: len([status for status in statuses(sweep).values() if status["step"] > 0]) == 2)
    workers = [status["pid"] for status in statuses(sweep).values()]
    if how == "ctrl-c":
        os.killpg(process.pid, signal.SIGINT)
    elif how == "terminate":
        process.terminate()
    elif how == "kill":
        process.kill()
    else:
        os.kill(workers[0], signal.SIGKILL)
    _, err = process.communicate(timeout=60)
    assert process.returncode == exit_code
    assert "Traceback" not in err
    if how != "kill":
        assert "repeat the command with  sweep.resume=sweep" in err
    for worker in workers:
        while Path(f"/proc/{worker}/stat").exists():
            time.sleep(0.05)
    ended = statuses(sweep)
    if how != "kill a worker":
        assert [status["status"] for status in ended.values()] == ["interrupted", "interrupted"]
    # The same jobs go on from there, in one process.
    steps = {name: status["step"] for name, status in ended.items()}
    process = start(*LONG, "seed=1,2,3")
    until(process, lambda: statuses(sweep)["0"]["step"] > steps["0"])
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate()
    assert "resuming sweep/0 after step" in (sweep / "0" / "run.log").read_text()
    if how == "kill":
        fault("SIGKILL of a sweep with parallel jobs", "its workers save and stop; `sweep.resume=` continues")


@pytest.mark.slow
def test_a_failure_beside_others_is_told_and_may_end_them(workplace):
    words = [*LONG, "optimizer=sgd", "scheduler=none", "hydra/launcher=joblib", "optimizer.lr=0.01,1e20,0.02"]
    process = start(*words, "sweep.fail_fast=true")
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1
    assert "job 1  optimizer.lr=1e+20: error: the loss is nan in epoch 1" in err
    assert "0: interrupted" in out
    assert err.splitlines()[-2].startswith("diverged: job 1: the loss is nan")
    assert err.splitlines()[-1] == "not started: 1 of 3 jobs"
    assert not (workplace / "sweep" / "2" / "status.json").exists()


def test_jobs_side_by_side_take_one_device_each(refused):
    (line,) = refused("train", "-m", *TINY, "hydra/launcher=joblib", "trainer=ddp", "trainer.devices=2", "seed=1,2")
    assert line == "error: job 1 of 2: trainer.devices=2: parallel jobs take one device each"


def claim(sweep, preferred, key):
    return job_dir(RunDir(sweep / str(preferred)), key).path.name


@pytest.mark.slow
def test_jobs_that_begin_at_once_claim_folders_of_their_own(tmp_path):
    claimed = Parallel(n_jobs=4)(delayed(claim)(tmp_path, 0, f"job{number}") for number in range(40))
    assert sorted(map(int, claimed)) == list(range(40))
    assert claim(tmp_path, 7, "job3") == claimed[3]
    assert (tmp_path / claimed[3] / CLAIM).read_text() == "job3"


def gpu_of_worker(sweep, number):
    take_gpu(sweep, 2)
    time.sleep(0.5)
    return os.getpid(), os.environ["CUDA_VISIBLE_DEVICES"]


@pytest.mark.slow
@pytest.mark.parametrize(("visible", "names"), [(None, {"0", "1"}), ("GPU-a,GPU-b", {"GPU-a", "GPU-b"})])
def test_workers_take_a_gpu_each(visible, names, tmp_path, monkeypatch):
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    if visible:
        monkeypatch.setenv("CUDA_VISIBLE_DEVICES", visible)
    from joblib.externals.loky import get_reusable_executor

    get_reusable_executor().shutdown(wait=True)  # workers of an earlier test have theirs
    taken = set(Parallel(n_jobs=2)(delayed(gpu_of_worker)(tmp_path, number) for number in range(6)))
    assert len(taken) == 2
    assert {name for _, name in taken} == names
