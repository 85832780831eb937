"""Config keys that say where something lies, which may change between runs of one experiment."""

from pathlib import Path
from typing import Any

# Copies of the same data, wherever they lie
COPIES = ("data.archive", "data.url", "data.cache_dir")
# What may be something else at another place; its digest tells
SOURCES = ("data.root", "data.file", "data.exclude", "init_from")
PLACES = (*COPIES, *SOURCES)


def without_places(data: dict[str, object]) -> dict[str, object]:
    """Copy the values of a config's `data` without those that name a place."""
    return {key: value for key, value in data.items() if f"data.{key}" not in PLACES}


def with_absolute_places(config: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Copy a config with absolute paths for what lies in a folder, for a job that leaves that folder."""
    changed: dict[str, Any] = {key: dict(node) if isinstance(node, dict) else node for key, node in config.items()}
    for key in (*PLACES, "checkpoint"):
        section, _, name = key.rpartition(".")
        node = changed.get(section, {}) if section else changed
        if isinstance(value := node.get(name), str) and (path := folder / Path(value).expanduser()).exists():
            node[name] = str(path)
    return changed
