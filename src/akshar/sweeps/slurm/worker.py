"""`python -m akshar.sweeps.slurm.worker RECORD`: the process of a task, which trains."""

import os
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig, OmegaConf

from akshar.config.compose import composing
from akshar.config.hydra_app import compose_sweep, in_this_process, launch
from akshar.config.schema import TrainConfig
from akshar.config.tree import to_record
from akshar.config.validate import validate
from akshar.credentials import mask
from akshar.errors import AksharError, Interrupted
from akshar.files import printable
from akshar.runs.run_dir import RunDir
from akshar.streams import print_error
from akshar.sweeps.job import run_sweep_job
from akshar.sweeps.multirun import run_here
from akshar.sweeps.slurm.submission import SlurmJob, read_submission
from akshar.sweeps.workers import is_orphan

LOCK_PATIENCE = 600.0  # seconds that a process on a node which Slurm has lost may still hold the run
HOLDER_INTERVAL = 10.0  # seconds between two looks at who holds the run


def main(record: str) -> int:
    """Run the job, or the part of a search, of the task that Slurm's environment names.

    Args:
        record: file of the submission.

    Returns:
        The exit code; 128 and the number of the signal after which the job was saved.
    """
    sweep = Path(record).parent.parent
    try:
        submission = read_submission(Path(record))
        job = submission.jobs[int(os.environ["SLURM_ARRAY_TASK_ID"])]
        with composing("train"):
            tree = in_this_process(compose_sweep("train", submission.overrides))
            if job.key:
                return _run_job(tree, job)
            # One trial at a time: the other processes have theirs.
            OmegaConf.update(tree, "hydra.sweeper.search.n_parallel", 1)
            run_here(sweep, tree, None, fail_fast=False)
            return 0  # also where a trial failed, which its own status says
    except (AksharError, OSError, ValueError) as error:
        for line in str(error).splitlines():
            print_error(printable(mask(line)))
        return error.exit_code if isinstance(error, AksharError) else 1
    except Interrupted as interrupt:
        return 128 + interrupt.signal_number


def _run_job(tree: DictConfig, job: SlurmJob) -> int:
    """Run one job of a grid."""
    exit_codes = []

    def task(job_tree: DictConfig) -> None:
        config = validate(to_record(job_tree, HydraConfig.get()), TrainConfig)
        run_dir = RunDir(Path(HydraConfig.get().runtime.output_dir))
        exit_codes.append(run_sweep_job(config, run_dir, stop_requested_of(run_dir), LOCK_PATIENCE))

    launch(tree, [job.words], task)
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
