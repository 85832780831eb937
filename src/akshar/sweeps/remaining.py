"""What is left to do of a grid: the jobs that their folders do not show to be done, each with its folder."""

import itertools
import json
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from akshar.config.config_hash import config_hash
from akshar.config.schema import TrainConfig
from akshar.errors import AksharError, UsageError
from akshar.memory import garbage_collection_paused
from akshar.runs.result import read_result
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import Claims
from akshar.sweeps.sweep_grid import Job


def remaining_jobs(sweep: Path, jobs: Sequence[Job]) -> list[Job]:
    """List the jobs that are not done, in their order; to be called while the sweep is locked.

    Args:
        sweep: folder of the sweep; it may be missing.
        jobs: of a grid, all different.

    Returns:
        Jobs with the `folder` in which they were started, or with a new one where another job has their number.
    """
    claims, digests = Claims(sweep), Digests()
    numbers = (int(name) for name in claims.folders if name.isdecimal())
    unused = itertools.count(1 + max(itertools.chain(numbers, (job.number for job in jobs)), default=-1))
    remaining = []
    for job in jobs:
        # The place of initial weights is in the job's key, and may be another now.
        is_likely = claims.may_have(job.key) or job.config.init_from is not None
        started = claims.find(job_key(job.config, digests)) if is_likely else None
        if started is None:
            is_taken = claims.is_claimed(str(job.number))
            remaining.append(replace(job, folder=str(next(unused))) if is_taken else job)
        elif not _is_known_done(RunDir(started), job.config):
            remaining.append(replace(job, folder=started.name))
    return remaining


def _is_known_done(run_dir: RunDir, config: TrainConfig) -> bool:
    """The same as `is_done`, except that a damaged result is left to the job, which reports it."""
    with suppress(UsageError):
        return is_done(run_dir, config)
    return False


def is_done(run_dir: RunDir, config: TrainConfig) -> bool:
    """Whether nothing of a job is left to do; a completed run may still lack the test."""
    status = run_dir.read_status()
    if status is None or status.status != "completed" or not run_dir.result.exists():
        return status is not None and status.status == "pruned"
    result = read_result(run_dir)
    return result.test is not None or not config.test or not result.data.test


class Digests:
    """Digests of data sets and initial weights; what several jobs share is read once."""

    def __init__(self):
        self._known: dict[str, str | AksharError] = {}

    def data(self, config: TrainConfig) -> str:
        """Digest of a config's images.

        Raises:
            AksharError: they cannot be read.
        """
        with garbage_collection_paused():
            from akshar.runs.load_data import load_data  # imports torch

        named = [config.data.target, config.data.arguments]
        return self._once(json.dumps(named, sort_keys=True), lambda: load_data(config.data).digest())

    def init(self, config: TrainConfig) -> str | None:
        """Digest of the weights that training starts from; None for random ones.

        Raises:
            AksharError: they cannot be read.
        """
        from akshar.training.warm_start import init_digest

        start = config.init_from
        return None if start is None else self._once(json.dumps(start), lambda: init_digest(start))

    def _once(self, key: str, read: Callable[[], str]) -> str:
        if key not in self._known:
            try:
                self._known[key] = read()
            except AksharError as error:
                self._known[key] = error
        if isinstance(found := self._known[key], AksharError):
            raise found
        return found


def job_key(config: TrainConfig, digests: Digests) -> str:
    """Key that identifies a job; see `job_dir`."""
    try:
        content = config_hash(config, digests.data(config), digests.init(config))
    except AksharError:  # the run meets the same error and records it
        content = ""
    return f"{config_hash(config, '', config.init_from)}-{content}"
