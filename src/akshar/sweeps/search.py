"""A search: Optuna asks and is told, Hydra's launcher runs, and a file keeps the study."""

import json
import logging
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any

import optuna
from hydra.core.utils import JobReturn
from optuna.trial import FrozenTrial, Trial, TrialState

from akshar.errors import BadRequest
from akshar.runs.record import RunFolder
from akshar.sweeps.samplers import grid_of, make_sampler
from akshar.sweeps.space import split_words
from akshar.sweeps.study import OBJECTIVES, ask, begin_study
from akshar.sweeps.workers import StopFile

log = logging.getLogger(__name__)

Launch = Callable[[Sequence[Sequence[str]], int], Sequence[JobReturn]]
Some = Sequence[Trial | FrozenTrial]


def run_search(words: Sequence[str], sweep: Path, search: dict[str, Any], launch: Launch) -> None:
    """Runs trials until there are as many as asked for; what an earlier process left running goes on first.

    Args:
        words: of the command line; keys with several values are searched over.
        sweep: where the runs and the study lie.
        search: the node of that name in `conf/hydra/sweeper/akshar_optuna.yaml`.
        launch: of Hydra's launcher: runs jobs with given overrides, numbered from the second argument.

    Raises:
        BadRequest: a space or settings that cannot be searched with, or a study of another search.
    """
    fixed, space = split_words(words)
    _check(search)
    make_sampler(search["sampler"], 0, space)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = begin_study(sweep, space, search["objective"], search["direction"], search["pruner"])
    wanted = search["trials"]
    if search["sampler"] == "grid":
        wanted = min(wanted, prod(len(values) for values in grid_of(space).values()))
    stop = StopFile(sweep)

    def run(trials: Some) -> None:
        for row in _consecutive(trials):  # since the launcher counts on from the first number
            jobs = [[*fixed, *_as_words(trial), "test=false"] for trial in row]
            launch(jobs, row[0].number)
            for trial in row:
                _tell(study, trial.number, sweep, OBJECTIVES[search["objective"]].place)

    running = study.get_trials(states=(TrialState.RUNNING,))
    run([trial for trial in running if not RunFolder(sweep / str(trial.number)).is_held()])
    while (left := wanted - len(study.trials)) > 0 and not stop.asked():
        together = range(min(left, search["together"]))
        run([ask(study, sweep, space, search["sampler"], search["seed"]) for _ in together])
    done = study.get_trials(states=(TrialState.COMPLETE,))
    if stop.asked() or not done:
        return
    best = study.best_trial
    log.info("\nbest: trial %d, %s %.4f", best.number, search["objective"], best.value)
    launch([[*fixed, *_as_words(best), "test=true"]], best.number)


def _check(search: dict[str, Any]) -> None:
    """Holds the settings against what they may be, all at once."""
    problems = []
    for key, low in (("trials", 1), ("together", 1), ("seed", 0)):
        if not isinstance(search[key], int) or search[key] < low:
            problems.append(f"hydra.sweeper.search.{key}={search[key]}: must be an integer from {low}")
    for key, choices in (("objective", [*OBJECTIVES]), ("direction", [None, "minimize", "maximize"])):
        if search[key] not in choices:
            named = ", ".join("null" if choice is None else choice for choice in choices)
            problems.append(f"hydra.sweeper.search.{key}={search[key]}: must be one of {named}")
    if problems:
        raise BadRequest(*problems)


def _as_words(trial: Trial | FrozenTrial) -> list[str]:
    return [f"{key}={value}" for key, value in trial.params.items()]


def _consecutive(trials: Some) -> list[list[Trial | FrozenTrial]]:
    """Trials in rows whose numbers have no gaps: another process may have taken some."""
    rows: list[list[Trial | FrozenTrial]] = []
    for trial in trials:
        if rows and rows[-1][-1].number + 1 == trial.number:
            rows[-1].append(trial)
        else:
            rows.append([trial])
    return rows


def _tell(study: optuna.Study, number: int, sweep: Path, place: tuple[str, str]) -> None:
    """Tells the study what the trial's own folder says; of one that was stopped, nothing, so that it goes on."""
    folder = RunFolder(sweep / str(number))
    status = folder.read_status().get("status", "interrupted")
    if status == "completed":
        result: dict[str, Any] = json.loads(folder.result.read_text(encoding="utf-8"))
        study.tell(number, result[place[0]][place[1]])
    elif status != "interrupted":
        study.tell(number, state=TrialState.PRUNED if status == "pruned" else TrialState.FAIL)
