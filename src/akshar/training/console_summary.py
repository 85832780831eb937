"""What a person reads of a run before and after its epochs."""

import logging
import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Any

from torch import nn

from akshar.data.module import ImageDataModule
from akshar.models.classifier import count_parameters
from akshar.runs.run_dir import RunDir

log = logging.getLogger(__name__)


def announce(name: str, data: ImageDataModule, net: nn.Module) -> None:
    """The first line: what is trained on what."""
    assert data.split is not None
    tested = f"{len(data.test):,} test" if data.test is not None else "no test"
    log.info(
        "%s: %s with %s parameters; %s images of %s in %s classes (%s train, %s val, %s)",
        name,
        type(net).__name__.lower(),
        f"{count_parameters(net):,}",
        f"{len(data.split.train) + len(data.split.val) + len(data.test or ()):,}",
        data.dataset.name,
        len(data.classes),
        f"{len(data.split.train):,}",
        f"{len(data.split.val):,}",
        tested,
    )


def announce_start(fresh: list[str], model: str) -> None:
    """Where the weights come from, and which are new."""
    new = f"; new for these classes: {', '.join(fresh)}" if fresh else ""
    log.info("starting from the weights of %s%s", model, new)


def announce_resume(step: int, changes: list[str]) -> None:
    """Where a run goes on, and what is no longer as it was."""
    log.info("going on after step %s", f"{step:,}")
    if changes:
        log.warning("not all is as it was (%s); the figures may not be either", "; ".join(changes))


def announce_result(result: dict[str, Any], folder: RunDir, tensorboard: bool) -> None:
    """The last lines: how good it is, where it lies, how to look at it."""
    best, test = result["best"], result["test"]
    log.info("")
    log.info("kept           epoch %d, validation accuracy %.2f %%", best["epoch"], 100 * best["val_accuracy"])
    if test:
        low, high = (100 * bound for bound in test["interval_95"])
        log.info(
            "test accuracy  %.2f %%  (%s of %s images; 95 %% interval %.2f to %.2f %%)",
            100 * test["accuracy"],
            f"{test['correct']:,}",
            f"{test['total']:,}",
            low,
            high,
        )
    log.info("run folder     %s", folder)
    if tensorboard:
        log.info("look inside    %s --logdir %s", _tensorboard_command(), shlex.quote(str(folder)))


def _tensorboard_command() -> str:
    """How this person can start TensorBoard: by name where that finds it, else by its path."""
    if shutil.which("tensorboard"):
        return "tensorboard"
    beside = Path(sys.executable).parent / "tensorboard"
    return shlex.quote(os.path.relpath(beside))
