"""Decides which targets named in a file may be imported and built.

A checkpoint, an exported file, a result or a run's folder may come from someone else. What it names is built only
if the name is on a list: parts that a shipped config names, classes of torch and torchmetrics that only compute,
torchvision's classifiers without downloaded weights, and what a package that the user trusts defines.
"""

import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from akshar.config.conf_dir import conf_dir
from akshar.config.groups import PARTS
from akshar.config.import_target import import_target
from akshar.config.shipped_loggers import destinations
from akshar.errors import UsageError
from akshar.files import printable

FAMILIES = {  # module -> base class of what may be named in it
    "torch.nn": "torch.nn.Module",
    "torch.optim": "torch.optim.Optimizer",
    "torch.optim.lr_scheduler": "torch.optim.lr_scheduler.LRScheduler",
    "torchmetrics.classification": "torchmetrics.Metric",
}
DESCRIPTIONS = frozenset({"akshar.pictures.input_spec.InputSpec"})  # of a data set of one's own
CALLBACKS = frozenset(  # Lightning's that write no file
    f"pytorch_lightning.callbacks.{name}"
    for name in (
        "DeviceStatsMonitor EarlyStopping EMAWeightAveraging GradientAccumulationScheduler LearningRateMonitor "
        "ModelSummary RichModelSummary RichProgressBar StochasticWeightAveraging Timer TQDMProgressBar"
    ).split()
)
CLASSIFIERS = "torchvision.models"
TARGET = re.compile(r"^ *_target_: (\w+(?:\.\w+)+)$", re.MULTILINE)  # parsing all YAML files delays every run


@cache
def shipped_targets() -> frozenset[str]:
    """Every `_target_` of a part in the shipped configs."""
    files = [path for group in PARTS for path in (conf_dir() / group).glob("*.yaml")]
    return DESCRIPTIONS.union(*(TARGET.findall(path.read_text(encoding="utf-8")) for path in files))


def nodes_in(content: object) -> Iterator[Mapping[str, object]]:
    """Yield every mapping with a `_target_` in plain values, at any depth."""
    if isinstance(content, Mapping):
        if "_target_" in content:
            yield content
        content = [*content.values()]
    if isinstance(content, list | tuple):
        for child in content:
            yield from nodes_in(child)


def check_targets(named_by: str, content: object, trust: Sequence[str]) -> None:
    """Refuse plain values of a file that name what they may not; nothing is imported.

    Args:
        named_by: the file, for the message.
        content: values with `_target_`s at any depth.
        trust: packages of the user's own.

    Raises:
        UsageError: a target that is not trusted, or a value that is not plain, as `${oc.env:HOME}` or a tuple, in
            which Hydra would build what the checks do not see.
    """
    for value in _values(content):
        is_plain = value is None or isinstance(value, str | int | float)
        if not is_plain or "${" in str(value):  # a file must not decide what is read from the environment
            raise UsageError(f"{named_by}: holds {printable(value)[:80]}; values of a run are plain")
    for node in nodes_in(content):
        if node["_target_"] is None:  # a constant learning rate
            continue
        target = str(node["_target_"])
        if not _may_be_named(target, trust):
            raise _refusal(named_by, target)
        if target.startswith(f"{CLASSIFIERS}.") and any(
            value for key, value in node.items() if "weights" in str(key) or key in ("pretrained", "_args_")
        ):
            raise UsageError(f"{named_by}: names weights to download for {printable(target)}; they must be null")
        if (own := destinations(node)) and not any(target.startswith(f"{package}.") for package in trust):
            key, value = next(iter(own.items()))
            raise UsageError(
                f"{named_by}: its logger has {printable(key)}={printable(value)[:80]}; if you trust that place, "
                f"add  --trust {target.partition('.')[0]}, or log elsewhere with logger=CHOICE"
            )


def check_config(named_by: str, config: object, trust: Sequence[str]) -> None:
    """Check the config of a run before its parts are built; see `check_targets` and `resolve_trusted`."""
    check_targets(named_by, config, trust)
    for node in nodes_in(config):
        if node["_target_"] is not None and node["_target_"] not in shipped_targets():
            resolve_trusted(named_by, str(node["_target_"]), trust)


def trust_flags(config: object) -> str:
    """Flags that a command needs to read a run with this config back, e.g. "--trust my_package"; may be empty."""
    nodes = [node for node in nodes_in(config) if node["_target_"] is not None]
    targets = {
        str(node["_target_"])
        for node in nodes
        if destinations(node) or not _may_be_named(str(node["_target_"]), ())
    }
    packages = {target.partition(".")[0] for target in targets}
    return " ".join(f"--trust {package}" for package in sorted(packages))


def build_trusted(named_by: str, node: Mapping[str, Any], trust: Sequence[str], **passed: object) -> Any:
    """Build a node from a file.

    Args:
        named_by: the file, for the message.
        node: `_target_` and its arguments, plain values; arguments may hold further nodes.
        trust: packages of the user's own.
        **passed: further arguments of the outermost target.

    Raises:
        UsageError: see `check_targets`; or a target cannot be imported, or refuses its arguments.
    """
    check_targets(named_by, node, trust)
    for inner in nodes_in(node):
        resolve_trusted(named_by, str(inner["_target_"]), trust)
    try:
        return instantiate({**node}, _convert_="all", **passed)
    except InstantiationException as error:
        cause = error.__cause__ or error
        if isinstance(cause, UsageError):
            raise cause from error
        reason = printable(" ".join(str(cause).split()))
        raise UsageError(
            f"{named_by}: {printable(node['_target_'])} cannot be built ({type(cause).__name__}: {reason})"
        ) from error


def resolve_trusted(named_by: str, target: str, trust: Sequence[str]) -> Any:
    """Import one target; its name is checked before, and what it leads to after.

    A dotted name can lead through a module to whatever that module imports. See `build_trusted`.
    """
    if not _may_be_named(target, trust):
        raise _refusal(named_by, target)
    try:
        found = import_target(target)
    except Exception as error:
        raise UsageError(f"{named_by}: {printable(target)} cannot be imported ({printable(error)})") from error
    if any(target.startswith(f"{package}.") for package in trust):
        defined_in = str(getattr(found, "__module__", None))
        if not any(f"{defined_in}.".startswith(f"{package}.") for package in trust):
            raise UsageError(f"{named_by}: names {printable(target)}, which is defined in {printable(defined_in)}")
    elif not (target in shipped_targets() or target in CALLBACKS or _is_of_family(target, found)):
        raise _refusal(named_by, target)
    return found


def _may_be_named(target: str, trust: Sequence[str]) -> bool:
    module, _, name = target.rpartition(".")
    return (
        target in shipped_targets()
        or target in CALLBACKS
        or (module in (*FAMILIES, CLASSIFIERS) and name.isidentifier())
        or any(target.startswith(f"{package}.") for package in trust)
    )


def _is_of_family(target: str, found: object) -> bool:
    module, _, name = target.rpartition(".")
    if module == CLASSIFIERS:
        import torchvision

        return name in torchvision.models.list_models(module=torchvision.models)
    return isinstance(found, type) and issubclass(found, import_target(FAMILIES[module]))


def _refusal(named_by: str, target: str) -> UsageError:
    package = printable(target.partition(".")[0])
    is_own = "." in target and package not in {"akshar", "torch", *sys.stdlib_module_names}
    if is_own:
        return UsageError(
            f"{named_by}: names {printable(target)}; if you trust that package, add  --trust {package}"
        )
    return UsageError(f"{named_by}: names {printable(target)}, which no file may name; see SECURITY.md")


def _values(content: object) -> Iterator[object]:
    """Yield every key and every value that is no mapping or list."""
    if isinstance(content, Mapping):
        for key, value in content.items():
            yield key
            yield from _values(value)
    elif isinstance(content, list):
        for child in content:
            yield from _values(child)
    else:
        yield content
