"""`akshar train`: a new run, a sweep, a run that continues, or one that is repeated."""

import time
from collections.abc import Sequence

from akshar.cluster_launch import cluster_launch
from akshar.commands.arguments import split_trust
from akshar.config.command_line import SHOWING, show, split_words
from akshar.config.compose import compose, composing
from akshar.config.overrides import SWEEP_KEYS
from akshar.config.schema import TrainConfig
from akshar.errors import UsageError
from akshar.memory import garbage_collection_paused
from akshar.training.launch import is_recorded, run_composed, run_recorded

CONFIG_NAME = "train"


def main(arguments: Sequence[str]) -> int:
    """Run the command; in several tasks of srun or torchrun the first one does, and the others train with it.

    Args:
        arguments: words after `akshar train`: overrides and Hydra's own flags.

    Returns:
        0, 2 for a usage error, 1 for another failure.
    """
    if (launch := cluster_launch()) is None:
        return _run(arguments)
    if launch.rank > 0:
        from akshar.training.ddp_worker import join  # imports torch

        return join()
    from akshar.training.further_ranks import FurtherRanks  # imports torch

    with FurtherRanks() as ranks:
        ranks.exit_code = _run(arguments)
    return ranks.exit_code


def _run(arguments: Sequence[str]) -> int:
    began = time.perf_counter()
    trust, arguments = split_trust(arguments)
    is_dry, arguments = "--dry-run" in arguments, [word for word in arguments if word != "--dry-run"]
    if is_recorded(arguments):
        if is_dry:
            raise UsageError("--dry-run: for a new run or sweep, without resume= and repeat=")
        return run_recorded(arguments, trust).exit_code
    if trust:
        raise UsageError("--trust: only with resume= or repeat=; what a command line names is trusted")
    options, overrides = split_words(arguments)
    if any(option in SHOWING for option in options):
        return show(CONFIG_NAME, options, overrides, TrainConfig)
    sweep_keys = [word for word in overrides if word.partition("=")[0] in SWEEP_KEYS]
    overrides = [word for word in overrides if word not in sweep_keys]
    multirun = bool({"-m", "--multirun"} & {*options})
    with composing(CONFIG_NAME):
        composed = compose(CONFIG_NAME, overrides, TrainConfig, multirun)
        if is_dry:
            with garbage_collection_paused():
                from akshar.sweeps.dry_run import dry_run  # imports torch

            return dry_run(composed, multirun or composed.is_multirun, began)
        if multirun or composed.is_multirun:
            if (launch := cluster_launch()) is not None:
                raise UsageError(f"hydra.mode=MULTIRUN: runs in one process, and {launch.launcher} started several")
            from akshar.sweeps.multirun import run_sweep  # imports numpy

            return run_sweep(composed.overrides, sweep_keys, composed.tree)
        if sweep_keys:
            raise UsageError(f"{sweep_keys[0]}: needs -m")
        return run_composed(composed).exit_code
