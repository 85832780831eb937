"""Folders of configs of one's own, searched after akshar's: those of `--config-dir`, then the project's."""

from collections.abc import Sequence
from pathlib import Path

from hydra.core.config_store import ConfigStore
from hydra.core.object_type import ObjectType
from hydra.core.plugins import Plugins

from akshar.config.conf_dir import conf_dir
from akshar.config.project import project_conf
from akshar.errors import UsageError
from akshar.files import printable

# Where akshar and Hydra have configs; a folder may hold much else
PLACES = ("*.yaml", "*/*.yaml", "hydra/*/*.yaml")


def search_path_override(config_dirs: Sequence[str]) -> list[str]:
    """Return the override that lets Hydra search in folders of one's own; none where there are no such folders.

    Args:
        config_dirs: values of `--config-dir`.

    Raises:
        UsageError: a folder does not exist, or a file has the name of a config that Hydra would find first.
    """
    folders = [_existing(folder) for folder in config_dirs]
    if (project := project_conf()) and project not in folders:
        folders.append(project)
    if not folders:
        return []
    Plugins.instance()  # registers the configs of launchers and sweepers
    if hidden := [path for folder in folders for path in _hidden(folder)]:
        raise UsageError(*(f"{printable(path)}: akshar has a config of this name; rename yours" for path in hidden))
    addresses = [str(folder).replace("'", "\\'") for folder in folders]
    return ["hydra.searchpath=[" + ",".join(f"'file://{address}'" for address in addresses) + "]"]


def _existing(folder: str) -> Path:
    path = Path(folder).expanduser().resolve()
    if not path.is_dir():
        raise UsageError(f"--config-dir {folder}: no such folder")
    return path


def _hidden(folder: Path) -> list[Path]:
    """Files that Hydra would never read, because akshar or Hydra has a config of their name."""
    names = sorted(path.relative_to(folder).as_posix() for place in PLACES for path in folder.glob(place))
    stored = ConfigStore.instance().get_type
    return [folder / name for name in names if (conf_dir() / name).is_file() or stored(name) is ObjectType.CONFIG]
