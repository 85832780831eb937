"""Resolvers that the shipped configs use."""

from pathlib import Path

from omegaconf import DictConfig, OmegaConf

from akshar.config import monitor
from akshar.config.run_name import new_run_name


def absolute(path: str) -> str:
    """Absolute path of a file in the working directory; a later change of directory does not matter."""
    return str(Path.cwd() / path)


def direction(monitored: str, *, _root_: DictConfig) -> str:
    """Which values of a metric are better, "min" or "max", in the config that it stands in."""
    metrics = OmegaConf.to_container(_root_.metrics)
    config = {"monitor": monitored, "monitor_mode": _root_.monitor_mode, "metrics": metrics}
    return monitor.direction(config) or "max"  # what is unknown is refused with the whole config


# One name for each command line and process, however often Hydra composes.
OmegaConf.register_new_resolver("akshar_run_name", new_run_name, use_cache=True, replace=True)
OmegaConf.register_new_resolver("akshar_direction", direction, replace=True)
OmegaConf.register_new_resolver("akshar_absolute", absolute, replace=True)
