"""How each job of a sweep stands, from the status in its folder and, for jobs on a cluster, from Slurm."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from akshar.files import printable
from akshar.runs.index import DIED
from akshar.runs.run_dir import RunDir, RunStatus
from akshar.sweeps.slurm.queue import Task, Tasks, ask, cluster_and_array_size, find_array
from akshar.sweeps.slurm.submission import Submission, log_of, read_submissions
from akshar.sweeps.sweep_dir import claimed_config, runs_of

QUEUED, REQUEUED, HELD, CANCELLED, SUBMITTED = "queued", "requeued", "held", "cancelled", "submitted"
FAILED = ("FAILED", "OUT_OF_MEMORY", "NODE_FAIL", "BOOT_FAIL", "DEADLINE")  # Slurm's words
FINAL = ("completed", "pruned")
ENDED = (*FINAL, "failed", "diverged")
ACTIVE = (QUEUED, REQUEUED, SUBMITTED, "running")


@dataclass(frozen=True)
class JobState:
    """How one job stands.

    Attributes:
        run_dir: its folder, which may not exist yet.
        state: as in `status.json`; `DIED`; or, of a job on a cluster, queued, requeued, held, cancelled, or
            submitted if Slurm cannot be asked from here.
        status: content of `status.json`; None if there is none.
        key: hash of its config; empty where it is not known.
        log: file with its output on a cluster; None for other jobs.
    """

    run_dir: RunDir
    state: str
    status: RunStatus | None
    key: str = ""
    log: Path | None = None

    @property
    def name(self) -> str:
        """Name of the job: its folder within the sweep."""
        return printable(self.run_dir.path.name)


@dataclass(frozen=True)
class SweepState:
    """How a sweep stands.

    Attributes:
        jobs: every job that has a folder or was submitted, in order.
        processes: state of each process of a search that was submitted, and the file with its output.
        busy: keys of the jobs that wait or are at work in Slurm.
        is_known: whether Slurm could be asked; true where nothing was submitted.
    """

    jobs: Sequence[JobState] = ()
    processes: Sequence[tuple[str, Path]] = ()
    busy: frozenset[str] = frozenset()
    is_known: bool = True

    @property
    def is_active(self) -> bool:
        """Whether something is left that goes on by itself."""
        return any(state in ACTIVE for state in (*self.process_states, *(job.state for job in self.jobs)))

    @property
    def process_states(self) -> list[str]:
        """States of the processes of a search."""
        return [state for state, _ in self.processes]


def read_state(sweep: Path) -> SweepState:
    """Look at the folders of a sweep, and ask Slurm about what was submitted from it; writes nothing."""
    submissions, tasks = _ask(read_submissions(sweep))
    placed: dict[str, Placed] = {}
    processes: list[tuple[str, Path]] = []
    busy: set[str] = set()
    for submission in submissions:
        array = submission.array or ""
        for number, job in enumerate(submission.jobs):
            task = tasks.get((array, number)) if tasks else None
            task = task if task and task.name == submission.name else None  # or another cluster's by that number
            log = log_of(sweep, array, number)
            if job.key:
                placed[job.key] = Placed(job.folder, task, log)  # the last submission counts
                busy |= {job.key} if task and (task.is_waiting or task.is_at_work) else set()
            else:
                processes.append((_of_process(task, log, tasks is not None), log))
    goes_on = any(state in ACTIVE for state, _ in processes)
    runs = [(run_dir, claimed_config(run_dir.path)) for run_dir in runs_of(sweep)]
    begun = {key for _, key in runs}
    jobs = []
    for run_dir, key in [*runs, *((RunDir(sweep / placed[key].folder), key) for key in placed if key not in begun)]:
        status, where = run_dir.read_status(), placed.get(key)
        if status and status.status == "running" and (goes_on or run_dir.is_locked()):
            state = "running"
        elif where is not None:
            state = _of_job(status, where.task, where.log.exists(), tasks is not None)
        elif goes_on and status and status.status == "interrupted":  # a trial, which its process takes up again
            state = REQUEUED
        else:
            state = _without_task(status)
        jobs.append(JobState(run_dir, state, status, key, where.log if where else None))
    return SweepState(jobs, processes, frozenset(busy), tasks is not None)


def count_states(states: Iterable[str]) -> str:
    """Write how many jobs stand how.

    >>> count_states(["running", "queued", "completed", "queued"])
    '1 completed, 1 running, 2 queued'
    """
    order = ("completed", "pruned", "running", REQUEUED, QUEUED, HELD, SUBMITTED)
    counts = Counter(states)
    names = [name for name in order if name in counts] + sorted(name for name in counts if name not in order)
    return ", ".join(f"{counts[name]} {name}" for name in names)


class Placed(NamedTuple):
    """Where a submitted job is: its folder, its task as Slurm knows it, and the file with its output."""

    folder: str
    task: Task | None
    log: Path


def _ask(submissions: Sequence[Submission]) -> tuple[list[Submission], Tasks | None]:
    """Ask Slurm about submissions; None in place of the tasks where it cannot be asked about all of them from here.

    The number of an array whose command was interrupted while it submitted is found by its name.
    """
    known: list[Submission] = []
    for submission in submissions:
        array = submission.array or find_array(submission.name)
        if array is None:
            return [*submissions], None
        if array:  # otherwise it never came to be submitted
            known.append(submission.model_copy(update={"array": array}))
    if known and {cluster_and_array_size()[0]} != {submission.cluster for submission in known}:
        return known, None
    return known, ask({submission.array or "": len(submission.jobs) for submission in known})


def _without_task(status: RunStatus | None) -> str:
    """State of a job that no process holds and of which Slurm knows nothing."""
    return DIED if status is None or status.status == "running" else status.status


def _of_job(status: RunStatus | None, task: Task | None, has_log: bool, is_known: bool) -> str:
    """State of a job on a cluster.

    Args:
        status: of its folder.
        task: as Slurm knows it; None where Slurm has forgotten it, or cannot be asked.
        has_log: whether it ever began.
        is_known: whether Slurm could be asked.
    """
    recorded = status.status if status else None
    if recorded in FINAL or not is_known:
        return recorded or SUBMITTED
    if task and task.is_waiting:
        again = REQUEUED if task.restarts or recorded in ("running", "interrupted") else QUEUED
        return HELD if task.is_held else again
    if recorded in ENDED and not (task and task.state in ("RUNNING", "CONFIGURING")):
        return recorded
    if task and task.is_at_work:
        return "running"
    # Slurm keeps nothing of a task that was cancelled while it waited
    if task.state == "CANCELLED" if task else recorded is None and not has_log:
        return CANCELLED
    return DIED if task and task.state in FAILED else _without_task(status)


def _of_process(task: Task | None, log: Path, is_known: bool) -> str:
    """State of a process of a search."""
    if not is_known:
        return SUBMITTED
    if task is None:
        return "ended" if log.exists() else CANCELLED
    if task.is_waiting:
        again = REQUEUED if task.restarts else QUEUED
        return HELD if task.is_held else again
    if task.is_at_work:
        return "running"
    return {"CANCELLED": CANCELLED, "COMPLETED": "ended"}.get(task.state, "failed")
