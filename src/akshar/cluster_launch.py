"""A launch of one command in several tasks, by srun or torchrun: how many there are, and which one this is."""

import os
import re
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from akshar.errors import UsageError

# Seconds that a further task waits before it ends where the command is refused: torchrun, and srun where it is told
# to, end the others with the first that fails, and the first task has the message to print.
AFTER_RANK_ZERO = 2.0
ONE_TASK = ("--dry-run", "-m", "--multirun", "repeat")  # words of `akshar train`


@dataclass(frozen=True)
class ClusterLaunch:
    """The tasks in which one command was started.

    Attributes:
        launcher: what started them.
        rank: number of this task, from 0.
        tasks: number of all.
        nodes: number of machines.
        per_node: number of tasks on each node; None where the nodes have different numbers.
    """

    launcher: Literal["srun", "torchrun"]
    rank: int
    tasks: int
    nodes: int
    per_node: int | None

    @property
    def command(self) -> str:
        """The launch as one would type it, up to the word `akshar`."""
        return launch_command(self.launcher, self.nodes, self.per_node or 1)


def cluster_launch() -> ClusterLaunch | None:
    """Read what srun or torchrun tells its tasks; None for a command that was started once.

    A batch script of Slurm, and a shell of `salloc`, are one process: only srun starts tasks.
    """
    environ = os.environ
    if "TORCHELASTIC_RUN_ID" in environ:  # of torchrun, which srun may have started
        tasks, nodes = int(environ["WORLD_SIZE"]), int(environ["GROUP_WORLD_SIZE"])
        here = int(environ["LOCAL_WORLD_SIZE"])
        launch = ClusterLaunch(
            "torchrun", int(environ["RANK"]), tasks, nodes, here if here * nodes == tasks else None
        )
    elif "SLURM_STEP_NUM_TASKS" in environ:
        tasks, nodes = int(environ["SLURM_STEP_NUM_TASKS"]), int(environ["SLURM_STEP_NUM_NODES"])
        counts = {*re.sub(r"\(x\d+\)", "", environ["SLURM_STEP_TASKS_PER_NODE"]).split(",")}  # as in 2(x3),1
        here = int(counts.pop()) if len(counts) == 1 else None
        launch = ClusterLaunch("srun", int(environ["SLURM_PROCID"]), tasks, nodes, here)
    else:
        return None
    return launch if launch.tasks > 1 else None


def launch_command(launcher: str, nodes: int, per_node: int) -> str:
    """Write a launch as one would type it, up to the word `akshar`."""
    if launcher == "srun":
        return f"srun --nodes={nodes} --ntasks-per-node={per_node} akshar"
    where = "--standalone" if nodes == 1 else f"--nnodes={nodes}"
    return f"torchrun {where} --nproc-per-node={per_node} -m akshar"


def check_command(command: str, words: Sequence[str]) -> None:
    """Check that a command can be run in the tasks in which it was started.

    Args:
        command: as "train".
        words: after it.

    Raises:
        UsageError: it cannot, with the way out; in the first task.
        SystemExit: likewise, with code 2; in the other tasks, which print nothing.
    """
    if (launch := cluster_launch()) is None or (problem := _command_problem(launch, command, words)) is None:
        return
    if launch.rank == 0:
        raise UsageError(problem)
    time.sleep(AFTER_RANK_ZERO)
    raise SystemExit(2)


def _command_problem(launch: ClusterLaunch, command: str, words: Sequence[str]) -> str | None:
    several = f"{launch.launcher} started it in {launch.tasks} tasks"
    one = "srun --ntasks=1" if launch.launcher == "srun" else "akshar without torchrun"
    if command != "train":
        return f"akshar {command}: runs in one process, and {several}; use {one}"
    if given := next((word for word in words if word.partition("=")[0] in ONE_TASK), None):
        return f"{given}: runs in one process, and {several}; use {one}"
    if launch.per_node is None:
        return f"{several}, not as many on each node; use {launch_command(launch.launcher, launch.nodes, 1)} train"
    # Lightning compares this variable with the config, and refuses to go without
    if launch.launcher == "srun" and os.environ.get("SLURM_NTASKS_PER_NODE") != str(launch.per_node):
        return f"--ntasks-per-node is missing, or not what srun started; use {launch.command} train"
    return None


def check_fit(devices: int | Literal["auto"], num_nodes: int) -> None:
    """Check that a config has the devices and nodes of the launch.

    Args:
        devices: `trainer.devices`.
        num_nodes: `trainer.num_nodes`.

    Raises:
        UsageError: it has others; the message names the keys and the way out.
    """
    launch = cluster_launch()
    given = f"trainer.num_nodes={num_nodes} trainer.devices={devices}"
    per_node = 1 if devices == "auto" else devices
    if launch is None:
        if num_nodes > 1:
            raise UsageError(
                f"trainer.num_nodes={num_nodes}: start the command on every node, as in  "
                f"{launch_command('srun', num_nodes, per_node)} train ...  or  "
                f"{launch_command('torchrun', num_nodes, per_node)} train ..."
            )
    elif launch.nodes != num_nodes or devices not in (launch.per_node, "auto"):
        raise UsageError(
            f"{given}: {launch.launcher} started {launch.per_node} task{'s' * (launch.per_node != 1)} on each of "
            f"{launch.nodes} node{'s' * (launch.nodes != 1)}; give trainer.num_nodes={launch.nodes} "
            f"trainer.devices={launch.per_node}, or start "
            + (
                "one task"
                if num_nodes * per_node == 1
                else f"{launch_command(launch.launcher, num_nodes, per_node)} train"
            )
        )
