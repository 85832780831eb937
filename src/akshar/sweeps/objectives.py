"""What a search can optimise."""

from collections.abc import Callable, Container
from typing import Literal, NamedTuple

from akshar.runs.result import Result

Direction = Literal["minimize", "maximize"]


class Objective(NamedTuple):
    """A quantity to optimise.

    Attributes:
        of: takes a result and returns the value.
        direction: which values are better; None where only the config of the run says.
        metric: the metric logged after each epoch by which trials are pruned; None if there is none.
    """

    of: Callable[[Result], float | None]
    direction: Direction | None
    metric: str | None


def value_of(result: Result, name: str) -> float | None:
    """Return `val_loss`, `val_accuracy` or `test_accuracy` of a run; None where it has none.

    What a LightningModule of one's own logs under that name comes first.
    """
    best, test = result.best, result.test
    usual = {"val_loss": best.val_loss, "val_accuracy": best.val_accuracy}
    usual["test_accuracy"] = test.accuracy if test else None
    return result.metrics.get(name, usual[name])


OBJECTIVES = {
    "val_loss": Objective(lambda result: value_of(result, "val_loss"), "minimize", "loss/val"),
    "val_accuracy": Objective(lambda result: value_of(result, "val_accuracy"), "maximize", "accuracy/val"),
    "seconds": Objective(lambda result: result.fit and result.fit.seconds, "minimize", None),
}


def objective_named(name: str) -> Objective:
    """Return one of `OBJECTIVES`, or the validation metric that is logged under a name, as "f1/val"."""
    return OBJECTIVES.get(name) or Objective(lambda result: result.metrics.get(name), None, name)


def pruning_metric(objective: str, logged: Container[str]) -> str | None:
    """Choose the metric by which trials are pruned: logged under the objective's own name, or as akshar logs it."""
    names = (objective, objective_named(objective).metric)
    return next((name for name in names if name is not None and name in logged), None)
