"""Log lines before and after the epochs: what is trained on what, and how good it became."""

import logging
import os
import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from akshar.config.keys import Differences
from akshar.config.trusted import trust_flags
from akshar.models.classifier import count_parameters
from akshar.runs.result import Result
from akshar.runs.run_dir import RunDir
from akshar.training.setup import Setup

log = logging.getLogger(__name__)


def log_setup(setup: Setup) -> None:
    """Log what is trained on what, and where its first weights come from."""
    data, net = setup.data, setup.classifier.net
    train, val, test = len(setup.split.train), len(setup.split.val), len(data.test) if data.test is not None else 0
    log.info(
        "%s: %s with %s parameters; %s images of %s in %s classes (%s train, %s val, %s test)",
        setup.facts.name,
        type(net).__name__.lower(),
        f"{count_parameters(net):,}",
        f"{train + val + test:,}",
        data.dataset.name,
        len(data.classes),
        f"{train:,}",
        f"{val:,}",
        f"{test:,}" if test else "no",
    )
    if data.dataset.changes:
        log.info(data.dataset.changes)
    record = setup.config.to_record() | {"logger": {}}  # which only a resume builds
    if flags := trust_flags(record):
        log.info("uses code of your own: commands that read this run need  %s", flags)
    if setup.config.init_from is not None and setup.resumed_from is None:
        new = f"; new layers: {', '.join(setup.new_layers)}" if setup.new_layers else ""
        log.info("starting from the weights of %s%s", setup.config.init_from, new)


def log_resume(run_dir: RunDir, step: int, config: Differences, environment: Sequence[str]) -> None:
    """Log which run continues where, and what has changed since: keys of the config, and the environment."""
    log.info("resuming %s after step %s", run_dir, f"{step:,}")
    for key, (old, new) in config.items():
        log.info("%s is %s from now on; it was %s", key, new, old)
    if environment:
        changes = "; ".join(environment)
        log.warning("the environment changed since this run started (%s); results may differ", changes)


def log_result(result: Result, run_dir: RunDir, tensorboard: bool) -> None:
    """Log how good the network is, where the run lies, and how to look at it."""
    best, test = result.best, result.test
    log.info("")
    log.info("best epoch     %d, validation accuracy %.2f %%", best.epoch, 100 * (best.val_accuracy or 0))
    if test is not None:
        low, high = (100 * bound for bound in test.interval_95)
        log.info(
            "test accuracy  %.2f %%  (%s of %s images; 95 %% interval %.2f to %.2f %%)",
            100 * test.accuracy,
            f"{test.correct:,}",
            f"{test.total:,}",
            low,
            high,
        )
    for name, value in sorted(result.metrics.items()):
        if not name.startswith(("loss/", "accuracy/")):
            log.info("%-14s %.4f", name, value)
    log.info("run folder     %s", run_dir)
    if tensorboard:
        log.info("look inside    %s --logdir %s", _tensorboard_command(), shlex.quote(str(run_dir)))


def _tensorboard_command() -> str:
    """Return the command that starts TensorBoard: its name, or its path where it is not on the PATH."""
    if shutil.which("tensorboard"):
        return "tensorboard"
    return shlex.quote(os.path.relpath(Path(sys.executable).parent / "tensorboard"))
