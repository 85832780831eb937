"""A search: Optuna asks and is told, Hydra's launcher runs, and a file keeps the study."""

import json
import logging
from collections.abc import Callable, Sequence
from math import prod
from pathlib import Path
from typing import Any

import optuna
from hydra.core.utils import JobReturn
from optuna.trial import FrozenTrial, TrialState

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.samplers import grid_of
from akshar.sweeps.space import split_words
from akshar.sweeps.study import OBJECTIVES, SharedStudy
from akshar.sweeps.workers import StopFile

log = logging.getLogger(__name__)

Launch = Callable[[Sequence[Sequence[str]], int], Sequence[JobReturn]]


def run_search(words: Sequence[str], sweep: Path, search: dict[str, Any], launch: Launch) -> None:
    """Runs trials until there are as many as asked for; what an earlier process left running goes on first.

    Args:
        words: of the command line; keys with several values are searched over.
        sweep: where the runs and the study lie.
        search: the node of that name in `conf/hydra/sweeper/akshar_optuna.yaml`.
        launch: of Hydra's launcher: runs jobs with given overrides, numbered from the second argument.

    Raises:
        UsageError: a space or settings that cannot be searched with, or a study of another search.
    """
    fixed, space = split_words(words)
    _check(search)
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    settings = {key: search[key] for key in ("objective", "direction", "sampler", "pruner", "seed")}
    study = SharedStudy(sweep, space, **settings)
    wanted = search["trials"]
    if search["sampler"] == "grid":
        wanted = min(wanted, prod(len(values) for values in grid_of(space).values()))
    stop = StopFile(sweep)

    def run(trials: Sequence[FrozenTrial]) -> None:
        for row in _consecutive(trials):  # since the launcher counts on from the first number
            launch([[*fixed, *_as_words(trial), "test=false"] for trial in row], row[0].number)
            for trial in row:
                _tell(study, trial.number, OBJECTIVES[search["objective"]].place)

    run(study.left_over())
    while not stop.asked():
        asked = [study.ask(up_to=wanted) for _ in range(search["together"])]
        if not (new := [trial for trial in asked if trial is not None]):
            break
        run(new)
    if stop.asked():
        return
    with study.locked():  # of several processes the last one tests the winner
        if others := study.running():
            log.info("\nanother process works on trial %d, and will test the winner", others[0].number)
        elif best := study.best():
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
        raise UsageError(*problems)


def _as_words(trial: FrozenTrial) -> list[str]:
    return [f"{key}={value}" for key, value in trial.params.items()]


def _consecutive(trials: Sequence[FrozenTrial]) -> list[list[FrozenTrial]]:
    """Trials in rows whose numbers have no gaps: another process may have taken some."""
    rows: list[list[FrozenTrial]] = []
    for trial in trials:
        if rows and rows[-1][-1].number + 1 == trial.number:
            rows[-1].append(trial)
        else:
            rows.append([trial])
    return rows


def _tell(study: SharedStudy, number: int, place: tuple[str, str]) -> None:
    """Tells the study what the trial's own folder says; of one that was stopped, nothing, so that it goes on."""
    folder = RunDir(study.sweep / str(number))
    status = folder.read_status().get("status", "interrupted")
    if status == "completed":
        result: dict[str, Any] = json.loads(folder.result.read_text(encoding="utf-8"))
        study.tell(number, result[place[0]][place[1]], TrialState.COMPLETE)
    elif status != "interrupted":
        study.tell(number, None, TrialState.PRUNED if status == "pruned" else TrialState.FAIL)
