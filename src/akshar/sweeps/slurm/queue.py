"""Asks Slurm for the state of the tasks of arrays: `squeue` for present and recent ones, `sacct` for the others."""

import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

WAITING = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD")
AT_WORK = ("RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "STAGE_OUT", "RESIZING", "SIGNALING")
FIELDS = "ArrayJobID:.24,ArrayTaskID:.24,State:.24,RestartCnt:.12,Name:.220,Reason:.80"
PATIENCE = 30  # seconds that Slurm may take to answer


@dataclass(frozen=True)
class Task:
    """One task of an array as Slurm knows it.

    Attributes:
        state: Slurm's word, as "PENDING".
        name: of its array.
        restarts: how often it was queued again, as far as Slurm says so.
        reason: why it waits.
    """

    state: str
    name: str = ""
    restarts: int = 0
    reason: str = ""

    @property
    def is_held(self) -> bool:
        """Whether it waits until somebody releases it."""
        return self.is_waiting and "held" in self.reason.lower()

    @property
    def is_waiting(self) -> bool:
        """Whether it waits to begin, or to begin again."""
        return self.state in WAITING

    @property
    def is_at_work(self) -> bool:
        """Whether it is on a node."""
        return self.state in AT_WORK


Tasks = Mapping[tuple[str, int], Task]  # by the number of the array and of the task


def ask(arrays: Mapping[str, int]) -> Tasks | None:
    """Ask for every task of some arrays.

    Args:
        arrays: their numbers, and how many tasks each has.

    Returns:
        The tasks that Slurm still knows; None where it cannot be asked from here.
    """
    if not arrays:
        return {}
    shown = _output(["squeue", "--noheader", "--array", "--states=all", f"--Format={FIELDS}"], sorted(arrays))
    if shown is None:
        return None
    tasks: dict[tuple[str, int], Task] = {}
    for line in shown.splitlines():
        match line.split(maxsplit=5):
            case [array, task, state, restarts, name, *reason] if task.isdecimal():
                count = int(restarts) if restarts.isdecimal() else 0
                tasks[array, int(task)] = Task(state, name, count, *reason)
    missing = sorted(array for array, count in arrays.items() if sum(array == other for other, _ in tasks) < count)
    command = ["sacct", "--noheader", "--allocations", "--parsable2", "--format=JobID,State,JobName"]
    for line in (_output(command, missing) or "").splitlines() if missing else ():
        named, state, name = [*line.split("|"), "", ""][:3]
        array, _, listed = named.partition("_")
        for task in _numbers(listed):
            tasks.setdefault((array, task), Task((state.split() or ["UNKNOWN"])[0], name))
    return tasks


def find_array(name: str) -> str | None:
    """Number of the array that has a name; empty if Slurm knows none, None where it cannot be asked."""
    shown = _run(["squeue", "--noheader", "--states=all", f"--name={name}", "--Format=ArrayJobID:.24"])
    if shown is None or shown.returncode:
        return None
    words = shown.stdout.split()
    return words[0] if words and words[0].isdecimal() else ""


def cluster_and_array_size() -> tuple[str, int]:
    """Name of the cluster, empty where it cannot be asked, and the largest number of tasks of one array."""
    shown = _run(["scontrol", "show", "config"])
    text = shown.stdout if shown else ""
    values = dict(re.findall(r"^(ClusterName|MaxArraySize)\s*=\s*(\S+)", text, re.MULTILINE))
    size = values.get("MaxArraySize", "")
    return values.get("ClusterName", ""), max(1, int(size)) if size.isdecimal() else 1001  # Slurm's default


def _numbers(listed: str) -> Sequence[int]:
    """Expand the tasks of an array.

    >>> _numbers("7"), _numbers("[1-3,5%2]")
    ([7], [1, 2, 3, 5])
    """
    numbers: list[int] = []
    for part in listed.strip("[]").partition("%")[0].split(","):
        first, _, last = part.partition("-")
        if first.isdecimal():
            numbers += range(int(first), (int(last) if last.isdecimal() else int(first)) + 1)
    return numbers


def _output(command: Sequence[str], numbers: Sequence[str]) -> str | None:
    """Ask a program about arrays; those that the controller has forgotten must not hide the others."""
    shown = _run([*command, f"--jobs={','.join(numbers)}"])
    if shown is None:
        return None
    if shown.returncode == 0:
        return shown.stdout
    if "Invalid job id" not in shown.stderr:
        return None
    if len(numbers) == 1:
        return ""
    answers = [_output(command, [number]) for number in numbers]
    return None if None in answers else "\n".join(answer or "" for answer in answers)


def _run(command: Sequence[str]) -> subprocess.CompletedProcess[str] | None:
    """Run one of Slurm's programs; None where it is not installed or does not answer."""
    if shutil.which(command[0]) is None:
        return None
    try:
        return subprocess.run(command, capture_output=True, text=True, timeout=PATIENCE, check=False)
    except (subprocess.TimeoutExpired, OSError):
        return None
