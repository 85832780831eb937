"""How each job of a sweep stands, from the status in its folder and, for jobs on a cluster, from Slurm."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from akshar.files import printable
from akshar.runs.index import DIED
from akshar.runs.run_dir import RunDir, RunStatus
from akshar.sweeps.slurm.queue import Task, ask, find_array
from akshar.sweeps.slurm.submission import Submission, read_submissions
from akshar.sweeps.sweep_dir import claimed_config, runs_of

QUEUED, REQUEUED, CANCELLED, SUBMITTED = "queued", "requeued", "cancelled", "submitted"
FINAL = ("completed", "pruned")
ENDED = (*FINAL, "failed", "diverged")
ACTIVE = (QUEUED, REQUEUED, SUBMITTED, "running")


@dataclass(frozen=True)
class JobState:
    """How one job stands.

    Attributes:
        run_dir: its folder, which may not exist yet.
        state: as in `status.json`; `DIED`; or, of a job on a cluster, queued, requeued, cancelled, or submitted if
            Slurm cannot be asked from here.
        status: content of `status.json`; None if there is none.
        key: hash of its config; empty where it is not known.
        task: number of its array and of its task in Slurm; None for other jobs.
    """

    run_dir: RunDir
    state: str
    status: RunStatus | None
    key: str = ""
    task: tuple[str, int] | None = None

    @property
    def name(self) -> str:
        """Name of the job: its folder within the sweep."""
        return printable(self.run_dir.path.name)


@dataclass(frozen=True)
class SweepState:
    """How a sweep stands.

    Attributes:
        jobs: every job that has a folder or was submitted, in order.
        processes: states of the processes of a search that were submitted.
        is_known: whether Slurm could be asked; true where nothing was submitted.
    """

    jobs: Sequence[JobState]
    processes: Sequence[str] = ()
    is_known: bool = True

    @property
    def is_active(self) -> bool:
        """Whether something is left that goes on by itself."""
        return any(state in ACTIVE for state in (*self.processes, *(job.state for job in self.jobs)))


def read_state(sweep: Path) -> SweepState:
    """Look at the folders of a sweep, and ask Slurm about what was submitted from it."""
    records = [_with_array(sweep, submission) for submission in read_submissions(sweep)]
    submissions = [submission for submission in records if submission.array is not None]
    tasks = ask(submission.array for submission in submissions if submission.array is not None)
    is_known = tasks is not None
    placed: dict[str, tuple[str, int]] = {}
    folders: dict[str, str] = {}
    processes: list[str] = []
    for submission in submissions:
        for number, job in enumerate(submission.jobs):
            where = (submission.array or "", number)
            if job.key:
                placed[job.key], folders[job.key] = where, job.folder  # the last submission counts
            else:
                processes.append(_of_process(tasks.get(where) if tasks else None, is_known))
    runs = [(run_dir, claimed_config(run_dir.path)) for run_dir in runs_of(sweep)]
    begun = {key for _, key in runs}
    jobs = []
    for run_dir, key in [*runs, *((RunDir(sweep / folders[key]), key) for key in placed if key not in begun)]:
        status, where = run_dir.read_status(), placed.get(key)
        if status and status.status == "running" and ("running" in processes or run_dir.is_locked()):
            state = "running"
        elif where is None:
            state = _without_task(status)
        else:
            state = _of_job(status, tasks.get(where) if tasks else None, is_known)
        jobs.append(JobState(run_dir, state, status, key, where))
    return SweepState(jobs, processes, is_known)


def count_states(states: Iterable[str]) -> str:
    """Write how many jobs stand how.

    >>> count_states(["running", "queued", "completed", "queued"])
    '1 completed, 1 running, 2 queued'
    """
    order = ("completed", "pruned", "running", REQUEUED, QUEUED, SUBMITTED)
    counts = Counter(states)
    names = [name for name in order if name in counts] + sorted(name for name in counts if name not in order)
    return ", ".join(f"{counts[name]} {name}" for name in names)


def _with_array(sweep: Path, submission: Submission) -> Submission:
    """Find by its name an array whose number was not recorded: its command was interrupted while it submitted."""
    if submission.array is None and (array := find_array(submission.name)):
        submission = submission.model_copy(update={"array": array})
        with suppress(OSError):
            submission.write(sweep)
    return submission


def _without_task(status: RunStatus | None) -> str:
    """State of a job that no process holds and of which Slurm knows nothing."""
    return DIED if status is None or status.status == "running" else status.status


def _of_job(status: RunStatus | None, task: Task | None, is_known: bool) -> str:
    """State of a job on a cluster.

    Args:
        status: of its folder.
        task: as Slurm knows it; None where Slurm has forgotten it, or cannot be asked.
        is_known: whether Slurm could be asked.
    """
    recorded = status.status if status else None
    if recorded in FINAL:
        return recorded
    if not is_known:
        return recorded or SUBMITTED
    if task and task.is_waiting:
        return REQUEUED if task.restarts or recorded in ("running", "interrupted") else QUEUED
    if recorded in ENDED and not (task and task.state in ("RUNNING", "CONFIGURING")):
        return recorded
    if task and task.is_at_work:
        return "running"
    # Slurm keeps nothing of a task that was cancelled while it waited
    is_cancelled = task.state == "CANCELLED" if task else recorded is None
    return CANCELLED if is_cancelled else _without_task(status)


def _of_process(task: Task | None, is_known: bool) -> str:
    """State of a process of a search."""
    if not is_known:
        return SUBMITTED
    if task is None:
        return "ended"
    if task.is_waiting:
        return REQUEUED if task.restarts else QUEUED
    return (
        "running" if task.is_at_work else {"CANCELLED": CANCELLED, "COMPLETED": "ended"}.get(task.state, "failed")
    )
