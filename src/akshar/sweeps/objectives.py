"""What a search can optimise."""

from typing import Literal, NamedTuple

from akshar.runs.result import Result

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

    def of(self, result: Result) -> float:
        """Its value in a result."""
        return getattr(getattr(result, self.path[0]), self.path[1])


OBJECTIVES = {
    "val_loss": Objective(("best", "val_loss"), "minimize", "loss/val"),
    "val_accuracy": Objective(("best", "val_accuracy"), "maximize", "accuracy/val"),
    "seconds": Objective(("fit", "seconds"), "minimize", None),
}
