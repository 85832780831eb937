"""`akshar train`: a new run, a sweep, a run that continues, or one that is repeated."""

from collections.abc import Sequence

from akshar.commands.arguments import split_trust
from akshar.config.compose import compose, composing
from akshar.config.hydra_app import SHOWING, refuse_used_folder, show, split_words
from akshar.config.overrides import SWEEP_KEYS
from akshar.config.schema import TrainConfig
from akshar.errors import UsageError
from akshar.training.launch import is_recorded, run_composed, run_recorded

CONFIG_NAME = "train"


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: words after `akshar train`: overrides and Hydra's own flags.

    Returns:
        0, 2 for a usage error, 1 for another failure.
    """
    trust, arguments = split_trust(arguments)
    if is_recorded(arguments):
        return run_recorded(arguments, trust).exit_code
    if trust:
        raise UsageError("--trust: only with resume= or repeat=; what a command line names is trusted")
    options, overrides = split_words(arguments)
    if any(option in SHOWING for option in options):
        return show(CONFIG_NAME, options, overrides, TrainConfig)
    sweep_keys = [word for word in overrides if word.partition("=")[0] in SWEEP_KEYS]
    overrides = [word for word in overrides if word not in sweep_keys]
    multirun = bool({"-m", "--multirun"} & {*options})
    refuse_used_folder(overrides)
    with composing(CONFIG_NAME):
        composed = compose(CONFIG_NAME, overrides, TrainConfig, multirun)
        if multirun or composed.is_multirun:
            from akshar.sweeps.multirun import run_sweep  # imports scipy, which takes half a second

            return run_sweep(composed.overrides, sweep_keys, composed.tree)
        if sweep_keys:
            raise UsageError(f"{sweep_keys[0]}: needs -m")
        return run_composed(composed).exit_code
