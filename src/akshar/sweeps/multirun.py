"""`akshar train -m`: the jobs of a sweep, each known by its hash, so that a sweep that was stopped goes on."""

import logging
import os
import signal
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from hydra.core.hydra_config import HydraConfig

from akshar.commands.sweep import report
from akshar.errors import AksharError, Interrupted, UsageError
from akshar.runs.run_dir import RunDir, new_run_name
from akshar.sweeps import sweep_grid
from akshar.sweeps.job import run_as_worker, run_one
from akshar.sweeps.sweep_dir import ROOT, begun_with, find_sweep, locked
from akshar.sweeps.workers import StopFile
from akshar.training.interrupts import Interrupts

log = logging.getLogger(__name__)

# Words that are about the sweep as a whole, not about its runs.
WORDS = ("sweep.resume", "sweep.fail_fast")

RunHydra = Callable[[Sequence[str], Callable[[dict[str, Any], RunDir], None]], None]


class StopSweep(BaseException):
    """A job failed, and the sweep was told to end then."""


def run_sweep(overrides: Sequence[str], run_hydra: RunHydra) -> int:
    """Checks every job, runs those that are not done, and ends with the table.

    Args:
        overrides: of the command line.
        run_hydra: runs Hydra with overrides and a function for each job.

    Returns:
        0 where every run of the folder is completed, else 1; 2 for a bad request.
    """
    words = {
        word.partition("=")[0]: word.partition("=")[2] for word in overrides if word.partition("=")[0] in WORDS
    }
    fail_fast = words.get("sweep.fail_fast", "false").lower()
    if fail_fast not in ("true", "false"):
        raise UsageError(f"sweep.fail_fast={fail_fast}: must be true or false")
    overrides = [word for word in overrides if word.partition("=")[0] not in WORDS]
    sweep = _folder(overrides, words.get("sweep.resume"))
    overrides = [
        *(word for word in overrides if not word.startswith("hydra.sweep.dir=")),
        f"hydra.sweep.dir='{sweep}'",
    ]
    hydra_config = sweep_grid.hydra_part(overrides)
    sweep_grid.check_extras(hydra_config)
    grid, workers = sweep_grid.is_grid(hydra_config), sweep_grid.has_workers(hydra_config)
    count = 0
    if grid:
        count = sweep_grid.check_jobs(overrides, hydra_config)
        print(f"{count} jobs in {RunDir(sweep)}", file=sys.stderr)
    stop, main_process = StopFile(sweep), os.getpid()
    gpus = _gpus() if workers else 0

    def job(settings: dict[str, Any], folder: RunDir) -> None:
        given = [word for word in HydraConfig.get().overrides.task if word not in overrides]
        title = f"job {folder.path.name}  {' '.join(given)}".rstrip()
        if os.getpid() != main_process:
            if run_as_worker(settings, folder, title, gpus) and fail_fast == "true":
                stop.ask(signal.SIGTERM)
            return
        log.info("\n%s", title)
        if run_one(settings, folder) and fail_fast == "true":
            raise StopSweep

    with locked(sweep) if grid else nullcontext():  # a study may be shared
        stop.clear()
        try:
            with _asking(stop) if workers else nullcontext():
                run_hydra(overrides, job)
        except StopSweep:
            log.error("a job failed, and sweep.fail_fast=true")
        except Interrupted:
            print(f"the same line with  sweep.resume={RunDir(sweep)}  runs what is missing", file=sys.stderr)
            raise
        return report(sweep, count)


@contextmanager
def _asking(stop: StopFile) -> Iterator[None]:
    """Inside, a signal lets the workers save and stop, and is obeyed when they have.

    Raises:
        Interrupted: there was one.
        AksharError: a worker was killed.
    """
    try:
        with Interrupts(tell=stop.ask) as interrupts, interrupts.deferred():
            yield
    except AksharError:
        raise
    except Exception as error:
        raise AksharError(
            f"the jobs cannot go on side by side ({type(error).__name__}: {str(error).splitlines()[0]}); the same "
            f"line with  sweep.resume={RunDir(stop.path.parent)}  runs what is missing"
        ) from error


def _gpus() -> int:
    """Of this machine."""
    import torch

    return torch.cuda.device_count()


def _folder(overrides: Sequence[str], resume: str | None) -> Path:
    """Where the sweep's runs go: `sweep.resume`, `hydra.sweep.dir`, or a new folder."""
    given = [word.partition("=")[2].strip("'\"") for word in overrides if word.startswith("hydra.sweep.dir=")]
    if resume is not None and given:
        raise UsageError("sweep.resume and hydra.sweep.dir: give one of them")
    if resume is not None:
        sweep = find_sweep(resume).absolute()
        begun, now = begun_with(sweep), {word.partition("=")[0] for word in overrides}
        now = {key for key in now if not key.startswith("hydra")}
        if resume == "latest" and begun is not None and begun != now:
            raise UsageError(
                f"sweep.resume=latest: {RunDir(sweep)} was begun by another line (it differs in "
                f"{', '.join(sorted(begun ^ now))}); name the folder to run this one in it"
            )
        return sweep
    return Path(given[-1]).expanduser().absolute() if given else (ROOT / new_run_name()).absolute()


def is_asked_for(options: Sequence[str], overrides: Sequence[str]) -> bool:
    """Whether a command line is a sweep: by -m, or by a preset that says so.

    Raises:
        UsageError: a word that only a sweep understands, without one.
    """
    if {"-m", "--multirun"} & {*options}:
        return True
    if str(sweep_grid.hydra_part([w for w in overrides if w.partition("=")[0] not in WORDS]).mode).endswith(
        "MULTIRUN"
    ):
        return True
    if stray := [word for word in overrides if word.partition("=")[0] in WORDS]:
        raise UsageError(f"{stray[0]}: needs -m")
    return False
