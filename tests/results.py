"""Results of runs that never ran, for tests of what reads them."""

from typing import Any

from akshar.runs.provenance import GitState, Host, Provenance
from akshar.runs.result import BestResult, DataResult, FitResult, ModelResult, Result

HOST = Host(name="", system="", cpu="", cores=2, threads=1, gpus=[])
FIT = FitResult(
    epochs=1,
    steps=1,
    seconds=2.0,
    images_per_second=1,
    device="cpu",
    devices=1,
    precision="32-true",
    interrupted=False,
)


def make_result(classes=("a", "b"), data: dict[str, Any] | None = None, **changed: Any) -> Result:
    """A result of a network on a data set called shapes; parts can be replaced."""
    defaults: dict[str, Any] = {
        "name": "net",
        "data": DataResult(
            **{"source": "shapes", "classes": len(classes), "test": 10, "digest": "abc"} | (data or {})
        ),
        "model": ModelResult(name="net", parameters=10),
        "fit": FIT,
        "best": BestResult(epoch=1, val_loss=0.5, val_accuracy=0.75, checkpoint="", temperature=1.0),
        "classes": list(classes),
        "config": {},
        "provenance": Provenance(argv=[], git=GitState(), versions={}, host=HOST),
    }
    return Result(**defaults | changed)
