"""The study of a search: a file in the sweep's folder, which several processes may work on."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal, NamedTuple

import optuna
from filelock import FileLock
from optuna.distributions import BaseDistribution, distribution_to_json, json_to_distribution
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import Trial, TrialState

from akshar.errors import BadRequest
from akshar.figures.study import TrialPoint, draw_study
from akshar.seeds import derive_seed
from akshar.sweeps.folder import JOURNAL
from akshar.sweeps.samplers import make_pruner, make_sampler

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


def begin_study(
    sweep: Path,
    space: Mapping[str, BaseDistribution],
    objective: str,
    direction: Direction | None,
    pruner: Any,
) -> optuna.Study:
    """The study of a sweep's folder, made where there is none.

    Args:
        sweep: the folder.
        space: that is searched.
        objective: one of `OBJECTIVES`.
        direction: None for the objective's own.
        pruner: see `make_pruner`.

    Raises:
        BadRequest: the folder's study is of another space or objective, or its file is none.
    """
    make_pruner(pruner)  # so that what is wrong with it is said now
    try:
        study = optuna.create_study(
            study_name=NAME,
            storage=_storage(sweep),
            direction=direction or OBJECTIVES[objective].direction,
            load_if_exists=True,
        )
    except (ValueError, KeyError) as error:
        raise BadRequest(f"{sweep / JOURNAL}: is no study, or a damaged one ({error})") from error
    described = {key: distribution_to_json(value) for key, value in space.items()}
    for attribute, value in ((SPACE, described), (OBJECTIVE, objective)):
        if study.user_attrs.get(attribute, value) != value:
            raise BadRequest(
                f"{sweep / JOURNAL}: is of another search {attribute}; choose another folder, or the same line"
            )
        study.set_user_attr(attribute, value)
    study.set_user_attr(PRUNER, pruner)
    return study


def open_study(sweep: Path) -> optuna.Study:
    """The study that lies in a sweep's folder, with its pruner."""
    study = optuna.load_study(study_name=NAME, storage=_storage(sweep))
    study.pruner = make_pruner(study.user_attrs[PRUNER])
    return study


def ask(study: optuna.Study, sweep: Path, space: dict[str, BaseDistribution], sampler: Any, seed: int) -> Trial:
    """A new trial with its values.

    The sampler is seeded anew for each trial, by its number: a search that goes on draws what it would have drawn,
    and no two processes draw alike.

    Args:
        study: of the sweep.
        sweep: its folder.
        space: that is searched.
        sampler: see `make_sampler`.
        seed: of the search.
    """
    with FileLock(sweep / ".ask.lock"):
        number = len(study.get_trials(deepcopy=False))
        study.sampler = make_sampler(sampler, derive_seed(seed, "trial", number) % 2**32, space)
        return study.ask(space)


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
