"""Submits jobs to Slurm as arrays, by submitit."""

import os
import re
import shlex
import sys
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from akshar.errors import UsageError, first_line
from akshar.runs.run_dir import RunDir
from akshar.sweeps.slurm.queue import cluster_and_array_size, find_array
from akshar.sweeps.slurm.settings import SlurmSettings
from akshar.sweeps.slurm.submission import SlurmJob, Submission, folder_of, now

# What sbatch says, and the key to change
REASONS = (
    (r"generic resource|\bgres\b", "gpus_per_node"),
    (r"invalid account", "account"),
    (r"limit|policy", None),  # of the cluster, on a user's jobs
    (r"\bpartition\b", "partition"),
    (r"\baccount\b", "account"),
    (r"\bqos\b", "qos"),
    (r"\bfeature\b", "constraint"),
    (r"\bmemory\b", "mem_gb"),
    (r"cpu count|\bcpus\b", "cpus_per_task"),
    (r"node configuration", "cpus_per_task, hydra.launcher.mem_gb or hydra.launcher.gpus_per_node"),
    (r"\boption\b", "additional_parameters"),
)


def submit(
    sweep: Path, overrides: Sequence[str], jobs: Sequence[SlurmJob], settings: SlurmSettings, fail_fast: bool
) -> list[Submission]:
    """Submit jobs, as one array where the cluster allows so large a one.

    Args:
        sweep: folder of the sweep.
        overrides: of the command.
        jobs: of the sweep, or processes of a search.
        settings: of the launcher.
        fail_fast: whether the first job that fails cancels the others.

    Returns:
        What was submitted.

    Raises:
        UsageError: the cluster refused; the message has its reason and the key to change.
    """
    cluster, size = cluster_and_array_size()
    submitted: list[Submission] = []
    for first in range(0, len(jobs), size):
        submission = Submission(
            name=f"{settings.name}-{uuid.uuid4().hex[:8]}",
            cluster=cluster,
            overrides=tuple(overrides),
            fail_fast=fail_fast,
            max_restarts=settings.max_restarts,
            jobs=tuple(jobs[first : first + size]),
            submitted=now(),
        )
        # Before it is submitted, so that whatever interrupts this command, the array is known by its name.
        record = submission.write(sweep)
        try:
            array = _sbatch(sweep, record, submission, settings)
        except UsageError as error:
            if find_array(submission.name) == "":  # the controller may have taken it, and answered too late
                record.unlink()
            if not submitted:
                raise
            raise UsageError(f"{error} (the first {first} jobs are submitted)") from error
        submitted.append(submission.model_copy(update={"array": array}))
        submitted[-1].write(sweep)
    return submitted


def _sbatch(sweep: Path, record: Path, submission: Submission, settings: SlurmSettings) -> str:
    """Write the batch file and hand it to sbatch; return the number of the array."""
    import submitit
    from submitit.core.utils import FailedJobError, FailedSubmissionError

    command = [sys.executable, "-P", "-u", "-m", "akshar.sweeps.slurm.task", str(record.absolute())]
    command += [str(submission.max_restarts), *(["--fail-fast"] if submission.fail_fast else [])]
    options = settings.sbatch_options(submission.name)
    exports = ["export SLURM_EXPORT_ENV=ALL"]  # to srun, also where sbatch was told to export nothing
    try:
        with _outside_jobs():
            executor = submitit.SlurmExecutor(folder_of(sweep.absolute()))
            executor.update_parameters(**options | {"setup": [*(options["setup"] or []), *exports]})
            executor.parameters["map_count"] = len(submission.jobs)  # makes it an array, as submitit does itself
            return executor._submit_command(shlex.join(command)).job_id
    except (FailedJobError, FailedSubmissionError) as error:
        raise UsageError(_refusal(str(error), settings, sweep)) from error
    except RuntimeError as error:  # no srun
        raise UsageError(
            "hydra/launcher=slurm: Slurm's programs are not here; run the command on a machine of the cluster"
        ) from error


@contextmanager
def _outside_jobs() -> Iterator[None]:
    """Hide the settings of the job from which this one is submitted, if it is, but not the cluster's own."""
    from submitit.helpers import clean_env

    cluster = {name: os.environ[name] for name in ("SLURM_CONF",) if name in os.environ}
    with clean_env() if "SLURM_JOB_ID" in os.environ else nullcontext():
        os.environ |= cluster
        yield


def _refusal(said: str, settings: SlurmSettings, sweep: Path) -> str:
    """One line with what sbatch said and the key to change."""
    lines = [line.partition("error: ")[2] for line in said.splitlines() if "error: " in line]
    reason = "; ".join(dict.fromkeys(line.removeprefix("Batch job submission failed: ") for line in lines))
    reason = reason or first_line(ValueError(said))
    key = next((key for pattern, key in REASONS if re.search(pattern, reason.lower())), None)
    if key is None:
        return f"hydra/launcher=slurm: the cluster refused the jobs of {RunDir(sweep)}: {reason}"
    value = getattr(settings, key, None)
    named = f"hydra.launcher.{key}" + ("" if "," in key else f"={'null' if value is None else value}")
    return f"{named}: the cluster refused the jobs: {reason}"
