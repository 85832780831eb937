"""A search: Optuna asks and is told, Hydra's launcher runs, and a file keeps the study."""

import json
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Literal

import optuna
from hydra.core.utils import JobReturn
from hydra.errors import InstantiationException
from hydra.utils import instantiate
from omegaconf import DictConfig
from optuna.distributions import distribution_to_json
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.trial import FrozenTrial, Trial, TrialState

from akshar.errors import BadRequest
from akshar.runs.record import RunFolder
from akshar.sweeps.folder import JOURNAL
from akshar.sweeps.space import split_words

log = logging.getLogger(__name__)

NAME = "akshar"
OBJECTIVES: dict[str, Literal["minimize", "maximize"]] = {"val_loss": "minimize", "val_accuracy": "maximize"}
SPACE = "space"  # of the study's own attributes

Launch = Callable[[Sequence[Sequence[str]], int], Sequence[JobReturn]]


def open_study(sweep: Path, search: DictConfig | None = None) -> optuna.Study:
    """The study of a sweep's folder; with the settings of a search it is begun where there is none."""
    storage = JournalStorage(JournalFileBackend(str(sweep / JOURNAL)))
    if search is None:
        return optuna.load_study(study_name=NAME, storage=storage)
    return optuna.create_study(
        study_name=NAME,
        storage=storage,
        sampler=_make("sampler", search.sampler),
        pruner=_make("pruner", search.pruner),
        direction=OBJECTIVES[search.objective],
        load_if_exists=True,
    )


def _make(part: str, node: DictConfig) -> Any:
    try:
        return instantiate(node)
    except InstantiationException as error:
        raise BadRequest(f"hydra.sweeper.search.{part}: {error.__cause__ or error}") from error


def run_search(words: Sequence[str], sweep: Path, search: DictConfig, launch: Launch) -> None:
    """Runs trials until there are as many as asked for; what an earlier process left running goes on first.

    Args:
        words: of the command line; keys with several values are searched over.
        sweep: where the runs and the study lie.
        search: `trials`, `together`, `objective`, `sampler` and `pruner`.
        launch: of Hydra's launcher: runs jobs with given overrides, numbered from the second argument.

    Raises:
        BadRequest: a space that cannot be searched, or a study of another one.
    """
    fixed, space = split_words(words)
    if search.objective not in OBJECTIVES:
        raise BadRequest(
            f"hydra.sweeper.search.objective={search.objective}: must be one of {', '.join(OBJECTIVES)}"
        )
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = open_study(sweep, search)
    described = {key: distribution_to_json(value) for key, value in space.items()}
    if study.user_attrs.get(SPACE, described) != described:
        raise BadRequest(f"{sweep / JOURNAL}: is of another search space; choose another folder, or the same line")
    study.set_user_attr(SPACE, described)

    def run(trials: Sequence[Trial | FrozenTrial], *more: str) -> None:
        jobs = [[*fixed, *(f"{key}={value}" for key, value in trial.params.items()), *more] for trial in trials]
        for trial, job in zip(trials, jobs, strict=True):  # numbered alike, one by one where numbers have gaps
            launch([job], trial.number)
            _tell(study, trial.number, sweep, search.objective)

    for left in study.get_trials(states=(TrialState.RUNNING,)):
        if not RunFolder(sweep / str(left.number)).is_held():
            run([left], "test=false")
    while len(study.trials) < search.trials:
        run([study.ask(space)], "test=false")
    best = study.best_trial
    log.info("\nbest: trial %d, %s %.4f", best.number, search.objective, best.value)
    launch([[*fixed, *(f"{key}={value}" for key, value in best.params.items()), "test=true"]], best.number)


def _tell(study: optuna.Study, number: int, sweep: Path, objective: str) -> None:
    """Tells the study what the trial's own folder says."""
    folder = RunFolder(sweep / str(number))
    status = folder.read_status().get("status")
    if status == "completed":
        result: dict[str, Any] = json.loads(folder.result.read_text(encoding="utf-8"))
        study.tell(number, result["best"][objective])
    else:
        study.tell(number, state=TrialState.PRUNED if status == "pruned" else TrialState.FAIL)
