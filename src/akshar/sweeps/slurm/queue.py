"""Asks Slurm for the state of the tasks of arrays: `squeue` for present and recent ones, `sacct` for the others."""

import re
import shutil
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

WAITING = ("PENDING", "REQUEUED", "REQUEUE_HOLD", "REQUEUE_FED", "SPECIAL_EXIT", "RESV_DEL_HOLD")
AT_WORK = ("RUNNING", "COMPLETING", "CONFIGURING", "SUSPENDED", "STOPPED", "STAGE_OUT", "RESIZING", "SIGNALING")
FIELDS = "ArrayJobID:.24,ArrayTaskID:.24,State:.24,RestartCnt:.12"
PATIENCE = 30  # seconds that Slurm may take to answer


@dataclass(frozen=True)
class Task:
    """One task of an array as Slurm knows it.

    Attributes:
        state: Slurm's word, as "PENDING".
        restarts: how often it was queued again, as far as Slurm says so.
    """

    state: str
    restarts: int = 0

    @property
    def is_waiting(self) -> bool:
        """Whether it waits to begin, or to begin again."""
        return self.state in WAITING

    @property
    def is_at_work(self) -> bool:
        """Whether it is on a node."""
        return self.state in AT_WORK


Tasks = Mapping[tuple[str, int], Task]  # by the number of the array and of the task


def ask(arrays: Iterable[str]) -> Tasks | None:
    """Ask for every task of some arrays.

    Args:
        arrays: their numbers.

    Returns:
        The tasks that Slurm still knows; None where it cannot be asked from here.
    """
    numbers = sorted({*arrays})
    if not numbers:
        return {}
    shown = _output(["squeue", "--noheader", "--array", "--states=all", f"--Format={FIELDS}"], numbers)
    if shown is None:
        return None
    tasks: dict[tuple[str, int], Task] = {}
    for line in shown.splitlines():
        match line.split():
            case [array, task, state, restarts] if task.isdecimal():
                tasks[array, int(task)] = Task(state, int(restarts) if restarts.isdecimal() else 0)
    recorded = _output(["sacct", "--noheader", "--allocations", "--parsable2", "--format=JobID,State"], numbers)
    for line in (recorded or "").splitlines():
        name, _, state = line.partition("|")
        array, _, listed = name.partition("_")
        for task in _numbers(listed):
            tasks.setdefault((array, task), Task(state.split()[0] if state.split() else "UNKNOWN"))
    return tasks


def find_array(name: str) -> str | None:
    """Number of the array that has a name and waits or is at work; None if there is none."""
    shown = _run(["squeue", "--noheader", f"--name={name}", "--Format=ArrayJobID:.24"])
    words = shown.stdout.split() if shown else []
    return words[0] if words and words[0].isdecimal() else None


def max_array_size() -> int:
    """Largest number of tasks of one array on this cluster."""
    shown = _run(["scontrol", "show", "config"])
    found = re.search(r"^MaxArraySize\s*=\s*(\d+)", shown.stdout if shown else "", re.MULTILINE)
    return int(found[1]) if found and int(found[1]) > 0 else 1001  # Slurm's default


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
