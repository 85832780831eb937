"""`hydra/launcher=slurm`: submits what is left of a sweep, and says how to come back."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf

from akshar.config.tree import to_record
from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.slurm.settings import SlurmSettings
from akshar.sweeps.slurm.submission import SlurmJob
from akshar.sweeps.slurm.submit import submit
from akshar.sweeps.states import ACTIVE, HELD, read_state
from akshar.sweeps.sweep_grid import Job, folder_of, is_grid, launched_words
from akshar.tables import counted


class SlurmLaunch:
    """The launch of one sweep.

    Args:
        sweep: its folder.
        overrides: of the command, without those of `SWEEP_KEYS`.
        tree: the config of the first job as Hydra composed it.
        fail_fast: whether the first job that fails cancels the others.

    Raises:
        UsageError: a setting is wrong.
    """

    def __init__(self, sweep: Path, overrides: Sequence[str], tree: DictConfig, fail_fast: bool):
        self.sweep, self.overrides, self.tree, self.fail_fast = sweep, overrides, tree, fail_fast
        self.settings = SlurmSettings.checked(_plain(tree.hydra.launcher))
        self.processes = 0 if is_grid(tree.hydra) else _check_search(tree)

    def submit(self, left: Sequence[Job] | None) -> None:
        """Submit what is neither done nor queued nor running.

        Args:
            left: jobs of a grid that are not done; None for a search, of which processes are submitted.

        Raises:
            UsageError: the cluster refuses, or does not answer while jobs of this sweep may be queued.
        """
        what = "search worker" if left is None else "job"
        state = read_state(self.sweep)
        if not state.is_known:
            raise UsageError(
                f"{RunDir(self.sweep)}: jobs of this sweep were submitted to Slurm, which does not answer; repeat "
                "the command once it does"
            )
        if left is None:
            active = sum(process in (*ACTIVE, HELD) for process in state.process_states)
            jobs = [SlurmJob()] * (self.processes - active)
        else:
            jobs = [self._slurm_job(job) for job in left if job.key not in state.busy]
            active = len(left) - len(jobs)
        if active:
            print(f"{counted(active, what)} already queued or running", file=sys.stderr)
        if not jobs:
            print("nothing to submit", file=sys.stderr)
            return
        submitted = submit(self.sweep, self.overrides, jobs, self.settings, self.fail_fast)
        arrays = " ".join(submission.array or "" for submission in submitted)
        place = shlex.quote(str(RunDir(self.sweep)))
        for line in (
            f"{counted(len(jobs), what)} submitted to Slurm as array {arrays}; this terminal is not needed",
            f"  how they stand:  akshar sweep {place} --watch",
            f"  to cancel them:  scancel {arrays}",
        ):
            print(line, file=sys.stderr)

    def _slurm_job(self, job: Job) -> SlurmJob:
        words = launched_words(job, self.tree.hydra)
        return SlurmJob(folder=folder_of(job, self.tree.hydra), key=job.key, words=tuple(words))


def _check_search(tree: DictConfig) -> int:
    """Check the settings of a search; return how many processes are to share it."""
    from akshar.sweeps.search import SearchConfig  # imported late: loads optuna, an extra

    return SearchConfig.checked(_plain(tree.hydra.sweeper.search), to_record(tree)).n_parallel


def _plain(node: DictConfig) -> dict[str, Any]:
    content: Any = OmegaConf.to_container(node, resolve=True)
    return content
