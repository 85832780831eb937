"""From a composed config's plain values to one typed config, or to every problem with it at once."""

from collections.abc import Mapping
from functools import cache
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from akshar.config.build import build
from akshar.config.dependencies import dependency_problems
from akshar.config.groups import NAMED, SINGLE
from akshar.config.keys import all_keys, did_you_mean
from akshar.config.lightning_targets import foreign_problems, is_data_module, is_lightning_module
from akshar.config.reserved import RESERVED
from akshar.config.schema import DATA_TAGS, PASSED, DataConfig, Part, SchedulerConfig, Section, TrainConfig
from akshar.config.shipped_loggers import missing_packages
from akshar.config.targets import import_problems, plain_message, target_problems
from akshar.errors import UsageError

Config = TypeVar("Config", bound=Section)

# Their modules are known to import
IMPORTABLE = ("akshar.", "torch.", "torchvision.", "torchmetrics.", "pytorch_lightning.")
FRAMEWORK_KEYS: Mapping[str, type[Part]] = {"data": DataConfig, "scheduler": SchedulerConfig}


def validate(record: dict[str, Any], schema: type[Config]) -> Config:
    """Check a config without loading data, and without importing torch unless a target of one's own does.

    Args:
        record: composed and resolved, plain values.
        schema: of the command.

    Raises:
        UsageError: one line for each problem, beginning with the key.
    """
    nodes = [(group, record.get(group)) for group in ("data", "model")]
    foreign = [foreign_problems(path, node.get("_target_")) for path, node in nodes if isinstance(node, dict)]
    if any(foreign):
        raise UsageError(*(line for lines in foreign for line in lines))
    problems = _schema_problems(record, schema)
    wrong = {_key_of(problem) for problem in problems}
    wrong |= {"scheduler.max_lr"} if "optimizer.lr" in wrong else set()  # interpolated: the same value
    found = dependency_problems(record)
    parts = _parts(record)
    for path, part in parts:
        group = path.split(".")[0]
        reserved = RESERVED.get(group, {})
        if path == "model" and is_lightning_module(part.target):  # its arguments are its own affair
            reserved = {}
        found += target_problems(path, part, PASSED.get(group, ()), reserved)
    problems += [problem for problem in found if _key_of(problem) not in wrong]
    problems = problems or import_problems(
        (path, part) for path, part in parts if not part.target.startswith(IMPORTABLE)
    )
    problems = problems or [line for path, part in parts for line in missing_packages(path, part.target)]
    if problems:
        raise UsageError(*problems)
    config = schema.model_validate(record)
    if isinstance(config, TrainConfig) and (problem := _batch_size_problem(config)):
        raise UsageError(problem)
    return config


def _schema_problems(record: dict[str, Any], schema: type[BaseModel]) -> list[str]:
    try:
        schema.model_validate(record)
    except ValidationError as error:
        found: list[Any] = [
            {**details, "loc": tuple(part for part in details["loc"] if part not in DATA_TAGS)}
            for details in error.errors()
        ]
        lines = {_key(record, details["loc"]): _line(record, details) for details in reversed(found)}
        return [*reversed(lines.values())]
    return []


def _parts(record: dict[str, Any]) -> list[tuple[str, Part]]:
    """Collect the parts that name a target, with their paths."""
    nodes = [(name, record.get(name)) for name in SINGLE]
    nodes += [(f"{group}.{name}", node) for group in NAMED for name, node in (record.get(group) or {}).items()]
    named = [
        (path, node) for path, node in nodes if isinstance(node, dict) and isinstance(node.get("_target_"), str)
    ]
    return [(path, _as_part(path, node)) for path, node in named]


def _as_part(path: str, node: dict[str, Any]) -> Part:
    """Type a part without its ranges, which may be what is wrong."""
    is_own = path == "data" and is_data_module(node["_target_"])
    return _unchecked(frozenset() if is_own else FRAMEWORK_KEYS.get(path, Part).framework_keys).model_validate(node)


@cache
def _unchecked(keys: frozenset[str]) -> type[Part]:
    class Unchecked(Part):
        framework_keys = keys

    return Unchecked


def _batch_size_problem(config: TrainConfig) -> str | None:
    """Compare the batch size with the number of training images, where the data set knows it without loading."""
    data = config.data
    if not isinstance(data, DataConfig) or data.split != "random":  # blocks are cut when the images are loaded
        return None
    from akshar.data.dataset_size import expected_class_sizes, training_images

    sizes = expected_class_sizes(build("data", data))
    if sizes is None:
        return None
    count = training_images(sizes, data.val_fraction, data.folds, data.fold)
    if data.batch_size <= count or not count:  # without images, loading them says what is wrong
        return None
    return f"data.batch_size={data.batch_size}: more than the {count} training images; choose {count} or less"


def _key_of(problem: str) -> str:
    """Return the key that a problem begins with."""
    return problem.split("=", maxsplit=1)[0].split(":", maxsplit=1)[0].split(" ", maxsplit=1)[0]


def _line(record: dict[str, Any], details: Any) -> str:
    """Write one of pydantic's errors as `key=value: what it must be`."""
    path = ".".join(map(str, details["loc"]))
    if details["type"] == "missing":
        return f"{path}: is missing"
    if details["type"] == "extra_forbidden":
        return f"{path}: no such key{did_you_mean(path, all_keys(record, without=path))}"
    return f"{_key(record, details['loc'])}={details['input']}: {plain_message(details['msg'])}"


def _key(record: dict[str, Any], place: tuple[int | str, ...]) -> str:
    """Return the dotted key of an error's place, without the names that pydantic gives to a union's branches."""
    keys: list[str] = []
    node: Any = record
    for part in place:
        if not isinstance(node, dict) or (part not in node and part is not place[-1]):
            break
        keys.append(str(part))
        node = node.get(part)
    return ".".join(keys) or "config"
