"""One run in several tasks of torchrun or srun: processes on the CPU here, which exchange by gloo."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch
from conftest import TINY

import akshar
from akshar import cluster_launch
from akshar.cli import main
from akshar.errors import UsageError
from akshar.runs.checkpoint import read_checkpoint

SMALL = [*TINY, "trainer.accelerator=cpu", "trainer.max_epochs=6", "chance_warning_epochs=99", "logger=none"]
TWO_NODES = [*SMALL, "trainer.num_nodes=2"]
TORCHRUN = [sys.executable, "-m", "torch.distributed.run"]
STANDALONE = [*TORCHRUN, "--standalone", "--nproc-per-node=2", "-m", "akshar", "train"]
SRUN = ["srun", "--nodes=2", "--ntasks-per-node=1", sys.executable, "-m", "akshar", "train"]


def weights(folder, name="best"):
    return read_checkpoint(Path(folder) / "checkpoints" / f"{name}.ckpt").weights


def same(one, other):
    return all(
        torch.equal(weights(one, name)[key], value)
        for name in ("best", "last")
        for key, value in weights(other, name).items()
    )


def start(words, env=None):
    env = {**(env or os.environ), "OMP_NUM_THREADS": "1", "PYTHONPATH": str(Path(akshar.__file__).parents[1])}
    return subprocess.Popen(words, env=env, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)


def finish(process):
    try:
        output, _ = process.communicate(timeout=300)
    except subprocess.TimeoutExpired:
        process.terminate()
        raise
    return process.returncode, output


def rank_process(rank, place, name="RANK"):
    """Find the process of a rank that works in a folder."""
    for path in Path("/proc").glob("[0-9]*/environ"):
        try:
            is_rank = f"{name}={rank}".encode() in path.read_bytes().split(b"\0")
            if is_rank and (path.parent / "cwd").samefile(place):
                return int(path.parent.name)
        except OSError:
            continue
    return pytest.fail(f"no process of rank {rank}")


def wait_for_checkpoint(run, process):
    while not (run / "checkpoints" / "last.ckpt").exists():
        assert process.poll() is None, process.communicate()[0]
        time.sleep(0.02)


def status(run):
    return json.loads((run / "status.json").read_text())


def free_port():
    from lightning_fabric.plugins.environments.lightning import find_free_network_port

    return find_free_network_port()


@pytest.fixture(scope="module")
def whole(own_cache, tmp_path_factory):
    """Folder of the run on two devices of one machine, undisturbed."""
    folder = tmp_path_factory.mktemp("whole") / "run"
    assert main(["train", *SMALL, "trainer=ddp", "trainer.devices=2", f"hydra.run.dir={folder}"]) == 0
    return folder


@pytest.fixture
def launched(monkeypatch):
    """Return a function that makes this process a task of srun or torchrun."""

    def launch(**variables):
        for name, value in variables.items():
            monkeypatch.setenv(name, str(value))

    monkeypatch.setattr(cluster_launch, "AFTER_RANK_ZERO", 0.0)
    return launch


def torchrun_task(rank, tasks=4, nodes=2, here=2):
    return {
        "TORCHELASTIC_RUN_ID": "x",
        "RANK": rank,
        "WORLD_SIZE": tasks,
        "GROUP_WORLD_SIZE": nodes,
        "LOCAL_WORLD_SIZE": here,
    }


def srun_task(rank, tasks, nodes, counts):
    return {
        "SLURM_PROCID": rank,
        "SLURM_STEP_NUM_TASKS": tasks,
        "SLURM_STEP_NUM_NODES": nodes,
        "SLURM_STEP_TASKS_PER_NODE": counts,
    }


def test_a_command_for_one_process_is_refused_in_several(refused, launched):
    launched(**torchrun_task(rank=0))
    for words in (["test", "RUN"], ["runs"], ["train", "-m", "seed=1,2"], ["train", "repeat=RUN"]):
        (line,) = refused(*words)
        assert "runs in one process, and torchrun started it in 4 tasks; use akshar without torchrun" in line
    launched(RANK=3)
    assert refused("test", "RUN") == []  # the first task has said it
    launched(GROUP_WORLD_SIZE=3, RANK=0)
    (line,) = refused("train", *TINY)
    assert "torchrun started it in 4 tasks, not as many on each node; use torchrun --nnodes=3" in line


def test_tasks_without_ntasks_per_node_are_refused(refused, launched, monkeypatch):
    monkeypatch.delenv("SLURM_NTASKS_PER_NODE", raising=False)
    launched(**srun_task(0, 4, 2, "2(x2)"))
    (line,) = refused("train", *TINY)
    assert "--ntasks-per-node is missing" in line
    assert line.endswith("use srun --nodes=2 --ntasks-per-node=2 akshar train")
    launched(**srun_task(0, 3, 2, "2,1"))
    (line,) = refused("train", *TINY)
    assert "not as many on each node" in line


def test_devices_and_nodes_are_those_of_the_launch(launched, refused, workplace):
    (line,) = refused("train", *TWO_NODES)
    assert "trainer.num_nodes=2: start the command on every node, as in  srun --nodes=2" in line
    (line,) = refused("train", "-m", *TWO_NODES, "hydra.sweep.dir=s")
    assert "trainer.num_nodes=2: each job of a sweep runs on one node" in line
    assert not list(workplace.iterdir())
    launched(**torchrun_task(rank=0))
    cluster_launch.check_fit("auto", 2)
    cluster_launch.check_fit(2, 2)
    with pytest.raises(
        UsageError, match=r"give trainer\.num_nodes=2 trainer\.devices=2, or start torchrun --standalone"
    ):
        cluster_launch.check_fit(4, 1)
    with pytest.raises(UsageError, match="it is  torchrun --nnodes=2 --nproc-per-node=2 -m akshar train"):
        akshar.train(*TINY)


def test_one_task_is_an_ordinary_run(launched):
    launched(SLURM_JOB_ID=1, SLURM_NTASKS=4, SLURM_PROCID=0)  # of a batch script
    assert cluster_launch.cluster_launch() is None
    launched(**srun_task(0, 1, 1, "1"))
    assert cluster_launch.cluster_launch() is None


@pytest.mark.slow
def test_two_nodes_train_what_two_devices_do_and_a_rank_may_be_told_to_stop(workplace, whole):
    launch = [*TORCHRUN, "--nnodes=2", "--nproc-per-node=1", "--master-addr=127.0.0.1"]

    def both(*words):
        port = free_port()
        node = [*launch, f"--master-port={port}"]
        return [start([*node, f"--node-rank={rank}", "-m", "akshar", "train", *words]) for rank in (0, 1)]

    nodes = both(*TWO_NODES, "hydra.run.dir=two", "checkpoint.every_n_steps=1")
    wait_for_checkpoint(workplace / "two", nodes[0])
    os.kill(rank_process(1, workplace), signal.SIGTERM)
    outputs = [finish(node)[1] for node in nodes]
    assert "interrupted by SIGTERM" in outputs[0]
    assert "--nnodes=2 --nproc-per-node=1 -m akshar train resume=two" in outputs[0]
    assert "exitcode  : 143" in outputs[1]  # every rank's
    assert (status(workplace / "two")["status"], status(workplace / "two")["step"] < 6 * 13) == (
        "interrupted",
        True,
    )
    assert [finish(node)[0] for node in both("resume=two")] == [0, 0]
    assert same(whole, "two")
    fit = json.loads((workplace / "two" / "result.json").read_text())["fit"]
    assert (fit["num_nodes"], fit["devices"], fit["interrupted"]) == (2, 1, True)
    assert sorted(path.name for path in workplace.iterdir()) == ["two"]  # of one writer
    assert not list(workplace.glob("two/rank-*.log"))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("body", "reason"),
    [("raise ValueError('no GPU here')", "failed: "), ("os._exit(7)", "was lost")],
)
def test_a_rank_that_cannot_start_is_reported(body, reason, refused, workplace, monkeypatch):
    text = f"import os\nfrom akshar.models.compact import Compact\nif os.environ.get('RANK') == '1':\n    {body}\n"
    (workplace / "fragile.py").write_text(text)
    monkeypatch.syspath_prepend(workplace)
    words = [*SMALL, "trainer.devices=2", "model._target_=fragile.Compact", "hydra.run.dir=run"]
    lines = refused("train", *words, exit_code=1)
    (line,) = [line for line in lines if line.startswith("error: rank 1 (process")]
    assert reason in line
    assert line.endswith(f"; its output: {workplace / 'run' / 'rank-1.log'}")
    assert status(workplace / "run")["status"] == "failed"


@pytest.mark.slow
def test_a_misfit_is_said_once(workplace):
    code, output = finish(start([*STANDALONE, *SMALL, "hydra.run.dir=run"]))
    assert code == 1  # as torchrun always ends
    (line,) = [line for line in output.splitlines() if line.startswith("error:")]
    assert "torchrun started 2 tasks on each of 1 node; give trainer.num_nodes=1 trainer.devices=2" in line
    assert "exitcode  : 2" in output
    assert not list(workplace.iterdir())


@pytest.mark.slow
def test_srun_trains_stops_and_resumes(workplace, slurm, whole):
    words = [*TWO_NODES, "checkpoint.every_n_steps=1"]
    process = start([*SRUN, *words, "hydra.run.dir=run"], slurm.env)
    wait_for_checkpoint(workplace / "run", process)
    os.kill(process.pid, signal.SIGUSR1)  # srun passes it on to every task
    code, output = finish(process)
    assert code == 143, output
    assert "srun --nodes=2 --ntasks-per-node=1 akshar train resume=run" in output
    code, output = finish(start([*SRUN, "resume=run"], slurm.env))
    assert code == 0, output
    assert same(whole, "run")
    assert sorted(path.name for path in workplace.iterdir()) == ["run"]


@pytest.mark.slow
def test_srun_ends_every_task_with_2_where_the_launch_does_not_fit(workplace, slurm):
    code, output = finish(start([*SRUN, *SMALL], slurm.env))
    assert (code, output.count("Exited with exit code 2"), output.count("error: ")) == (2, 2, 3), output
    assert not list(workplace.iterdir())


@pytest.mark.slow
def test_a_rank_that_slurm_loses_ends_the_run(workplace, slurm):
    words = [*TWO_NODES, "trainer.max_epochs=5000", "hydra.run.dir=run"]
    process = start([*SRUN, *words], slurm.env)
    wait_for_checkpoint(workplace / "run", process)
    os.kill(rank_process(1, workplace, "SLURM_PROCID"), signal.SIGKILL)
    code, output = finish(process)
    assert code in (1, 137), output
    assert output.count("was lost") == 1, output
    assert status(workplace / "run")["status"] == "failed"
