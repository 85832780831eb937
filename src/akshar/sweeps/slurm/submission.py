"""What was submitted to Slurm, as the sweep's folder records it: one file for each array."""

import os
import shlex
from collections.abc import Sequence
from contextlib import suppress
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, NonNegativeInt

from akshar.files import printable, write_json
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_bytes

NAME = r"^\w[\w.+-]{0,200}$"
FOLDER = ".slurm"  # in the sweep's folder: the submissions, their batch files and the output of their tasks


class SlurmJob(BaseModel):
    """One job of a submission.

    Attributes:
        folder: name of its run's folder in the sweep; empty for a process of a search, which runs many.
        key: hash of its config; empty for a process of a search.
        words: its overrides.
    """

    model_config = ConfigDict(frozen=True)

    folder: Annotated[str, Field(pattern=r"^([^/.\x00][^/\x00]*)?$")] = ""
    key: str = ""
    words: tuple[str, ...] = ()


class Submission(BaseModel):
    """One array of jobs; its task N is the job at position N of the list.

    Attributes:
        name: of the array in Slurm, different from all others, and of the record's file.
        cluster: name of the cluster.
        overrides: of the command that submitted it, without `sweep.resume`.
        fail_fast: whether the first job that fails cancels the others.
        max_restarts: how often a task that is killed is queued again.
        jobs: one for each task.
        submitted: when.
        array: number that Slurm gave to the array; None while it is being submitted.
    """

    model_config = ConfigDict(frozen=True)

    name: Annotated[str, Field(pattern=NAME)]
    cluster: str
    overrides: tuple[str, ...]
    fail_fast: bool
    max_restarts: NonNegativeInt
    jobs: tuple[SlurmJob, ...]
    submitted: AwareDatetime
    array: Annotated[str, Field(pattern=r"^\d+$")] | None = None

    def write(self, sweep: Path) -> Path:
        """Write the record; return its file."""
        path = folder_of(sweep) / f"{self.name}.json"
        path.parent.mkdir(parents=True, exist_ok=True)
        write_json(path, self.model_dump(mode="json"))
        return path


def log_of(sweep: Path, array: str, task: int) -> Path:
    """The output of a task, under the name that submitit gives it."""
    return folder_of(sweep) / f"{array}_{task}_0_log.out"


def folder_of(sweep: Path) -> Path:
    """The folder of the records in a sweep."""
    return sweep / FOLDER


def read_submission(path: Path) -> Submission:
    """Read one record.

    Raises:
        OSError, ValueError: it is missing or damaged.
    """
    return Submission.model_validate_json(read_bytes(path))


def read_submissions(sweep: Path) -> Sequence[Submission]:
    """Read the records of a sweep, the oldest first; damaged ones are skipped."""
    found: list[Submission] = []
    for path in folder_of(sweep).glob("*.json"):
        with suppress(OSError, ValueError):
            submission = read_submission(path)
            found += [submission] if submission.name == path.stem else []
    return sorted(found, key=lambda submission: (submission.submitted, submission.name))


def now() -> datetime:
    """The present time, with its zone."""
    return datetime.now().astimezone()


def commands_of(sweep: Path) -> list[str]:
    """The commands that submit what is missing of a sweep; none of a folder that another person owns."""
    if sweep.stat().st_uid != (os.getuid() if hasattr(os, "getuid") else 0):
        return []
    commands = []
    for submission in read_submissions(sweep):
        words = [word for word in submission.overrides if not word.startswith("hydra.sweep.dir=")]
        words += [*(["sweep.fail_fast=true"] if submission.fail_fast else []), f"sweep.resume={RunDir(sweep)}"]
        commands.append(printable(f"akshar train -m {shlex.join(words)}"))
    return [*dict.fromkeys(commands)]
