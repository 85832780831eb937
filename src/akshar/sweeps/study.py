"""The study of a search: a file in the sweep's folder, which several processes may work on."""

from pathlib import Path
from typing import Any, Literal, NamedTuple

import optuna
from filelock import FileLock, Timeout
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.samplers import RandomSampler
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, TrialState

from akshar.errors import UsageError
from akshar.plots.study import TrialPoint, draw_study
from akshar.sweeps.samplers import make_pruner, make_sampler
from akshar.sweeps.sweep_dir import JOURNAL

Direction = Literal["minimize", "maximize"]


class Objective(NamedTuple):
    """What a search makes best.

    Attributes:
        place: keys that lead to it in `result.json`.
        direction: in which it is better.
        metric: its counterpart after each epoch, by which trials are pruned; None where there is none.
    """

    place: tuple[str, str]
    direction: Direction
    metric: str | None


OBJECTIVES = {
    "val_loss": Objective(("best", "val_loss"), "minimize", "loss/val"),
    "val_accuracy": Objective(("best", "val_accuracy"), "maximize", "accuracy/val"),
    "seconds": Objective(("fit", "seconds"), "minimize", None),
}
NAME = "akshar"
SPACE, OBJECTIVE, PRUNER = "space", "objective", "pruner"  # of the study's own attributes
ENOUGH = 4  # trials with a value, from which one can ask what mattered


class SharedStudy:
    """A study on which several processes may work; begun where there is none.

    Args:
        sweep: the folder.
        space: that is searched.
        objective: one of `OBJECTIVES`.
        direction: None for the objective's own.
        sampler: see `make_sampler`.
        pruner: see `make_pruner`.
        seed: of the search.

    Raises:
        UsageError: sampler or pruner cannot be made; the folder's study is of another search, or its file is none.
    """

    def __init__(
        self,
        sweep: Path,
        space: dict[str, BaseDistribution],
        *,
        objective: str,
        direction: Direction | None,
        sampler: Any,
        pruner: Any,
        seed: int,
    ):
        make_sampler(sampler, seed, 0, space)  # so that what is wrong with it is said now
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
            raise UsageError(f"{sweep / JOURNAL}: is no study, or a damaged one ({error})") from error
        described = {key: distribution_to_json(value) for key, value in space.items()}
        for attribute, value in ((SPACE, described), (OBJECTIVE, objective)):
            if self.study.user_attrs.get(attribute, value) != value:
                raise UsageError(
                    f"{sweep / JOURNAL}: is of another search {attribute}; choose another folder, or the same line"
                )
            self.study.set_user_attr(attribute, value)
        self.study.set_user_attr(PRUNER, pruner)
        self._mine: dict[int, FileLock] = {}

    def ask(self, up_to: int) -> FrozenTrial | None:
        """A new trial with its values, or None where there are `up_to` already."""
        with self.locked():
            number = len(self.study.get_trials(deepcopy=False))
            if number >= up_to:
                return None
            self.study.sampler = make_sampler(self.sampler, self.seed, number, self.space)
            self.study.ask(self.space)
            self.study.sampler = (
                RandomSampler()
            )  # a grid's would end a loop of Optuna's when told, and there is none
            self._take(number)
            return self.study.trials[number]

    def left_over(self) -> list[FrozenTrial]:
        """Trials that a process left running that is gone; they are this one's now."""
        with self.locked():
            return [
                trial for trial in self.running() if trial.number not in self._mine and self._take(trial.number)
            ]

    def tell(self, number: int, value: float | None, state: TrialState) -> None:
        """Ends a trial of this process."""
        self.study.tell(number, value, state)
        lock = self._mine.pop(number)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()

    def running(self) -> list[FrozenTrial]:
        """Trials that have not ended."""
        return self.study.get_trials(deepcopy=False, states=(TrialState.RUNNING,))

    def best(self) -> FrozenTrial | None:
        """The best trial that ended with a value, if there is one."""
        done = self.study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))
        return self.study.best_trial if done else None

    def locked(self) -> FileLock:
        """Held by the one process that changes the study's course."""
        return FileLock(self.sweep / ".study.lock")

    def _take(self, number: int) -> bool:
        """Makes a trial this process's own, unless it is another's; the system lets go when a process dies."""
        lock = FileLock(self.sweep / f".trial-{number}.lock")
        try:
            lock.acquire(timeout=0)
        except Timeout:
            return False
        self._mine[number] = lock
        return True


def open_study(sweep: Path) -> optuna.Study:
    """The study that lies in a sweep's folder, with its pruner."""
    study = optuna.load_study(study_name=NAME, storage=_storage(sweep))
    study.pruner = make_pruner(study.user_attrs[PRUNER])
    return study


def draw(sweep: Path, path: Path) -> None:
    """Writes the figure of a search; nothing as long as no trial has ended with a value."""
    study = open_study(sweep)
    space = {key: json_to_distribution(text) for key, text in study.user_attrs[SPACE].items()}
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    values = {trial.number: trial.value for trial in ended if trial.state == TrialState.COMPLETE}
    if not values:
        return
    important = len(values) >= ENOUGH and len({*values.values()}) > 1
    draw_study(
        [TrialPoint(trial.number, values.get(trial.number), trial.params) for trial in ended],
        get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()) if important else {},
        path,
        objective=study.user_attrs[OBJECTIVE].replace("_", " ").replace("val ", "validation "),
        minimised=study.direction.name == "MINIMIZE",
        logarithmic=[key for key, one in space.items() if getattr(one, "log", False)],
    )


def _storage(sweep: Path) -> JournalStorage:
    return JournalStorage(JournalFileBackend(str(sweep / JOURNAL)))
