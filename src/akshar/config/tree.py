"""A config as Hydra composes it, and its plain values."""

import warnings
from collections.abc import Iterator, Sequence
from contextlib import chdir
from pathlib import Path
from typing import Any

from hydra.conf import HydraConf
from hydra.core.global_hydra import GlobalHydra
from hydra.types import RunMode
from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

from akshar.config.groups import COMBINATIONS
from akshar.config.places import with_absolute_places
from akshar.credentials import mask_and_remember
from akshar.errors import UsageError, first_line
from akshar.renamed import upgrade_config

# Our launcher presets have their plugins' names, so Hydra compares them with the plugins' schemas.
warnings.filterwarnings("ignore", message="(?s).*hydra/launcher/.*is validated against ConfigStore schema")


def compose_tree(config_name: str, overrides: Sequence[str]) -> DictConfig:
    """Compose a config with its `hydra` node, unchecked."""
    hydra = GlobalHydra.instance().hydra
    assert hydra is not None
    return hydra.compose_config(config_name, list(overrides), run_mode=RunMode.RUN, from_shell=False)


def to_record(tree: DictConfig, hydra: HydraConf | None = None) -> dict[str, Any]:
    """Resolve a composed config to plain values under today's keys, without presets.

    Args:
        tree: with its `hydra` node, unless that is given.
        hydra: Hydra's own part of the config, which it takes away from what a job of a sweep gets; neither where
            no Hydra application runs.

    Raises:
        UsageError: a mandatory value is missing, or an interpolation leads nowhere.
    """
    hydra = hydra or tree.get("hydra")
    cwd = Path(hydra.runtime.cwd) if hydra else Path.cwd()
    wanted = OmegaConf.masked_copy(tree, [str(key) for key in tree if key not in (*COMBINATIONS, "hydra")])
    try:
        with chdir(cwd):  # where the command was given; hydra.job.chdir may have left it
            content = OmegaConf.to_container(wanted, resolve=True, throw_on_missing=True)
    except OmegaConfBaseException as error:
        problems = [
            f"{key}: must be given, as {key}=VALUE"
            for key in _missing_keys(OmegaConf.to_container(wanted, resolve=False))
        ]
        problems = problems or [f"{getattr(error, 'full_key', None) or 'config'}: {first_line(error)}"]
        raise UsageError(*problems) from error
    assert isinstance(content, dict)
    config = upgrade_config(mask_and_remember({str(key): value for key, value in content.items()}))
    return with_absolute_places(config, cwd) if hydra and hydra.job.chdir else config


def _missing_keys(node: object, path: str = "") -> Iterator[str]:
    """Yield the dotted keys of mandatory values that are missing; interpolations may lead to them."""
    for key, value in node.items() if isinstance(node, dict) else ():
        if value == "???":
            yield f"{path}{key}"
        yield from _missing_keys(value, f"{path}{key}.")
