"""The loggers of the shipped configs: which packages they need, and what a file may change of them."""

import os
from collections.abc import Mapping
from functools import cache

from omegaconf import OmegaConf

from akshar.config.conf_dir import conf_dir
from akshar.errors import UsageError
from akshar.extras import require_packages

PACKAGES = {  # target -> extra, and what it installs
    "pytorch_lightning.loggers.MLFlowLogger": ("mlflow", ("mlflow", "sqlalchemy", "alembic")),
    "pytorch_lightning.loggers.WandbLogger": ("wandb", ("wandb",)),
}
# Arguments that a run on record may have of its own: they do not decide where the logger writes or sends
LABELS = frozenset("_target_ experiment_name run_name project tags notes group".split())


def missing_packages(key: str, target: str) -> list[str]:
    """Say which extra installs what a logger needs; empty where it is installed, or the logger is another one.

    Args:
        key: of the logger in the config.
        target: its `_target_`.
    """
    extra, packages = PACKAGES.get(target, ("", ()))
    try:
        require_packages(key, *packages, extra=extra)
    except UsageError as error:
        return [str(error)]
    return []


def destinations(node: Mapping[str, object]) -> dict[str, object]:
    """Return arguments that decide where a logger writes and differ from the shipped config, also missing ones.

    Args:
        node: plain values with a `_target_`; other targets have no such arguments.
    """
    shipped = _arguments(os.getcwd()).get(str(node["_target_"]))
    if shipped is None:
        return {}
    keys = [key for key in dict.fromkeys([*node, *shipped]) if key not in LABELS]
    return {key: node.get(key) for key in keys if node.get(key) != shipped.get(key)}


@cache
def _arguments(working_dir: str) -> dict[str, Mapping[str, object]]:
    """Arguments of the shipped loggers by target, as they are in a working directory."""
    nodes: dict[str, Mapping[str, object]] = {}
    for path in (conf_dir() / "logger").glob("*.yaml"):
        content = OmegaConf.to_container(OmegaConf.load(path), resolve=True)
        assert isinstance(content, dict)
        nodes |= {str(node["_target_"]): node for node in content.values()}
    return nodes
