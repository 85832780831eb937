"""`akshar test`: a trained network on the data set of a config, which need not be the one it was trained on."""

import json
import logging
from collections.abc import Mapping, Sequence
from pathlib import Path

import yaml
from hydra.core.hydra_config import HydraConfig
from omegaconf import DictConfig
from pydantic import JsonValue

from akshar.commands.arguments import split_trust
from akshar.config.command_line import SHOWING, show, split_words
from akshar.config.compose import compose, composing
from akshar.config.conf_dir import conf_dir
from akshar.config.hydra_app import compose_sweep, run_once, run_sweeper, sweep_callbacks
from akshar.config.schema import TestConfig
from akshar.config.tree import to_record
from akshar.config.trusted import check_config
from akshar.config.validate import validate
from akshar.errors import AksharError, UsageError
from akshar.files import failure_reason, printable
from akshar.memory import garbage_collection_paused
from akshar.runs.run_dir import RunDir
from akshar.training.job import quiet_libraries
from akshar.writable import check_folder

log = logging.getLogger(__name__)

CONFIG_NAME = "test"


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: words after `akshar test`: overrides and Hydra's own flags.

    Returns:
        0, 2 for a usage error, 1 for another failure.
    """
    multirun = bool({"-m", "--multirun"} & {*arguments})
    trust, arguments = split_trust(arguments)
    options, overrides = split_words(_quote_each(arguments) if multirun else arguments)
    overrides += [f"trust=[{','.join(trust)}]"] if trust else []
    named = [word.partition("=")[2].strip("'\"") for word in overrides if word.startswith("checkpoint=")]
    names_data = any(word.startswith("data=") for word in overrides)
    if not named:
        raise UsageError("checkpoint: must be given, as checkpoint=RUN or checkpoint=FILE")
    if multirun and not names_data:
        raise UsageError(
            "data: must be given with -m, as data=CHOICE, so that all networks are tested on the same images"
        )
    if not names_data:
        overrides = [*_data_overrides(named[-1], trust), *overrides]
    if any(option in SHOWING for option in options):
        return show(CONFIG_NAME, options, overrides, TestConfig)
    with composing(CONFIG_NAME):
        composed = compose(CONFIG_NAME, overrides, TestConfig, multirun)
        if not multirun:
            return run_once(composed.tree, lambda folder: _run_job(composed.config, folder))
        sweep = Path(str(composed.tree.hydra.sweep.dir))
        check_folder(sweep, f"hydra.sweep.dir={printable(sweep)}")
        codes: list[int] = []

        def task(tree: DictConfig) -> None:
            folder = Path(HydraConfig.get().runtime.output_dir)
            codes.append(_run_job(validate(to_record(tree, HydraConfig.get()), TestConfig), folder))

        whole = compose_sweep(CONFIG_NAME, composed.overrides)
        with sweep_callbacks(whole):
            run_sweeper(whole, task)
        return max(codes, default=0)


def _run_job(config: TestConfig, folder: Path) -> int:
    """Test one network; an error does not stop the tests of others."""
    with garbage_collection_paused():
        from akshar.report.evaluation import run_test  # imports torch

    quiet_libraries()
    try:
        run_test(config, RunDir(folder))
    except AksharError as error:
        for line in str(error).splitlines():
            log.error(line)
        return error.exit_code
    except SystemExit as stop:  # of a package that the network comes from
        log.error("sys.exit(%r) was called before the test was complete", stop.code)
        return 1
    except OSError as error:
        log.error("%s: %s", printable(error.filename or folder), failure_reason(error))
        return 1
    return 0


def _quote_each(words: Sequence[str]) -> list[str]:
    """Quote each of several checkpoints."""
    return [
        "checkpoint=" + ",".join(f"'{path}'" for path in word.partition("=")[2].split(","))
        if word.startswith("checkpoint=") and not {"'", '"'} & {*word}
        else word
        for word in words
    ]


def _data_overrides(checkpoint: str, trust: Sequence[str]) -> list[str]:
    """Return overrides that name the data a network was trained on.

    Raises:
        UsageError: the checkpoint names what is not trusted, or no data.
    """
    with garbage_collection_paused():
        from akshar.runs.load_checkpoint import read_model  # imports torch
        from akshar.runs.load_data import NOT_FROM_A_RECORD

    data = read_model(checkpoint).config.get("data")
    target = data.get("_target_") if isinstance(data, dict) else None
    for path in sorted((conf_dir() / "data").glob("*.yaml")):
        config = yaml.safe_load(path.read_text(encoding="utf-8"))
        if isinstance(data, dict) and config.get("_target_") == target:
            recorded = {key: value for key, value in data.items() if key not in ("_target_", *NOT_FROM_A_RECORD)}
            check_config(checkpoint, recorded, trust)
            return [f"data={path.stem}", *_overrides(checkpoint, "data", recorded)]
    if not isinstance(data, dict) or not target:
        raise UsageError(f"{checkpoint}: does not say what data it was trained on; name the data with data=CHOICE")
    check_config(checkpoint, data, trust)
    if not any(str(target).startswith(f"{package}.") for package in trust):
        raise UsageError(f"{checkpoint}: its data config cannot be used; name the data with data=CHOICE")
    recorded = {key: value for key, value in data.items() if key not in NOT_FROM_A_RECORD}
    return ["data=lightning", *_overrides(checkpoint, "data", recorded)]


def _overrides(checkpoint: str, prefix: str, values: Mapping[str, JsonValue]) -> list[str]:
    """Write one override for each plain value, at any depth."""
    words = []
    for key, value in values.items():
        if not key.isidentifier():  # it would be read as another override
            raise UsageError(f"{checkpoint}: its data config cannot be used; name the data with data=CHOICE")
        if isinstance(value, dict):
            words += _overrides(checkpoint, f"{prefix}.{key}", value)
        else:
            words.append(f"++{prefix}.{key}={json.dumps(value, ensure_ascii=False)}")
    return words
