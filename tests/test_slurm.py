"""Sweeps on a real Slurm: jobs that are preempted, killed, lost and cancelled, and whoever submitted them gone."""

import json
import os
import pty
import re
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from conftest import TINY
from slurm_cluster import SlurmCluster, until

from akshar.runs.checkpoint import read_checkpoint

pytestmark = pytest.mark.slow

TESTS = Path(__file__).parent
SLURM = ("hydra/launcher=slurm", "hydra.launcher.cpus_per_task=1")
EPOCHS, STEPS = 8, 13
EVERY = [(sweep, job) for sweep in ("one", "two") for job in range(6)]
# Bit-equal whatever happens, and slow enough to be interrupted
WORDS = [
    *TINY,
    "callbacks.note._target_=bomb.Slow",
    f"trainer.max_epochs={EPOCHS}",
    "chance_warning_epochs=999",
    "test=false",
]


class Submitter:
    """Runs `akshar` on the cluster, in one folder.

    Args:
        slurm: the cluster.
        place: working directory.
        pause: seconds that a job rests after each step.
    """

    def __init__(self, slurm: SlurmCluster, place: Path, pause: float):
        paths = os.pathsep.join([str(TESTS), *filter(None, [os.environ.get("PYTHONPATH")])])
        self.hold = place / "hold"
        self.env = {**slurm.env, "PYTHONPATH": paths, "PAUSE": str(pause), "OMP_NUM_THREADS": "1"}
        self.env["HOLD"] = str(self.hold)
        self.slurm, self.place = slurm, place

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let all jobs rest meanwhile, so that none ends."""
        self.hold.touch()
        yield
        self.hold.unlink()

    def run(self, *words: str, code: int = 0, pause: float | None = None) -> str:
        """Run a command to its end; return what it printed."""
        env = self.env if pause is None else self.env | {"PAUSE": str(pause)}
        done = subprocess.run(
            [sys.executable, "-m", "akshar", *words],
            cwd=self.place, env=env, capture_output=True, text=True, timeout=600, check=False,
        )  # fmt: skip
        assert done.returncode == code, (done.stdout, done.stderr)
        return done.stdout + done.stderr

    def in_terminal(self, *words: str) -> tuple[subprocess.Popen[bytes], int]:
        """Start a command in a terminal; return its process and the other end of the terminal."""
        ours, theirs = pty.openpty()
        process = subprocess.Popen(
            # A closed terminal ends it also where the tests were started by nohup
            ["env", "--default-signal=HUP", "setsid", "-c", sys.executable, "-m", "akshar", *words],
            cwd=self.place, env=self.env | {"COLUMNS": "160", "LINES": "40", "TERM": "xterm"},
            stdin=theirs, stdout=theirs, stderr=theirs,
        )  # fmt: skip
        os.close(theirs)
        return process, ours

    def status(self, sweep: str, job: int | str) -> dict[str, object]:
        """Content of a job's `status.json`; empty where there is none."""
        with suppress(OSError, ValueError):
            return json.loads((self.place / sweep / str(job) / "status.json").read_text())
        return {}

    def is_running(self, sweep: str, job: int) -> bool:
        """Whether a job has trained some steps and goes on."""
        steps = self.place / sweep / str(job) / "steps.txt"
        status = self.status(sweep, job)
        return status.get("status") == "running" and int(str(status["step"])) > 0 and steps.exists()

    def array(self, sweep: str) -> str:
        """Number of the first array of a sweep."""
        (record, *_) = sorted((self.place / sweep / ".slurm").glob("*.json"))
        return json.loads(record.read_text())["array"]

    def node_of(self, sweep: str, job: int) -> str:
        """The node on which a job runs."""
        return self.slurm.run("squeue", "-h", "-o", "%N", "-j", f"{self.array(sweep)}_{job}").strip()


def steps_of(folder: Path) -> list[str]:
    return (folder / "steps.txt").read_text().splitlines()


def preempt(slurm: SlurmCluster, node: str) -> None:
    """Let a job of a higher partition take a whole node for a moment."""
    slurm.run("sbatch", "-p", "high", "-w", node, "--exclusive", "-o", "/dev/null", "--wrap", "sleep 1")


def test_jobs_survive_whatever_a_cluster_does(slurm, tmp_path):  # noqa: PLR0915, one story
    slurm.configure(grace=0)
    slurm.run("scontrol", "reconfigure")
    user = Submitter(slurm, tmp_path, pause=0.4)
    # One submitter stays to watch, until its terminal is closed; the other leaves by itself.
    watching, terminal = user.in_terminal(
        "train", "-m", *SLURM, *WORDS, "seed=1,2,3,4,5,6", "hydra.sweep.dir=one", "hydra.launcher.wait=true"
    )
    until((tmp_path / "one" / "0" / "status.json").exists, "the first job runs")
    told = user.run("train", "-m", *SLURM, *WORDS, "seed=7,8,9,10,11,12", "hydra.sweep.dir=two")
    assert re.search(r"6 jobs submitted to Slurm as array \d+; this terminal is not needed", told)
    shown = b""
    while b" running" not in shown or b"val loss" not in shown:
        shown += os.read(terminal, 65536)
    with user.held():
        os.close(terminal)
        watching.wait(60)
        told = user.run("train", "-m", *SLURM, *WORDS, "seed=1,2,3,4,5,6", "sweep.resume=one")
    assert re.search(r"\d jobs? already queued or running", told)
    assert "nothing to submit" in told

    hit: list[tuple[str, int]] = []

    def victim(sweeps=("one", "two")):
        """Wait for a job at work to which nothing has happened yet."""
        left = [(sweep, job) for sweep in sweeps for job in range(6) if (sweep, job) not in hit]
        until(lambda: any(user.is_running(*job) for job in left), "a job runs", 300)
        hit.append(next(job for job in left if user.is_running(*job)))
        return hit[-1]

    # Preempted by SIGTERM alone, as most clusters do; its neighbour on the node too
    preempted = victim()
    preempt(slurm, user.node_of(*preempted))
    until(lambda: user.status(*preempted)["status"] == "interrupted", "the preempted job is saved")
    # Slurm never starts a job again that was preempted, and whose node is lost before the node says that it ended.
    until(lambda: not slurm.run("squeue", "-h", "-t", "completing"), "Slurm knows that both have ended")
    # A node is lost with what runs on it
    lost = user.node_of(*victim())
    killed = [job for job in EVERY if user.status(*job).get("status") == "running" and user.node_of(*job) == lost]
    hit += killed
    slurm.lose_node(lost)
    # Killed
    for _ in range(2):
        killed.append(victim())
        os.kill(int(str(user.status(*killed[-1])["pid"])), signal.SIGKILL)
    # The controller dies, and comes back with a time of grace before a preemption
    slurm.kill_controller()
    slurm.configure(grace=30)
    slurm.start_controller()
    until(lambda: slurm.run("sinfo", "-h", "-n", lost, "-p", "low", "-t", "down", "-o", "%N").strip(), "it is down")
    slurm.start_node(lost)
    # Preempted with a signal first
    for _ in range(2):
        preempted = victim()
        preempt(slurm, user.node_of(*preempted))
        until(lambda job=preempted: user.status(*job)["status"] != "running", "the preempted job is saved")
    # Cancelled
    _, cancelled = victim(["two"])
    slurm.run("scancel", f"{user.array('two')}_{cancelled}")

    told = user.run("sweep", "one", "--watch")
    assert "6 jobs: 6 completed" in told
    told = user.run("sweep", "two", "--watch", code=1)
    assert "6 jobs: 5 completed, 1 cancelled" in told
    assert f"cancelled: job {cancelled}" in told
    command = told.splitlines()[-1].partition("to run what is missing:  ")[2]
    assert command.startswith("akshar train -m ")
    assert command.endswith(" sweep.resume=two")

    # Bit for bit the same as without all this, and no step done twice but those that a kill had lost
    user.run("train", "-m", *WORDS, f"seed={','.join(map(str, range(1, 13)))}", "hydra.sweep.dir=calm", pause=0)
    for number, (sweep, job) in enumerate(EVERY):
        if (sweep, job) == ("two", cancelled):
            continue
        folder, calm = tmp_path / sweep / str(job), tmp_path / "calm" / str(number)
        done, expected = steps_of(folder), steps_of(calm)
        assert len(expected) == EPOCHS * STEPS
        assert dict.fromkeys(done) == dict.fromkeys(expected), (sweep, job)
        if (sweep, job) not in killed:
            assert len(done) == len(expected), (sweep, job)
        ours, theirs = (read_checkpoint(place / "checkpoints" / "best.ckpt").weights for place in (folder, calm))
        assert all((ours[name] == theirs[name]).all() for name in theirs)

    # What was cancelled goes on where it was, and alone
    before = len(steps_of(tmp_path / "two" / str(cancelled)))
    told = user.run(*shlex.split(command)[1:], pause=0)
    assert "5 already completed" in told
    assert "1 job submitted" in told
    told = user.run("sweep", "two", "--watch")
    assert "6 jobs: 6 completed" in told
    done = steps_of(tmp_path / "two" / str(cancelled))
    assert 0 < before < len(done) == EPOCHS * STEPS


def test_a_failed_job_spares_the_others_or_ends_them(slurm, tmp_path):
    user = Submitter(slurm, tmp_path, pause=0.4)
    words = [*WORDS, "optimizer=sgd", "scheduler=none", "optimizer.lr=0.01,1e20,0.02", "hydra.sweep.dir=one"]
    wait = ("hydra.launcher.wait=true", "hydra.launcher.array_parallelism=2")
    told = user.run("train", "-m", *SLURM, *wait, *words, "sweep.fail_fast=true", code=1)
    assert "diverged: job 1: the loss is nan" in told
    assert "cancelled: job 0" in told
    assert "cancelled: job 2" in told
    told = user.run("train", "-m", *SLURM, *wait, *words[:-1], "sweep.resume=one", code=1, pause=0)
    assert "3 jobs submitted" in told
    assert "3 jobs: 2 completed, 1 diverged" in told
    assert "diverged: job 1: the loss is nan" in told


def test_the_commands_of_the_page(slurm, tmp_path):
    page = (TESTS.parent / "docs" / "cluster.md").read_text()
    first, look, search = (
        shlex.split(line)[1:] for block in re.findall(r"```sh\n(.*?)```", page, re.S) for line in block.splitlines()
    )
    user = Submitter(slurm, tmp_path, pause=0.05)
    # Meanwhile a job reaches its time limit. Slurm looks every 30 seconds, and signals 30 seconds early.
    limits = ("hydra.launcher.timeout_min=2", "hydra.launcher.signal_delay_s=30", "hydra.sweep.dir=limited")
    user.run("train", "-m", *SLURM, *limits, *WORDS, "seed=1", pause=1.0)
    assert "3 jobs submitted to Slurm" in user.run(*first, *SLURM[1:], *WORDS)
    assert "3 jobs: 3 completed" in user.run(*look)

    # Two processes, one of which is queued again, share five trials, and test the best network once.
    few = ["hydra.sweeper.search.trials=5", "hydra.sweeper.search.n_parallel=2", "hydra.sweeper.search.pruner=none"]
    few += [*SLURM[1:], *WORDS[:-1], "optimizer.lr=interval(0.001,0.01)"]
    told = user.run(*search, *few, "hydra.sweep.dir=one")
    assert "2 search workers submitted to Slurm" in told
    until(lambda: user.is_running("one", 1), "two trials run", 300)
    with user.held():
        told = user.run(*search, *few, "sweep.resume=one")
    assert "2 search workers already queued or running" in told
    slurm.run("scontrol", "requeue", f"{user.array('one')}_0")  # as after a preemption
    told = user.run("sweep", "one", "--watch")
    assert "5 jobs: 5 completed; search workers: 2 ended" in told
    steps = [steps_of(tmp_path / "one" / str(number)) for number in range(5)]
    assert [len(done) for done in steps] == [EPOCHS * STEPS] * 5
    results = [json.loads((tmp_path / "one" / str(number) / "result.json").read_text()) for number in range(5)]
    assert sum(result["test"] is not None for result in results) == 1

    assert "1 job: 1 completed" in user.run("sweep", "limited", "--watch")
    log = (tmp_path / "limited" / "0" / "run.log").read_text()
    assert "interrupted by SIGUSR2" in log
    assert "resuming limited/0 after step" in log
    assert len(steps_of(tmp_path / "limited" / "0")) == EPOCHS * STEPS


@pytest.mark.parametrize(
    ("word", "line"),
    [
        ("hydra.launcher.gpus_per_node=1", "gpus_per_node=1: the cluster refused the jobs: Invalid generic"),
        ("hydra.launcher.partition=gone", "partition=gone: the cluster refused the jobs: invalid partition"),
        ("+hydra.launcher.additional_parameters.gone=1", "additional_parameters={'gone': 1}: the cluster refused"),
        ("hydra.launcher.timeout_min=0", "timeout_min=0: must be greater than or equal to 1"),
    ],
)
def test_a_refused_submission_is_one_line(word, line, slurm, tmp_path):
    user = Submitter(slurm, tmp_path, pause=0)
    words = [*SLURM, word, *WORDS, "seed=1", "hydra.sweep.dir=one"]
    told = user.run("train", "-m", *words, code=2)
    assert [text for text in told.splitlines() if "rror" in text][-1].startswith(f"error: hydra.launcher.{line}")
    assert not [*tmp_path.glob("one/.slurm/*.json")]
