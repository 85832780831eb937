"""`python -m akshar.sweeps.slurm.worker RECORD`: the process of a task, which trains."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from akshar.config.compose import compose, composing, to_record
from akshar.config.hydra_app import compose_sweep, launch
from akshar.config.schema import TrainConfig
from akshar.config.validate import validate
from akshar.credentials import mask
from akshar.errors import AksharError, Interrupted
from akshar.files import printable
from akshar.runs.run_dir import RunDir
from akshar.streams import print_error
from akshar.sweeps.job import run_sweep_job
from akshar.sweeps.multirun import run_sweep
from akshar.sweeps.slurm.submission import SlurmJob, Submission, read_submission, read_submissions
from akshar.sweeps.workers import is_orphan

LAUNCHER = ("hydra/launcher", "hydra.launcher.")  # which the task has left behind
N_PARALLEL = "hydra.sweeper.search.n_parallel="
LOCK_PATIENCE = 600.0  # seconds that a process on a node which Slurm has lost may still hold the run
HOLDER_INTERVAL = 10.0  # seconds between two looks at who holds the run


def main(record: str) -> int:
    """Run the job, or the part of a search, of the task that Slurm's environment names.

    Args:
        record: file of the submission.

    Returns:
        The exit code; 128 and the number of the signal after which the job was saved.
    """
    submission = read_submission(Path(record))
    job = submission.jobs[int(os.environ["SLURM_ARRAY_TASK_ID"])]
    sweep = Path(record).parent.parent
    overrides = [word for word in submission.overrides if not word.lstrip("+~").startswith(LAUNCHER)]
    try:
        with composing("train"):
            if job.key:
                return _run_job(sweep, submission, overrides, job)
            # One trial at a time: the other processes have theirs.
            overrides = [word for word in overrides if not word.lstrip("+").startswith(N_PARALLEL)]
            composed = compose("train", overrides, TrainConfig, multirun=True)
            return run_sweep(composed.overrides, (), composed.tree)
    except AksharError as error:
        for line in str(error).splitlines():
            print_error(printable(mask(line)))
        return error.exit_code
    except Interrupted as interrupt:
        return 128 + interrupt.signal_number


def _run_job(sweep: Path, submission: Submission, overrides: list[str], job: SlurmJob) -> int:
    """Run one job of a grid; where it fails and `sweep.fail_fast` is set, cancel all others."""
    exit_codes = []

    def task(tree: DictConfig) -> None:
        config = validate(to_record(tree, HydraConfig.get()), TrainConfig)
        run_dir = RunDir(Path(HydraConfig.get().runtime.output_dir))
        exit_codes.append(run_sweep_job(config, run_dir, stop_requested_of(run_dir), LOCK_PATIENCE))

    launch(compose_sweep("train", overrides), [job.words], task)
    if exit_codes[0] and submission.fail_fast:
        arrays = [other.array for other in read_submissions(sweep) if other.array]
        subprocess.run(["scancel", *arrays], check=False)
    return exit_codes[0]


def stop_requested_of(run_dir: RunDir) -> Callable[[], int | None]:
    """Return a function to call after every step: the signal to stop with if this process is left alone, or None.

    It ends the process where another one has taken over the run: Slurm gave up this node, and the file system does
    not show locks to other nodes.
    """
    looked = time.monotonic()

    def stop_requested() -> int | None:
        nonlocal looked
        if time.monotonic() - looked >= HOLDER_INTERVAL:
            looked = time.monotonic()
            if run_dir.is_taken_over():
                print_error(f"{run_dir}: another process works on this run; this one ends without saving")
                os._exit(1)
        return signal.SIGTERM if is_orphan() else None

    return stop_requested


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
