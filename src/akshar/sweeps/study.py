"""The study of a search, shared by several processes: which trials there are, and who works on each."""

import logging
import time
from contextlib import AbstractContextManager
from copy import deepcopy
from pathlib import Path

import optuna
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.trial import FrozenTrial, Trial, TrialState

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.claim import Claim
from akshar.sweeps.database import START_PATIENCE
from akshar.sweeps.objectives import Direction, objective_named
from akshar.sweeps.recorded import recorded_trials
from akshar.sweeps.samplers import NumberedSampler, PartConfig, make_pruner, make_sampler
from akshar.sweeps.study_place import find_place, settle_place

log = logging.getLogger(__name__)

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
        storage: URL of the database that the study is in; None for a journal in the folder.

    Raises:
        UsageError: sampler or pruner cannot be built; the study in the folder belongs to another search, is
            damaged or elsewhere; the database cannot be used; or hosts do not see each other's file locks.
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
        storage: str | None = None,
    ):
        make_sampler(sampler, seed, 0, space)  # raises now rather than at the first trial
        make_pruner(pruner)
        self.sweep, self.space, self.sampler = sweep, space, sampler
        self.place = settle_place(sweep, storage)
        self._locks = self.place.locks()
        with self.locked(), self.place.opened(START_PATIENCE) as opened:
            self.study = optuna.create_study(
                study_name=self.place.name,
                storage=opened,
                sampler=NumberedSampler(sampler, seed, space),
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
                    f"{self.place}: the study was started with another {attribute}; choose another "
                    "folder, or repeat the command that started it"
                )
            self.study.set_user_attr(attribute, value)

    def _rebuild(self, objective: str) -> None:
        """Add the trials that the folders record; there are none unless the study was lost."""
        if trials := recorded_trials(self.sweep, self.space, objective):
            if self.sampler == "grid":  # which knows its trials by numbers that only the study held
                raise UsageError(f"{self.place}: lost, and cannot be rebuilt for a grid; choose another folder")
            self.study.add_trials(trials)
            log.warning("%s: rebuilt from the folders of %d trials", self.place, len(trials))

    def ask(self, up_to: int) -> FrozenTrial | None:
        """Start a new trial with values from the sampler; None if there are `up_to` trials already."""
        while True:
            with self.locked():
                if len(self.study.get_trials(deepcopy=False)) >= up_to:
                    return None
                number = self.study.ask(self.space).number
                if number >= up_to:  # the database made one twice, whose reply was lost with the connection
                    self.study.tell(number, state=TrialState.FAIL)
                    return None
                if self._locks.take(number):  # no other took it up, in a moment without a connection
                    Claim(self.sweep, number).make()
                    return self.study.trials[number]

    def adopt_abandoned(self) -> list[FrozenTrial]:
        """Take over the running trials of processes that have died."""
        return [self._whole(trial.number) for trial in self.held_by_others() if self._adopt(trial.number)]

    def _adopt(self, number: int) -> bool:
        """Take a running trial over, unless a process works on it.

        Its worker may still save and stop; and a process that has lost its lock with its connection gets the time
        to take it again.
        """
        waiting = False
        while True:
            with self.locked():
                if number not in {trial.number for trial in self.held_by_others()} or not self._locks.take(number):
                    return False
                if not RunDir(self.sweep / str(number)).is_locked():
                    self._claim(number)
                    return True
                self._locks.release(number)
            if not waiting:
                log.info("waiting for the worker of trial %d, which saves and stops", number)
                waiting = True
            time.sleep(0.5)

    def _claim(self, number: int) -> None:
        """Claim a trial whose lock is taken, and wait for a worker that began in this moment to notice it."""
        Claim(self.sweep, number).make()
        while RunDir(self.sweep / str(number)).is_locked():
            time.sleep(0.1)

    def _whole(self, number: int) -> FrozenTrial:
        """Read a running trial; draw its values again if its process died before all were drawn."""
        frozen = self.study.trials[number]
        if frozen.distributions == self.space:
            return frozen
        trial = Trial(self.study, frozen._trial_id)
        trial._cached_frozen_trial = deepcopy(frozen)
        trial._cached_frozen_trial.distributions = {}  # those that were drawn too, so that all have their turn
        for key, distribution in self.space.items():
            trial._suggest(key, distribution)
        return self.study.trials[number]

    def tell(self, number: int, value: float | None, state: TrialState) -> None:
        """End a trial, unless another process has taken it over."""
        with self.locked():  # or another process could adopt it in between
            if self.keeps(number):
                self.study.tell(number, value, state)
                self.release(number)

    def keeps(self, number: int) -> bool:
        """Whether a trial is still this process's, whose connection may have been lost; otherwise forget it."""
        while Claim(self.sweep, number).is_mine():
            if self._locks.take(number):
                return True
            time.sleep(0.1)  # another process looks whether this one is alive
        log.warning("trial %d was taken over by another process", number)
        self._locks.release(number)
        return False

    def hold(self, number: int) -> None:
        """Take the lock of a trial that has ended, to work on its run; wait for those who do."""
        while not self._locks.take(number):
            time.sleep(0.5)
        self._claim(number)

    def release(self, number: int) -> None:
        """Release a trial."""
        claim = Claim(self.sweep, number)
        if claim.is_mine():
            claim.give_up()
        self._locks.release(number)

    def held_by_others(self) -> list[FrozenTrial]:
        """List the trials that have not ended and are not held by this process."""
        return [trial for trial in self.running() if trial.number not in self._locks.held]

    def running(self) -> list[FrozenTrial]:
        """List the trials that have not ended."""
        return self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def best(self) -> FrozenTrial | None:
        """The best completed trial; None if there is none."""
        done = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return self.study.best_trial if done else None

    def locked(self) -> AbstractContextManager[object]:
        """Lock to hold while changing which trials there are."""
        return self._locks.study()

    def close(self) -> None:
        """Release every lock; trials that are running are left over, to be taken up."""
        self._locks.close()


def open_study(sweep: Path, patience: float | None = 0) -> optuna.Study:
    """Load the study of a sweep to read it; it may come from someone else, so nothing that it names is built.

    Args:
        sweep: folder of the sweep.
        patience: see `StudyPlace.opened`.

    Raises:
        UsageError: the journal is damaged; or the study is in a database that cannot be used, or to which this
            process was not asked to connect.
    """
    place = find_place(sweep)
    with place.opened(patience) as opened:
        study = optuna.load_study(study_name=place.name, storage=opened)
        if not (isinstance(study.user_attrs[OBJECTIVE], str) and space_of(study)):
            raise ValueError("no search of akshar")
    return study


def space_of(study: optuna.Study) -> dict[str, BaseDistribution]:
    """The search space of a study."""
    return {key: json_to_distribution(text) for key, text in study.user_attrs[SPACE].items()}
