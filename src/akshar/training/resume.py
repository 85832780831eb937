"""`akshar train resume=RUN`: a run continues in its own folder, with its own config."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast, get_args

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf

from akshar.config.compose import compose, composing
from akshar.config.keys import differences
from akshar.config.overrides import quote_paths
from akshar.config.places import PLACES
from akshar.config.schema import TrainConfig
from akshar.config.tree import to_record
from akshar.config.trusted import check_config
from akshar.config.validate import validate
from akshar.credentials import is_masked, restore
from akshar.errors import UsageError, first_line
from akshar.renamed import rename_overrides, upgrade_config
from akshar.runs.run_dir import CheckpointName, RunDir
from akshar.untrusted import parse_yaml, read_bytes, refuse_links

# Keys that may be given beside `resume=`: how long, what is shown and saved, and where things lie by now
ALLOWED = (
    "trainer.max_epochs",
    "logger",
    "trainer.log_every_n_steps",
    "traceback",
    "checkpoint.every_n_steps",
    "checkpoint.every_n_minutes",
    "checkpoint.keep",
    *PLACES,
)
LENGTH = "trainer.max_epochs"


def find_run(named: str) -> RunDir:
    """Find the folder of a run by its path, or by the word `latest`: the newest in `outputs/train`.

    Raises:
        UsageError: there is no such run.
    """
    if named == "latest":
        runs = sorted(path.parent for path in Path("outputs/train").glob("*/config.yaml"))
        if not runs:
            raise UsageError("resume=latest: no run in outputs/train; name its folder")
        named = str(runs[-1])
    if not named:
        raise UsageError("resume: name a run's folder, as resume=FOLDER, or resume=latest")
    run_dir = RunDir(Path(named).expanduser().absolute())
    if not run_dir.path.is_dir():
        raise UsageError(f"{named}: no such run folder; `akshar runs` lists them")
    refuse_links(run_dir.path)
    if not run_dir.config.is_file():
        raise UsageError(f"{named}: not a run, or one that had not begun (it has no config.yaml); start it again")
    return run_dir


def split_checkpoint(words: Sequence[str]) -> tuple[CheckpointName | None, list[str]]:
    """Separate `resume_from=CHECKPOINT` from the overrides.

    Raises:
        UsageError: no such checkpoint.
    """
    named = [word.partition("=")[2] for word in words if word.startswith("resume_from=")]
    if wrong := [name for name in named if name not in get_args(CheckpointName)]:
        raise UsageError(f"resume_from={wrong[0]}: must be one of {', '.join(get_args(CheckpointName))}")
    others = [word for word in words if not word.startswith("resume_from=")]
    return cast(CheckpointName, named[-1]) if named else None, others


def read_config(run_dir: RunDir) -> dict[str, Any]:
    """Read the resolved config of a run, also one of an earlier version.

    Raises:
        UsageError: it is damaged.
    """
    try:
        return parse_config(read_bytes(run_dir.config))
    except (ValueError, OSError) as error:
        raise UsageError(f"{run_dir.config}: cannot be read ({first_line(error)})") from error


def parse_config(text: str | bytes) -> dict[str, Any]:
    """Read a resolved config, also one of an earlier version.

    Raises:
        ValueError: it is not YAML of plain values, or not a mapping.
    """
    content = parse_yaml(text)
    if not isinstance(content, dict):
        raise ValueError("not a mapping")
    return upgrade_config({str(key): value for key, value in content.items()}, warn=False)


def resumed_config(
    run_dir: RunDir, overrides: Sequence[str], resume_from: str | None = None, trust: Sequence[str] = ()
) -> TrainConfig:
    """Return the config with which a run continues.

    Args:
        run_dir: of the run.
        overrides: of `ALLOWED` keys.
        resume_from: checkpoint that the user named; None where that is left open.
        trust: packages whose parts the config may name.

    Raises:
        UsageError: it is completed or diverged, an override would make it another run, or its config names what
            is not trusted.
    """
    record = read_config(run_dir)
    loggers, overrides = split_loggers(overrides)
    check_config(f"{run_dir.config}", record | {"logger": {}} if loggers else record, trust)
    record |= composed_loggers(loggers)
    before = validate(record, TrainConfig)
    config = validate(change(record, overrides, ALLOWED, "a resumed run keeps its config"), TrainConfig)
    problems = length_problems(before.trainer.max_epochs, config)
    status = run_dir.read_status()
    longer = config.trainer.max_epochs > before.trainer.max_epochs
    if status and status.status == "completed" and run_dir.result.exists() and not problems and not longer:
        way_out = "trainer.max_epochs=N trains it longer"
        if limit := _other_limit(before):
            way_out = f"{limit} ended it; start a new run"
        elif before.scheduler.needs_total_steps:
            way_out = f"its schedule {_schedule_name(before)} ends there; start a new run"
        problems.append(f"{run_dir}: is completed; {way_out}")
    if before.checkpoint.keep == "best" and longer and not run_dir.last.exists() and resume_from is None:
        problems.append(
            f"{run_dir}: kept only its best checkpoint (checkpoint.keep=best), so it cannot be continued "
            "after its last epoch; add resume_from=best to continue after the best one"
        )
    if status and status.status == "diverged" and resume_from is None:
        problems.append(
            f"{run_dir}: the loss became NaN or infinite, and would do so again; see diverged.json and "
            "start a new run, or where a damaged file or machine was the cause, add resume_from=last"
        )
    if problems:
        raise UsageError(*problems)
    return config


def change(record: dict[str, Any], overrides: Sequence[str], allowed: Sequence[str], reason: str) -> dict[str, Any]:
    """Replace some values of a recorded config.

    Raises:
        UsageError: with every override that cannot be parsed, or whose key is not allowed; and with every address
            whose credentials have to be given again.
    """
    changed = OmegaConf.create(record)
    allowed = [*allowed, *(key for key in _masked_keys(record) if key not in allowed)]
    problems = []
    for text in quote_paths(rename_overrides(overrides)):
        key = text.partition("=")[0]
        if key not in allowed:
            problems.append(f"{key}: {reason}; only these can be given: {', '.join(allowed)}")
            continue
        try:
            override = OverridesParser.create().parse_override(text)
        except HydraException:
            problems.append(f"{key}: Hydra cannot read {text!r}")
            continue
        if override.is_sweep_override():
            problems.append(f"{text}: takes one value here")
            continue
        OmegaConf.update(changed, key, override.value())
    if problems:
        raise UsageError(*problems)
    content = OmegaConf.to_container(changed)
    assert isinstance(content, dict)
    # data.url is needed only if the data is not there
    if lost := [key for key in _masked_keys(restore(content)) if key != "data.url"]:
        raise UsageError(*(f"{key}: records do not keep its credentials; give {key}=VALUE again" for key in lost))
    return {str(key): value for key, value in content.items()}


def split_loggers(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Separate `logger=CHOICE` and the keys of that choice from the overrides; keys alone stay among them."""
    words = rename_overrides(words)
    keys = {word: word.partition("=")[0].lstrip("+~") for word in words}
    loggers = [word for word, key in keys.items() if key == "logger" or key.startswith("logger.")]
    if "logger" not in keys.values():
        return [], words
    return loggers, [word for word in words if word not in loggers]


def composed_loggers(words: Sequence[str]) -> dict[str, Any]:
    """Compose the loggers that a command line names for a run on record; empty where it names none.

    Raises:
        UsageError: with every problem found.
    """
    if not words:
        return {}
    with composing("train"):
        return {"logger": to_record(compose("train", words, TrainConfig).tree)["logger"]}


def length_problems(old: int, config: TrainConfig) -> list[str]:
    """Say what is wrong with the length of a resumed run, which was planned for `old` epochs."""
    new = config.trainer.max_epochs
    if new < old:
        return [f"trainer.max_epochs={new}: the run was started with {old}; it can only be made longer"]
    if new > old and (limit := _other_limit(config)):
        return [f"trainer.max_epochs={new}: cannot be raised in a run with {limit}; start a new run"]
    if new > old and config.scheduler.needs_total_steps:
        return [
            f"trainer.max_epochs={new}: cannot be raised, because the schedule {_schedule_name(config)} was "
            f"planned for {old} epochs; start a new run, or one with scheduler=none, which can be made longer"
        ]
    return []


def _other_limit(config: TrainConfig) -> str | None:
    """Return the key that may end a run before its epochs do; None without one."""
    trainer = config.trainer
    if trainer.max_steps != -1:
        return f"trainer.max_steps={trainer.max_steps}"
    return None if trainer.max_time is None else "trainer.max_time"


def _masked_keys(record: Mapping[Any, Any]) -> list[str]:
    """List the keys of a config that hold an address with masked credentials."""
    return [key for key, (_, value) in differences({}, record).items() if is_masked(value)]


def _schedule_name(config: TrainConfig) -> str:
    return str(config.scheduler.target).rpartition(".")[2]
