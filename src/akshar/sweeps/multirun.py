"""`akshar train -m`: runs the jobs of a sweep, resumes a stopped sweep, and prints the summary."""

import logging
import os
import shlex
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, nullcontext
from pathlib import Path

from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig

from akshar.config.hydra_app import compose_sweep, launch, record_sweep, run_sweeper, sweep_callbacks
from akshar.config.overrides import quote_paths
from akshar.config.run_name import new_run_name
from akshar.config.schema import TrainConfig
from akshar.config.tree import to_record
from akshar.config.validate import validate
from akshar.errors import AksharError, Interrupted, UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps import sweep_grid
from akshar.sweeps.job import run_as_worker, run_sweep_job
from akshar.sweeps.remaining import remaining_jobs
from akshar.sweeps.slurm.launch import SlurmLaunch
from akshar.sweeps.summary import summarise
from akshar.sweeps.sweep_dir import ROOT, find_sweep, is_search, locked, override_keys
from akshar.sweeps.watch import watch
from akshar.sweeps.workers import StopFile
from akshar.tables import counted
from akshar.training.interrupts import Interrupts
from akshar.writable import check_folder

log = logging.getLogger(__name__)


class StopSweep(BaseException):
    """Ends a sweep with `sweep.fail_fast=true` after a job failed."""


def run_sweep(overrides: Sequence[str], sweep_overrides: Sequence[str], tree: DictConfig) -> int:
    """Validate every job, run those that are not completed, and print the summary; called inside `composing`.

    Args:
        overrides: of the command line, without those of `SWEEP_KEYS`.
        sweep_overrides: those of `SWEEP_KEYS`.
        tree: the config of the first job as Hydra composed it.

    Returns:
        The exit code: 0 if every run of the sweep is completed, or was submitted to a cluster; otherwise 1.
    """
    sweep_values = {_key(override): _value(override) for override in sweep_overrides}
    given = sweep_values.get("sweep.fail_fast", "false").lower()
    if given not in ("true", "false"):
        raise UsageError(f"sweep.fail_fast={given}: must be true or false")
    fail_fast = given == "true"
    folder = _sweep_folder(overrides, sweep_values.get("sweep.resume"))
    check_folder(folder, f"hydra.sweep.dir={RunDir(folder)}")
    overrides = [override for override in overrides if _key(override) != "hydra.sweep.dir"]
    overrides += quote_paths([f"hydra.sweep.dir={folder}"])
    sweep_grid.check_extras(tree.hydra)
    slurm = SlurmLaunch(folder, overrides, tree, fail_fast) if sweep_grid.is_slurm(tree.hydra) else None
    is_grid = sweep_grid.is_grid(tree.hydra)
    jobs: list[sweep_grid.Job] = []
    if is_grid:
        if is_search(folder):
            raise UsageError(f"{RunDir(folder)}: holds a search; choose another folder for a grid")
        jobs = sweep_grid.check_jobs(overrides, tree.hydra)
        print(f"{counted(len(jobs), 'job')} in {RunDir(folder)}", file=sys.stderr)
    with locked(folder) if is_grid or slurm else nullcontext():  # several processes may work on one search
        left = remaining_jobs(folder, jobs)
        if done := len(jobs) - len(left):
            print(f"{done} already completed", file=sys.stderr)
        whole = compose_sweep("train", overrides)
        if is_grid or slurm:  # a search writes it itself
            record_sweep(whole)
        if slurm:
            slurm.submit(left if is_grid else None)
        else:
            words = [sweep_grid.launched_words(job, tree.hydra) for job in left] if is_grid else None
            with sweep_callbacks(whole):
                run_here(folder, whole, words, fail_fast)
    if slurm and not slurm.settings.wait:
        return 0
    if slurm:
        try:
            watch(folder)
        except KeyboardInterrupt:
            print("the jobs go on", file=sys.stderr)
            raise
    return summarise(folder, {job.key for job in jobs})


def run_here(folder: Path, tree: DictConfig, jobs: Sequence[Sequence[str]] | None, fail_fast: bool) -> None:
    """Run jobs on this machine.

    Args:
        folder: of the sweep.
        tree: config of the sweep as a whole.
        jobs: overrides of each; None for a search, whose sweeper makes them.
        fail_fast: whether the first failure ends the sweep.
    """
    has_workers, overrides = sweep_grid.has_workers(tree.hydra), {*tree.hydra.overrides.task}
    stop, main_process = StopFile(folder), os.getpid()
    gpus = _gpu_count() if has_workers else 0

    def run_job(job_tree: DictConfig) -> None:
        config = validate(to_record(job_tree, HydraConfig.get()), TrainConfig)
        run_dir = RunDir(Path(HydraConfig.get().runtime.output_dir))
        varied = [override for override in HydraConfig.get().overrides.task if override not in overrides]
        title = f"job {run_dir.path.name}  {' '.join(word.lstrip('+') for word in varied)}".rstrip()
        if os.getpid() != main_process:
            if run_as_worker(config, run_dir, title, gpus) and fail_fast:
                stop.request(signal.SIGTERM)
            return
        log.info("\n%s", title)
        if run_sweep_job(config, run_dir) and fail_fast:
            raise StopSweep

    try:
        with _forward_signals(stop) if has_workers else nullcontext():
            if jobs is None:
                run_sweeper(tree, run_job)
            else:
                stop.clear()
                launch(tree, jobs, run_job)
    except StopSweep:
        log.error("stopping after the first failed job, because sweep.fail_fast=true")
    except Interrupted:
        print(_how_to_resume(folder), file=sys.stderr)
        raise


@contextmanager
def _forward_signals(stop: StopFile) -> Iterator[None]:
    """Let workers save and stop when this process receives a signal; raise it once they have ended.

    Raises:
        Interrupted: a signal was received.
        AksharError: a worker process died.
    """
    try:
        with Interrupts(on_request=stop.request) as interrupts, interrupts.deferred():
            yield
    except AksharError:
        raise
    except Exception as error:
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        raise AksharError(
            f"the parallel jobs were aborted ({reason}); {_how_to_resume(stop.path.parent)}"
        ) from error


def _how_to_resume(sweep: Path) -> str:
    return f"to run the missing jobs, repeat the command with  sweep.resume={shlex.quote(str(RunDir(sweep)))}"


def _gpu_count() -> int:
    """Number of GPUs of this machine."""
    import torch

    return torch.cuda.device_count()


def _sweep_folder(overrides: Sequence[str], resume: str | None) -> Path:
    """Folder for the sweep's runs: by `sweep.resume`, by `hydra.sweep.dir`, or a new one; absolute."""
    given = [_value(override).strip("'\"") for override in overrides if _key(override) == "hydra.sweep.dir"]
    if resume is None:
        return Path(given[-1]).expanduser().absolute() if given else (ROOT / new_run_name()).absolute()
    if given:
        raise UsageError("sweep.resume and hydra.sweep.dir: mutually exclusive; give only one of them")
    sweep = find_sweep(resume).absolute()
    earlier, now = override_keys(sweep), {_key(override) for override in overrides}
    now = {key for key in now if not key.startswith("hydra")}
    if resume == "latest" and earlier is not None and earlier != now:
        raise UsageError(
            f"sweep.resume=latest: {RunDir(sweep)} was started by another command (it differs in "
            f"{', '.join(sorted(earlier ^ now))}); name the folder to run this command in it"
        )
    return sweep


def _key(override: str) -> str:
    return override.partition("=")[0]


def _value(override: str) -> str:
    return override.partition("=")[2]
