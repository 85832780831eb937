"""One job of a sweep: skipped if completed, resumed if it was started, otherwise trained from the beginning."""

import gc
import logging
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

from hydra.core.hydra_config import HydraConfig

from akshar.config.schema import TrainConfig
from akshar.errors import Interrupted, TakenOver
from akshar.runs import provenance
from akshar.runs.console import Console
from akshar.runs.log_setup import log_to
from akshar.runs.run_dir import RunDir
from akshar.sweeps.claim import Claim
from akshar.sweeps.remaining import Digests, is_done, job_key
from akshar.sweeps.sweep_dir import is_search, own_dir, write_choices
from akshar.sweeps.workers import StopFile, is_orphan, take_gpu
from akshar.training.job import run_job

if TYPE_CHECKING:
    from pytorch_lightning import Callback

log = logging.getLogger(__name__)

StopRequested = Callable[[], int | None]
LOCK_PATIENCE = 2.0  # seconds to wait for another process that works on a run


def run_sweep_job(
    config: TrainConfig,
    preferred: RunDir,
    stop_requested: StopRequested = lambda: None,
    patience: float = LOCK_PATIENCE,
) -> int:
    """Run one job in its folder.

    Args:
        config: of the job.
        preferred: folder that Hydra made for it.
        stop_requested: returns the signal to stop by, or None.
        patience: seconds to wait for another process that works on the run.

    Returns:
        The exit code.

    Raises:
        Interrupted: the job was stopped and its state is saved.
    """
    # Trials of a search are identified by their number, other jobs by their config.
    run_dir = preferred if is_search(preferred.path.parent) else own_dir(preferred, job_key(config, Digests()))
    if run_dir.path != preferred.path:
        run_dir.path.mkdir(exist_ok=True)
        log_to(run_dir)
    if is_done(run_dir, config):
        changes = provenance.changes_since(provenance.read(run_dir))
        log.info("already completed%s", f", in another environment ({'; '.join(changes)})" if changes else "")
        return 0
    resumed = run_dir.provenance.exists() and run_dir.config.exists()
    if not resumed:
        write_choices(run_dir.path, HydraConfig.get().runtime.choices)
    try:
        with _claimed(run_dir, patience):
            exit_code = run_job(
                config,
                run_dir,
                resume_from="last" if resumed else None,
                stop_requested=stop_requested,
                extra_callbacks=lambda: _of_search(run_dir),
            ).exit_code
    except TakenOver:
        exit_code = 0  # of the search, which goes on with other trials
    gc.collect()  # networks and trainers refer to each other in cycles
    return exit_code


def run_as_worker(config: TrainConfig, preferred: RunDir, title: str, gpus: int) -> int:
    """Run one job in a process beside others; print a line when it starts and one when it ends.

    Args:
        config: of the job.
        preferred: folder that Hydra made for it.
        title: name of the job on the console.
        gpus: number of GPUs of this machine.

    Returns:
        The exit code; 0 if the job was stopped, which its status records.
    """
    sweep = preferred.path.parent
    stop = StopFile(sweep)
    if stop.requested_of_worker():
        return 0
    Console.job = title
    take_gpu(sweep, gpus)
    sys.stderr.write(f"{title}: started\n")  # a single write: other processes write too
    try:
        exit_code = run_sweep_job(config, preferred, stop.requested_of_worker)
        end = "failed" if exit_code else "finished"
    except Interrupted as interrupt:
        exit_code, end = 0, "interrupted"
        if is_orphan():
            os._exit(interrupt.exit_code)  # the launcher is gone
    sys.stderr.write(f"{title}: {end}\n")
    return exit_code


@contextmanager
def _claimed(run_dir: RunDir, patience: float) -> Iterator[None]:
    """Lock the run; one of a search is also checked to be this process's.

    Args:
        run_dir: of the run.
        patience: seconds to wait for another process that works on it.

    Raises:
        TakenOver: it is not.
    """
    claim = _claim(run_dir)
    if claim:
        claim.check()
    with run_dir.locked(patience):
        if claim:  # once more, now that another process can see that the run is locked
            claim.check()
        yield


def _claim(run_dir: RunDir) -> Claim | None:
    return Claim(run_dir.path.parent, int(run_dir.path.name)) if is_search(run_dir.path.parent) else None


def _of_search(run_dir: RunDir) -> "Sequence[Callback]":
    """Return the callbacks of a trial of a search; none for other runs, which need no optuna."""
    if (claim := _claim(run_dir)) is None:
        return ()
    from akshar.sweeps.claim_guard import StopWhenTakenOver
    from akshar.sweeps.pruning import Pruning

    return StopWhenTakenOver(claim), Pruning(run_dir)
