"""Resolvers that the shipped configs use."""

from pathlib import Path

from omegaconf import OmegaConf

from akshar.config.monitor import direction
from akshar.config.run_name import new_run_name


def absolute(path: str) -> str:
    """Absolute path of a file in the working directory; a later change of directory does not matter."""
    return str(Path.cwd() / path)


# One name for each command line and process, however often Hydra composes.
OmegaConf.register_new_resolver("akshar_run_name", new_run_name, use_cache=True, replace=True)
OmegaConf.register_new_resolver("akshar_direction", direction, replace=True)
OmegaConf.register_new_resolver("akshar_absolute", absolute, replace=True)
