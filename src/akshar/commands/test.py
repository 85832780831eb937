"""`akshar test`: a trained network on the data set of a config, which need not be the one it was trained on."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from omegaconf import OmegaConf

from akshar.config.compose import check_overrides
from akshar.config.conf_dir import conf_dir
from akshar.config.hydra_app import SHOWING, run_hydra, split_words
from akshar.config.schema import TestSettings, config_problems
from akshar.errors import AksharError, UsageError
from akshar.runs.run_dir import RunDir

log = logging.getLogger(__name__)

CONFIG_NAME = "test"


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar test`: overrides and Hydra's own flags.

    Returns:
        0, 2 for a bad request, 1 for work that failed.
    """
    multirun = bool({"-m", "--multirun"} & {*arguments})
    options, overrides = split_words(_each_quoted(arguments) if multirun else arguments)
    named = [word.partition("=")[2].strip("'\"") for word in overrides if word.startswith("checkpoint=")]
    if not named:
        raise UsageError("checkpoint: must be given, as checkpoint=RUN or checkpoint=FILE")
    if multirun and not any(word.startswith("data=") for word in overrides):
        raise UsageError("data: must be given with -m, as data=dhcd, for all networks to read the same")
    if not multirun and not any(word.startswith("data=") for word in overrides):
        overrides = [*_data_words(named[-1]), *overrides]
    if any(option in SHOWING for option in options):
        run_hydra(CONFIG_NAME, options, overrides, lambda settings, folder: None)
        return 0
    check_overrides(overrides, multirun, CONFIG_NAME, lambda config: config_problems(config, TestSettings))
    codes = []

    def job(settings: dict[str, Any], folder: RunDir) -> None:
        from akshar.report.evaluation import run_test  # which loads torch

        try:
            run_test(settings, folder)
            codes.append(0)
        except AksharError as error:  # of one job of several; the others go on
            for line in str(error).splitlines():
                log.error(line)
            codes.append(error.exit_code)

    run_hydra(CONFIG_NAME, options, overrides, job)
    return max(codes, default=0)


def _each_quoted(words: Sequence[str]) -> list[str]:
    """Words in which each of several checkpoints is quoted by itself."""
    return [
        "checkpoint=" + ",".join(f"'{path}'" for path in word.partition("=")[2].split(","))
        if word.startswith("checkpoint=") and not {"'", '"'} & {*word}
        else word
        for word in words
    ]


def _data_words(checkpoint: str) -> list[str]:
    """Overrides that name the data a checkpoint was trained on."""
    from akshar.runs.checkpoint import KEY, read_checkpoint  # which loads torch

    data = read_checkpoint(checkpoint)[KEY]["config"]["data"]
    for path in sorted((conf_dir() / "data").glob("*.yaml")):
        config = OmegaConf.load(path)
        target = OmegaConf.select(config, "source._target_")
        if target is not None and target == data["source"]["_target_"]:
            known = {*data} - {"source"}
            values = {key: value for key, value in data.items() if key in known}
            return [f"data={path.stem}", *(f"data.{key}={json.dumps(value)}" for key, value in values.items())]
    raise UsageError(f"{Path(checkpoint)}: was trained on data of your own; name the data with data=...")
