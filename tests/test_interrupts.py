"""Real processes under real signals: what a person sees, what is left, and that it goes on."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from conftest import TINY

from akshar.cli import main
from akshar.runs.checkpoint import read_checkpoint
from akshar.runs.run_dir import RunDir

LONG = [*TINY, "trainer.max_epochs=100000", "scheduler=none", "logger=csv"]


@pytest.fixture
def running(workplace):
    """Starts a training and waits until an epoch is done; gives the process and its folder."""
    started = []

    def start(*words):
        command = [sys.executable, "-m", "akshar", "train", *words]
        process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
        started.append(process)
        for line in process.stderr:
            if line.startswith("epoch      2"):  # the first epoch's checkpoints are written by now
                break
        (folder,) = workplace.glob("outputs/train/*")
        return process, folder

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.parametrize(
    ("name", "exit_code"), [("SIGINT", 130), pytest.param("SIGUSR1", 143, marks=pytest.mark.slow)]
)
def test_a_signal_saves_and_says_how_to_go_on(running, name, exit_code):
    process, folder = running(*LONG)
    process.send_signal(getattr(signal, name))
    rest = process.stderr.read()
    assert process.wait(60) == exit_code
    assert f"{name}: saving, then stopping; press Ctrl-C again to stop immediately" in rest
    assert f"akshar train resume=outputs/train/{folder.name}" in rest.splitlines()[-1]
    assert "Traceback" not in rest
    status = json.loads((folder / "status.json").read_text())
    assert status["status"] == "interrupted"
    last = read_checkpoint(folder / "checkpoints" / "last.ckpt")
    assert last.lightning["global_step"] == status["step"] > 13
    assert read_checkpoint(folder).contents.classes


@pytest.mark.slow
def test_a_running_run_is_taken_up_by_nobody_else_and_a_killed_one_by_anybody(running, refused, capfd):
    process, folder = running(*LONG)
    (line,) = refused("train", f"resume={folder}")
    assert f"process {process.pid} on " in line
    assert "is working on this run" in line
    (line,) = refused("runs", "rm", str(folder), "--yes")
    assert "a process is working on it" in line
    process.send_signal(signal.SIGKILL)
    process.wait()
    command = [sys.executable, "-m", "akshar", "train", f"resume={folder}"]
    again = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in again.stderr:
        if line.startswith("epoch"):
            break
    os.kill(again.pid, signal.SIGTERM)
    again.stderr.read()
    assert again.wait(60) == 143


@pytest.mark.slow
def test_an_interrupt_ends_a_whole_sweep(running, workplace):
    command = [sys.executable, "-m", "akshar", "train", "-m", *LONG, "seed=1,2"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if line.startswith("epoch      2"):
            break
    process.send_signal(signal.SIGINT)
    process.stderr.read()
    assert process.wait(60) == 130
    assert len(list(workplace.glob("outputs/multirun/*/*/status.json"))) == 1


@pytest.mark.slow
def test_a_signal_before_training_leaves_a_run_that_can_begin(workplace):
    process = subprocess.Popen([sys.executable, "-m", "akshar", "train", *TINY], stderr=subprocess.PIPE, text=True)
    while not list(workplace.glob("outputs/train/*/config.yaml")):
        time.sleep(0.001)
    process.send_signal(signal.SIGTERM)
    rest = process.stderr.read()
    assert process.wait(60) == 143
    (folder,) = workplace.glob("outputs/train/*")
    assert rest.splitlines()[-1] == f"  akshar train resume=outputs/train/{folder.name}"
    assert main(["train", f"resume={folder}"]) == 0


def test_looking_at_a_run_does_not_keep_it_from_starting(tmp_path):
    folder = RunDir(tmp_path)
    folder.write_status("running")
    with folder.locked():
        pass
    looks = "from akshar.runs.run_dir import *\nwhile not time.sleep(0.002): RunDir(Path(sys.argv[1])).is_locked()"
    looking = subprocess.Popen([sys.executable, "-c", f"import sys, time\n{looks}", str(tmp_path)])
    try:
        time.sleep(1)
        for _ in range(200):
            with folder.locked():
                pass
        assert looking.poll() is None
    finally:
        looking.kill()
        looking.wait()


def test_a_scheduler_s_second_signal_does_not_cut_off_what_the_first_began(workplace, monkeypatch):
    monkeypatch.setenv("PYTHONPATH", os.path.dirname(__file__))
    monkeypatch.setenv("BOMB", "end 0 3 SIGTERM")
    write_status = RunDir.write_status

    def write_after_another(run_dir, status, *details):
        if status == "interrupted":
            os.kill(os.getpid(), signal.SIGTERM)
        write_status(run_dir, status, *details)

    monkeypatch.setattr(RunDir, "write_status", write_after_another)
    assert main(["train", *TINY, "callbacks.bomb._target_=bomb.Bomb", "hydra.run.dir=run"]) == 143
    status = RunDir(workplace / "run").read_status()
    assert (status.status, status.step) == ("interrupted", 4)
