"""The trials of a search as their folders record them: a study whose journal was lost is rebuilt from these."""

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.distributions import BaseDistribution, CategoricalDistribution, IntDistribution
from optuna.trial import FrozenTrial, TrialState, create_trial

from akshar.errors import UsageError
from akshar.runs.result import read_result
from akshar.runs.run_dir import RunDir
from akshar.sweeps.objectives import objective_named, pruning_metric
from akshar.sweeps.sweep_dir import CLAIM
from akshar.untrusted import read_yaml

STATES = {
    "completed": TrialState.COMPLETE,
    "pruned": TrialState.PRUNED,
    "failed": TrialState.FAIL,
    "diverged": TrialState.FAIL,
}


def recorded_trials(sweep: Path, space: Mapping[str, BaseDistribution], objective: str) -> list[FrozenTrial]:
    """Read the trials in the order of their numbers; one that had not ended is running, to be taken up.

    Args:
        sweep: folder of the sweep.
        space: search space.
        objective: of the search, see `objective_named`.

    Raises:
        UsageError: a folder holds a run that is not a trial of this search.
    """
    numbers = [int(path.parent.name) for path in sweep.glob("*/status.json") if path.parent.name.isdecimal()]
    return [_read(RunDir(sweep / str(number)), space, objective) for number in range(max(numbers, default=-1) + 1)]


def _read(run_dir: RunDir, space: Mapping[str, BaseDistribution], objective: str) -> FrozenTrial:
    status = run_dir.read_status()
    if status is None:
        return create_trial(state=TrialState.FAIL)  # it left nothing
    state = STATES.get(status.status, TrialState.RUNNING)
    try:
        if (run_dir.path / CLAIM).exists():
            raise ValueError("it belongs to a grid")
        overrides = dict(text.partition("=")[::2] for text in read_yaml(run_dir.path / ".hydra" / "overrides.yaml"))
        return create_trial(
            state=state,
            value=objective_named(objective).of(read_result(run_dir)) if state == TrialState.COMPLETE else None,
            params={key: _value(overrides[key], distribution) for key, distribution in space.items()},
            distributions=dict(space),
            intermediate_values=_course(run_dir, objective),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise UsageError(
            f"{run_dir}: holds a run that is not a trial of this search ({type(error).__name__}: {error}); "
            "choose another folder"
        ) from error


def _value(text: str, distribution: BaseDistribution) -> Any:
    if isinstance(distribution, CategoricalDistribution):
        return text
    return int(text) if isinstance(distribution, IntDistribution) else float(text)


def _course(run_dir: RunDir, objective: str) -> dict[int, float]:
    """The metric after each epoch, by which other trials are pruned."""
    if objective_named(objective).metric is None or not run_dir.history.exists():
        return {}
    with run_dir.history.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    name = pruning_metric(objective, {name for row in rows for name, value in row.items() if value})
    return {int(row["epoch"]): float(row[name]) for row in rows if name and row[name]}
