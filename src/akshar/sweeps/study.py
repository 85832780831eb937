"""The study of a search: Optuna's journal file in the sweep's folder, shared by several processes."""

import logging
import time
from pathlib import Path

import optuna
from filelock import FileLock, Timeout
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.samplers import RandomSampler
from optuna.trial import FrozenTrial, TrialState

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.journal import explaining_damage, open_journal
from akshar.sweeps.objectives import Direction, objective_named
from akshar.sweeps.recorded import recorded_trials
from akshar.sweeps.samplers import PartConfig, make_pruner, make_sampler
from akshar.sweeps.sweep_dir import JOURNAL

log = logging.getLogger(__name__)

NAME = "akshar"
SPACE, OBJECTIVE, PRUNER = "space", "objective", "pruner"  # user attributes of the study


class SharedStudy:
    """A study that several processes can work on; created if the folder has none.

    Args:
        sweep: folder of the sweep.
        space: search space.
        objective: see `objective_named`.
        direction: None for the direction of the objective, where it has one.
        sampler: see `make_sampler`.
        pruner: see `make_pruner`.
        seed: of the search.

    Raises:
        UsageError: sampler or pruner cannot be built; the study in the folder belongs to another search or is
            damaged.
    """

    def __init__(
        self,
        sweep: Path,
        space: dict[str, BaseDistribution],
        *,
        objective: str,
        direction: Direction | None,
        sampler: PartConfig,
        pruner: PartConfig,
        seed: int,
    ):
        make_sampler(sampler, seed, 0, space)  # raises now rather than at the first trial
        make_pruner(pruner)
        self.sweep, self.space, self.sampler, self.seed = sweep, space, sampler, seed
        self._locks: dict[int, FileLock] = {}
        with self.locked(), explaining_damage(sweep):
            self.study = optuna.create_study(
                study_name=NAME,
                storage=open_journal(sweep),
                direction=direction or objective_named(objective).direction,
                load_if_exists=True,
            )
            self._check(objective)
            if not self.study.get_trials(deepcopy=False):
                self._rebuild(objective)
        self.study.set_user_attr(PRUNER, pruner)

    def _check(self, objective: str) -> None:
        """Check that the study is one of this search, and record what it searches."""
        described = {key: distribution_to_json(value) for key, value in self.space.items()}
        for attribute, value in ((SPACE, described), (OBJECTIVE, objective)):
            if self.study.user_attrs.get(attribute, value) != value:
                raise UsageError(
                    f"{self.sweep / JOURNAL}: the study was started with another {attribute}; choose another "
                    "folder, or repeat the command that started it"
                )
            self.study.set_user_attr(attribute, value)

    def _rebuild(self, objective: str) -> None:
        """Add the trials that the folders record; there are none unless the journal was lost."""
        if trials := recorded_trials(self.sweep, self.space, objective_named(objective)):
            if self.sampler == "grid":  # which knows its trials by numbers that only the journal held
                raise UsageError(
                    f"{self.sweep / JOURNAL}: lost, and cannot be rebuilt for a grid; choose another folder"
                )
            self.study.add_trials(trials)
            log.warning("%s: rebuilt from the folders of %d trials", self.sweep / JOURNAL, len(trials))

    def ask(self, up_to: int) -> FrozenTrial | None:
        """Start a new trial with values from the sampler; None if there are `up_to` trials already."""
        with self.locked():
            number = len(self.study.get_trials(deepcopy=False))
            if number >= up_to:
                return None
            self.study.sampler = make_sampler(self.sampler, self.seed, number, self.space)
            self.study.ask(self.space)
            # A GridSampler would call study.stop() in `tell`, which is only allowed inside study.optimize.
            self.study.sampler = RandomSampler()
            self._take(number)
            return self.study.trials[number]

    def adopt_abandoned(self) -> list[FrozenTrial]:
        """Take over the running trials of processes that have died."""
        with self.locked():
            taken = [trial for trial in self.held_by_others() if self._take(trial.number)]
            whole = [trial for trial in taken if trial.distributions == self.space]
            for trial in taken:
                if trial not in whole:  # the process died before all values were drawn
                    self._end(trial.number, None, TrialState.FAIL)
        for trial in whole:
            run_dir = RunDir(self.sweep / str(trial.number))
            if run_dir.is_locked():
                log.info("waiting for the worker of trial %d, which saves and stops", trial.number)
            while run_dir.is_locked():
                time.sleep(0.1)
        return whole

    def tell(self, number: int, value: float | None, state: TrialState) -> None:
        """End a trial that this process holds."""
        with self.locked():  # or another process could adopt it in between
            self._end(number, value, state)

    def _end(self, number: int, value: float | None, state: TrialState) -> None:
        self.study.tell(number, value, state)
        lock = self._locks.pop(number)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()

    def held_by_others(self) -> list[FrozenTrial]:
        """List the trials that have not ended and are not held by this process."""
        return [trial for trial in self.running() if trial.number not in self._locks]

    def running(self) -> list[FrozenTrial]:
        """List the trials that have not ended."""
        return self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def best(self) -> FrozenTrial | None:
        """The best completed trial; None if there is none."""
        done = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return self.study.best_trial if done else None

    def locked(self) -> FileLock:
        """Lock to hold while changing which trials there are."""
        return FileLock(self.sweep / ".study.lock")

    def _take(self, number: int) -> bool:
        """Lock a trial for this process; False if another holds it. The system releases it when a process dies."""
        lock = FileLock(self.sweep / f".trial-{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self._locks[number] = lock
        return True


def open_study(sweep: Path) -> optuna.Study:
    """Load the study of a sweep to read it; it may come from someone else, so nothing that it names is built.

    Raises:
        UsageError: the journal is damaged.
    """
    with explaining_damage(sweep):
        study = optuna.load_study(study_name=NAME, storage=open_journal(sweep))
        if not (isinstance(study.user_attrs[OBJECTIVE], str) and space_of(study)):
            raise ValueError("no search of akshar")
    return study


def space_of(study: optuna.Study) -> dict[str, BaseDistribution]:
    """The search space of a study."""
    return {key: json_to_distribution(text) for key, text in study.user_attrs[SPACE].items()}
