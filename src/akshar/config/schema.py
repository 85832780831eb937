"""The schema of a composed config: types, ranges, choices; and the hash by which a config is known."""

import hashlib
import json
from collections.abc import Iterable
from difflib import get_close_matches
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, NonNegativeInt, PositiveInt, ValidationError

from akshar.config.check_targets import import_problems, target_problems

Monitor = Literal["loss/val", "accuracy/val", "loss/train", "accuracy/train", "epoch"]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
Between = Annotated[float, Field(gt=0, lt=1)]


class Closed(BaseModel):
    """A part of the config whose keys are all known."""

    model_config = ConfigDict(extra="forbid", strict=True)


class Open(BaseModel):
    """A part whose other keys belong to its `_target_` and are held against that one's signature."""

    model_config = ConfigDict(extra="allow", strict=True)


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
    devices: PositiveInt | Literal["auto"]
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed", "bf16-true", "64-true"]
    gradient_clip_val: PositiveFloat | None
    accumulate_grad_batches: PositiveInt
    limit_train_batches: PositiveInt | Annotated[float, Field(gt=0, le=1)] | None
    deterministic: bool


class Logger(Closed):
    """What is written beside the result."""

    tensorboard: bool
    csv: bool


class Checkpoint(Closed):
    """When `last.ckpt` is written within an epoch."""

    every_n_steps: PositiveInt | None
    every_n_minutes: PositiveFloat | None


class Settings(Closed):
    """A whole config of `akshar train`."""

    name: str | None
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    monitor: Monitor
    label_smoothing: BelowOne
    test: bool
    init_from: str | None
    deterministic: bool
    dead_after: PositiveInt
    traceback: bool
    checkpoint: Checkpoint
    data: Data
    augment: dict[str, Any]
    model: dict[str, Any]
    optimizer: Optimizer
    scheduler: Scheduler
    trainer: Trainer
    callbacks: dict[str, dict[str, Any] | None]
    logger: Logger


class TestSettings(Closed):
    """A whole config of `akshar test`."""

    checkpoint: Annotated[str, Field(min_length=1)]
    part: Literal["test", "train", "all"]
    trust: list[str]
    accelerator: Literal["auto", "cpu", "gpu", "cuda"]
    precision: Literal["auto", "32-true", "bf16-mixed"]
    traceback: bool
    data: Data


# Of a part with a `_target_`: the keys that are ours, and the arguments that the framework gives itself.
OURS = {"scheduler": {"interval"}}
GIVEN = {"model": {"num_classes"}, "optimizer": {"params"}, "scheduler": {"optimizer"}}
# Packages whose modules are known to be importable.
KNOWN = ("akshar.", "torch.", "torchvision.", "pytorch_lightning.")
# Arguments that the framework owns, refused in a config.
RESERVED: dict[str, set[str]] = {
    "model": {"num_classes"},  # the data's
    "trainer": set(
        "logger callbacks default_root_dir plugins enable_progress_bar enable_model_summary enable_checkpointing "
        "num_sanity_val_steps val_check_interval check_val_every_n_epoch fast_dev_run barebones strategy num_nodes "
        "max_steps gradient_clip_algorithm limit_val_batches limit_test_batches use_distributed_sampler".split()
    ),
}


def config_problems(config: dict[str, Any], schema: type[BaseModel] = Settings) -> list[str]:
    """All that is wrong with a resolved config, a line each; empty when it can run.

    A function of its values alone: no data is loaded, and torch only where a `_target_` has to be imported that
    is not akshar's, torch's or Lightning's. A sweep calls it for every job.

    Args:
        config: plain values.
        schema: of the verb.
    """
    problems = []
    try:
        schema.model_validate(config)
    except ValidationError as error:
        lines = {_key(config, details["loc"]): _line(config, details) for details in reversed(error.errors())}
        problems += reversed(lines.values())
    wrong = {problem.split("=")[0].split(":")[0] for problem in problems}
    problems += [problem for problem in _cross_checks(config) if problem.split("=")[0] not in wrong]
    for path in ("model", "optimizer", "trainer"):
        if isinstance(node := config.get(path), dict) and not node.get("_target_"):
            problems.append(f"{path}._target_: is missing; name what is to be built, e.g. my_package.Thing")
    wrong |= {"scheduler.max_lr"} if "optimizer.lr" in wrong else set()  # the same value once more
    for path, node in target_nodes(config):
        part = path.split(".")[0]
        ours = OURS.get(path, set())
        own = {key: value for key, value in node.items() if key not in ours}
        found = target_problems(path, own, GIVEN.get(path, set()), RESERVED.get(part, set()))
        found = [_as_overridden(problem, config) for problem in found]
        problems += [problem for problem in found if problem.split("=")[0].split(":")[0] not in wrong]
    if problems:
        return problems
    foreign = [(path, node) for path, node in target_nodes(config) if not node["_target_"].startswith(KNOWN)]
    return import_problems(foreign)


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


# Keys that do not change a result: what it is called, what is shown, kept or done afterwards, and where data and
# weights lie, for which their digests stand.
NO_RESULT = ("name", "logger", "traceback", "test", "checkpoint", "dead_after", "init_from")
PLACES = ("cache_dir", "archive", "root", "url", "source")


def config_hash(config: dict[str, Any], data_digest: str, init_digest: str | None = None) -> str:
    """12 hex digits of what decides a result: a config less `NO_RESULT` and `PLACES`, and the digests.

    Args:
        config: resolved, plain values.
        data_digest: of all images.
        init_digest: of the weights that training starts from.
    """
    kept = {key: value for key, value in config.items() if key not in NO_RESULT}
    kept["data"] = {key: value for key, value in config["data"].items() if key not in PLACES}
    text = json.dumps([kept, data_digest, init_digest], sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:12]


# Where things lie and what is only shown.
NOT_COMPARED = ("data.source", "data.archive", "data.url", "data.cache_dir", "logger", "traceback", "test")


def compared(config: dict[str, Any], prefix: str = "") -> dict[str, Any]:
    """What is worth comparing runs by: dotted keys with plain values, a part with a `_target_` by its name.

    >>> compared({"model": {"_target_": "akshar.models.compact.Compact", "widths": [8, 16]}, "test": True})
    {'model': 'Compact', 'model.widths': '[8, 16]'}
    """
    pairs: dict[str, Any] = {}
    for key, value in config.items():
        path = prefix + key
        if key == "_target_":
            pairs[prefix.rstrip(".")] = str(value).rpartition(".")[2]
        elif path in NOT_COMPARED or key.startswith("_"):
            continue
        elif isinstance(value, dict):
            pairs |= compared(value, f"{path}.")
        else:
            pairs[path] = value if isinstance(value, bool | int | float | str) else str(value)
    return pairs


def _line(config: dict[str, Any], details: Any) -> str:
    """A pydantic error as `key=value: what it must be`."""
    key = _key(config, details["loc"])
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


def _key(config: dict[str, Any], place: tuple[int | str, ...]) -> str:
    """The dotted key of an error's place, without the names that pydantic gives to a union's branches."""
    keys: list[str] = []
    node: Any = config
    for part in place:
        if not isinstance(node, dict) or (part not in node and part is not place[-1]):
            break
        keys.append(str(part))
        node = node.get(part)
    return ".".join(keys) or "config"


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
    scheduler = config.get("scheduler") or {}
    problems = []
    if not scheduler.get("_target_"):
        needless = [key for key in scheduler if key not in ("_target_", "interval")]
        problems += [f"scheduler.{key}: there is no schedule that takes it; choose one" for key in needless]
    if folds is None and isinstance(fold, int) and fold > 0:
        problems.append(f"data.fold={fold}: needs data.folds, the number of folds, as in data.folds=10")
    if isinstance(folds, int) and isinstance(fold, int) and fold >= folds:
        problems.append(f"data.fold={fold}: must be from 0 to {folds - 1}, because data.folds={folds}")
    if str(scheduler.get("_target_")).endswith("ReduceLROnPlateau") and scheduler.get("interval") == "step":
        problems.append("scheduler.interval=step: must be epoch, because it follows a metric of whole epochs")
    followers = [scheduler, *(config.get("callbacks") or {}).values()]
    if config.get("monitor") == "epoch" and any("mode" in (node or {}) for node in followers):
        problems.append(
            "monitor=epoch: cannot be followed by a schedule or a callback; choose loss/val or accuracy/val"
        )
    return problems
