"""The schema of a composed config: types, ranges, choices; and the hash by which a config is known."""

import hashlib
import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveFloat, PositiveInt, ValidationError

from akshar.runs.targets import target_problems

Monitor = Literal["loss/val", "accuracy/val", "loss/train", "accuracy/train"]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
Between = Annotated[float, Field(gt=0, lt=1)]


class Closed(BaseModel):
    """A part of the config whose keys are all known."""

    model_config = ConfigDict(extra="forbid", populate_by_name=True)


class Open(BaseModel):
    """A part whose other keys belong to its `_target_` and are held against that one's signature."""

    model_config = ConfigDict(extra="allow")


class Data(Open):
    """Keys of every data set."""

    batch_size: PositiveInt
    val_fraction: Between
    folds: Annotated[int, Field(ge=2)] | None
    fold: NonNegativeInt
    split: Literal["random", "blocks"]
    split_seed: NonNegativeInt
    cache_dir: str | None
    source: dict[str, Any]


class Optimizer(Open):
    """Values that mean the same in every optimizer."""

    lr: PositiveFloat
    momentum: BelowOne = 0.0
    weight_decay: Annotated[float, Field(ge=0)] = 0.0


class Scheduler(Open):
    """Ours beside the schedule's own."""

    interval: Literal["step", "epoch"] = "step"


class Trainer(Open):
    """Arguments of Lightning's Trainer that have a narrower range here, or that its signature leaves open."""

    max_epochs: PositiveInt
    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"]
    devices: PositiveInt
    precision: str
    gradient_clip_val: PositiveFloat | None
    accumulate_grad_batches: PositiveInt
    limit_train_batches: PositiveInt | Between | None
    deterministic: bool


class Logger(Closed):
    """What is written beside the result."""

    tensorboard: bool
    csv: bool


class Settings(Closed):
    """A whole config of `akshar train`."""

    name: str | None
    seed: NonNegativeInt
    monitor: Monitor
    label_smoothing: BelowOne
    test: bool
    init_from: str | None
    traceback: bool
    data: Data
    augment: dict[str, Any]
    model: dict[str, Any]
    optimizer: Optimizer
    scheduler: Scheduler
    trainer: Trainer
    callbacks: dict[str, dict[str, Any] | None]
    logger: Logger


# Of a part with a `_target_`: the keys that are ours, and the arguments that the framework gives itself.
OURS = {"scheduler": {"interval"}}
GIVEN = {"model": {"num_classes"}, "optimizer": {"params"}, "scheduler": {"optimizer"}}
# Arguments that the framework owns, refused in a config.
RESERVED = {"trainer": {"logger", "callbacks", "default_root_dir", "plugins", "enable_progress_bar"}}


def config_problems(config: dict[str, Any]) -> list[str]:
    """All that is wrong with a resolved config, a line each; empty when it can run.

    Args:
        config: plain values.
    """
    problems = []
    try:
        Settings.model_validate(config)
    except ValidationError as error:
        problems += [_line(config, details) for details in error.errors()]
    wrong = {problem.split("=")[0].split(":")[0] for problem in problems}
    problems += [problem for problem in _cross_checks(config) if problem.split("=")[0] not in wrong]
    for path, node in target_nodes(config):
        part = path.split(".")[0]
        ours = OURS.get(path, set())
        own = {key: value for key, value in node.items() if key not in ours}
        found = target_problems(path, own, GIVEN.get(path, set()), RESERVED.get(part, set()))
        found = [_as_overridden(problem, config) for problem in found]
        problems += [problem for problem in found if problem.split("=")[0].split(":")[0] not in wrong]
    return problems


def target_nodes(config: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """The parts that name a `_target_`, with their paths."""
    parts = ("augment", "model", "optimizer", "scheduler", "trainer")
    nodes = [(part, config.get(part)) for part in parts]
    nodes.append(("data.source", (config.get("data") or {}).get("source")))
    nodes += [(f"callbacks.{name}", node) for name, node in (config.get("callbacks") or {}).items()]
    return [(path, node) for path, node in nodes if isinstance(node, dict) and node.get("_target_")]


def did_you_mean(word: str, words: Iterable[str]) -> str:
    """`"; did you mean X?"`, or nothing where no word is near."""
    near = get_close_matches(word, list(words), n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def config_hash(config: dict[str, Any], data_digest: str) -> str:
    """12 hex digits of what decides a result: the config without paths, names and what is only shown."""
    kept = {key: value for key, value in config.items() if key not in ("name", "logger", "traceback")}
    places = ("cache_dir", "archive", "root", "url", "source")
    kept["data"] = {key: value for key, value in config["data"].items() if key not in places}
    text = json.dumps([kept, data_digest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


def _line(config: dict[str, Any], details: Any) -> str:
    """A pydantic error as `key=value: what it must be`."""
    keys = [key for key in details["loc"] if _is_key(config, key)]
    key = ".".join(str(part) for part in details["loc"][: len(keys) or None] if _is_key(config, part)) or "config"
    if details["type"] == "missing":
        return f"{'.'.join(map(str, details['loc']))}: is missing"
    if details["type"] == "extra_forbidden":
        path = ".".join(map(str, details["loc"]))
        return f"{path}: no such key{did_you_mean(path, all_keys(config, without=path))}"
    message = details["msg"].removeprefix("Input ").replace("should", "must")
    return f"{key}={details['input']}: {message}"


def _as_overridden(problem: str, config: dict[str, Any]) -> str:
    """A problem of `data.source.KEY` told as one of `data.KEY`, where that is what a person sets."""
    key = problem.removeprefix("data.source.").split("=")[0].split(":")[0]
    return problem.replace("data.source.", "data.", 1) if key in config["data"] else problem


def _is_key(config: dict[str, Any], part: int | str) -> bool:
    """Whether a part of an error's place is a key of ours, not the name of a pydantic union's branch."""
    return isinstance(part, str) and not part.startswith(("constrained-", "int", "float", "function-"))


def all_keys(config: dict[str, Any], prefix: str = "", without: str = "") -> list[str]:
    """Every dotted key of a config."""
    keys = []
    for name, value in config.items():
        path = f"{prefix}{name}"
        if path == without:
            continue
        keys.append(path)
        if isinstance(value, dict):
            keys += all_keys(value, f"{path}.", without)
    return keys


def _cross_checks(config: dict[str, Any]) -> list[str]:
    data = config.get("data") or {}
    folds, fold = data.get("folds"), data.get("fold")
    if isinstance(folds, int) and isinstance(fold, int) and fold >= folds:
        return [f"data.fold={fold}: must be from 0 to {folds - 1}, because data.folds={folds}"]
    return []
