"""The study of a search: Optuna's journal file in the sweep's folder, shared by several processes."""

from pathlib import Path
from typing import Literal, NamedTuple

import optuna
from filelock import FileLock, Timeout
from optuna.distributions import BaseDistribution, distribution_to_json
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from akshar.errors import UsageError
from akshar.sweeps.samplers import PartConfig, make_pruner, make_sampler
from akshar.sweeps.sweep_dir import JOURNAL

Direction = Literal["minimize", "maximize"]


class Objective(NamedTuple):
    """A quantity to optimise.

    Attributes:
        path: keys that lead to it in `result.json`.
        direction: which values are better.
        metric: the metric logged after each epoch by which trials are pruned; None if there is none.
    """

    path: tuple[str, str]
    direction: Direction
    metric: str | None


OBJECTIVES = {
    "val_loss": Objective(("best", "val_loss"), "minimize", "loss/val"),
    "val_accuracy": Objective(("best", "val_accuracy"), "maximize", "accuracy/val"),
    "seconds": Objective(("fit", "seconds"), "minimize", None),
}
NAME = "akshar"
SPACE, OBJECTIVE, PRUNER = "space", "objective", "pruner"  # user attributes of the study


class SharedStudy:
    """A study that several processes can work on; created if the folder has none.

    Args:
        sweep: folder of the sweep.
        space: search space.
        objective: a key of `OBJECTIVES`.
        direction: None for the direction of the objective.
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
        try:
            self.study = optuna.create_study(
                study_name=NAME,
                storage=_storage(sweep),
                direction=direction or OBJECTIVES[objective].direction,
                load_if_exists=True,
            )
        except (ValueError, KeyError) as error:
            raise UsageError(f"{sweep / JOURNAL}: not a study, or damaged ({error})") from error
        described = {key: distribution_to_json(value) for key, value in space.items()}
        for attribute, value in ((SPACE, described), (OBJECTIVE, objective)):
            if self.study.user_attrs.get(attribute, value) != value:
                raise UsageError(
                    f"{sweep / JOURNAL}: the study was started with another {attribute}; choose another folder, "
                    "or repeat the command that started it"
                )
            self.study.set_user_attr(attribute, value)
        self.study.set_user_attr(PRUNER, pruner)
        self._locks: dict[int, FileLock] = {}

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
            return [
                trial for trial in self.running() if trial.number not in self._locks and self._take(trial.number)
            ]

    def tell(self, number: int, value: float | None, state: TrialState) -> None:
        """End a trial that this process holds."""
        self.study.tell(number, value, state)
        lock = self._locks.pop(number)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()

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
    """Load the study of a sweep, with its pruner."""
    study = optuna.load_study(study_name=NAME, storage=_storage(sweep))
    study.pruner = make_pruner(study.user_attrs[PRUNER])
    return study


def _storage(sweep: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(sweep / JOURNAL)))
