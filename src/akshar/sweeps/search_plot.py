"""The plot of a search: its course, the importance of each key, and the values of every trial."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.trial import TrialState

from akshar.plots.study import TrialPoint, draw_study
from akshar.sweeps.study import OBJECTIVE, open_study, space_of

MIN_TRIALS = 4  # completed trials for an estimate of importance


def draw_search(sweep: Path, path: Path) -> bool:
    """Draw the search in a sweep's folder; nothing until a trial has completed.

    Args:
        sweep: folder with the study.
        path: PNG file to write.

    Returns:
        Whether the plot was drawn.
    """
    study = open_study(sweep)
    space = space_of(study)
    ended = study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))
    values = {trial.number: trial.value for trial in ended if trial.state == TrialState.COMPLETE}
    if not values:
        return False
    has_importance = len(values) >= MIN_TRIALS and len({*values.values()}) > 1
    importance = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator()) if has_importance else {}
    draw_study(
        [TrialPoint(trial.number, values.get(trial.number), _named(trial.params)) for trial in ended],
        _named(importance),
        path,
        objective=study.user_attrs[OBJECTIVE].replace("_", " ").replace("val ", "validation "),
        minimised=study.direction.name == "MINIMIZE",
        logarithmic=[key for key, distribution in _named(space).items() if getattr(distribution, "log", False)],
    )
    return True


def _named(values: Mapping[str, Any]) -> dict[str, Any]:
    """Name keys without the `++` that lets Hydra add them."""
    return {key.lstrip("+"): value for key, value in values.items()}
