"""`akshar train resume=RUN`: a run goes on in its own folder, with its own config."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException
from yaml import YAMLError

from akshar.config.overrides import quote_paths
from akshar.config.validate import find_problems
from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir

# What may be given beside `resume=`: how long, what is shown and kept, and where things lie by now.
ALLOWED = (
    "trainer.max_epochs",
    "traceback",
    "checkpoint.every_n_steps",
    "checkpoint.every_n_minutes",
    "data.archive",
    "data.root",
    "data.cache_dir",
    "init_from",
)


def find_run(named: str) -> RunDir:
    """The folder of a run by its path, or by the word `latest`: the one of `outputs/train` that began last.

    Raises:
        UsageError: there is no such run.
    """
    if named == "latest":
        runs = sorted(path.parent for path in Path("outputs/train").glob("*/config.yaml"))
        if not runs:
            raise UsageError("resume=latest: there is no run in outputs/train; name its folder")
        return RunDir(runs[-1].absolute())
    if not named:
        raise UsageError("resume: name a run's folder, as resume=FOLDER, or resume=latest")
    folder = RunDir(Path(named).expanduser().absolute())
    if not folder.path.is_dir():
        raise UsageError(f"{named}: no such run folder; `akshar runs` lists them")
    if not folder.config.is_file():
        raise UsageError(
            f"{named}: holds no config.yaml, so it is no run, or one that had not begun; start it anew"
        )
    return folder


def read_settings(folder: RunDir) -> dict[str, Any]:
    """The resolved config of a run.

    Raises:
        UsageError: it is damaged.
    """
    try:
        settings = OmegaConf.to_container(OmegaConf.load(folder.config))
    except (OmegaConfBaseException, YAMLError, ValueError, OSError) as error:
        raise UsageError(f"{folder.config}: cannot be read ({str(error).splitlines()[0]})") from error
    if not isinstance(settings, dict):
        raise UsageError(f"{folder.config}: is no config")
    return {str(key): value for key, value in settings.items()}


def resumed_settings(folder: RunDir, overrides: Sequence[str]) -> dict[str, Any]:
    """The settings with which a run goes on; it can go on.

    Args:
        folder: of the run.
        overrides: of `ALLOWED` keys.

    Raises:
        UsageError: it is completed, or it diverged, or an override would make it another run.
    """
    before = read_settings(folder)
    settings = change(before, overrides, ALLOWED, "a resumed run keeps its own config")
    problems = find_problems(settings) or _length_problems(before, settings)
    status = folder.read_status().get("status")
    longer = not problems and settings["trainer"]["max_epochs"] > before["trainer"]["max_epochs"]
    if status == "completed" and folder.result.exists() and not problems and not longer:
        planned = _planned_schedule(before)
        longer_by = "trainer.max_epochs=N trains it longer"
        ended = f"its schedule {planned} ends there; start a new run" if planned else longer_by
        problems.append(f"{folder}: is completed; {ended}")
    if status == "diverged":
        problems.append(f"{folder}: its loss is no number, and would not be again; see diverged.json, start anew")
    if problems:
        raise UsageError(*problems)
    return settings


def change(
    settings: dict[str, Any], overrides: Sequence[str], allowed: Sequence[str], reason: str
) -> dict[str, Any]:
    """Settings with some values replaced.

    Raises:
        UsageError: with every override that cannot be read, or whose key is not allowed.
    """
    changed = OmegaConf.create(settings)
    problems = []
    for text in quote_paths(overrides):
        key = text.partition("=")[0]
        if key not in allowed:
            problems.append(f"{key}: {reason}; beside it may stand {', '.join(allowed)}")
            continue
        try:
            override = OverridesParser.create().parse_override(text)
            if override.is_sweep_override():
                problems.append(f"{text}: takes one value here")
                continue
            value = override.value()
        except HydraException:
            problems.append(f"{key}: Hydra cannot read {text!r}")
            continue
        OmegaConf.update(changed, key, value)
        inner = key.replace("data.", "data.source.", 1)  # the same value once more, interpolated
        if inner != key and OmegaConf.select(changed, inner) is not None:
            OmegaConf.update(changed, inner, value)
    if problems:
        raise UsageError(*problems)
    content = OmegaConf.to_container(changed)
    assert isinstance(content, dict)
    return {str(key): value for key, value in content.items()}


def _length_problems(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    old, new = before["trainer"]["max_epochs"], after["trainer"]["max_epochs"]
    if new == old:
        return []
    if new < old:
        return [f"trainer.max_epochs={new}: the run was begun with {old}; it can only be made longer"]
    if planned := _planned_schedule(before):
        return [
            f"trainer.max_epochs={new}: cannot be raised, because the schedule {planned} was planned for {old} "
            "epochs; start a new run, or one with scheduler=none, which can go on"
        ]
    return []


def _planned_schedule(settings: dict[str, Any]) -> str | None:
    """The name of a run's schedule, if it ends with the epochs that the run was begun with."""
    schedule = settings["scheduler"]
    if any(value == "steps" or key in ("total_steps", "T_max") for key, value in schedule.items()):
        return str(schedule["_target_"]).rpartition(".")[2]
    return None
