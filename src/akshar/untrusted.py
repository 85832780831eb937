"""Reading records that may come from someone else or be damaged: regular files, bounded in size and in depth."""

import json
import os
import stat
from pathlib import Path
from typing import Any

import yaml

from akshar.errors import UsageError
from akshar.files import printable

MAX_JSON = 50_000_000  # bytes; the largest results hold a confusion matrix of many classes
MAX_YAML = 200_000  # bytes; a config takes about 3,000, and the parser reads 100,000 in a second
WRITTEN = (
    "figures",
    "checkpoints",
    "predictions",
    "00000",
    "csv",
    "wandb",
)  # folders of a run or a sweep; 00000: TensorBoard's
SHALLOW = 150  # brackets in a YAML file, and columns
MAX_BITS = 128  # of an integer
MAX_VALUES = 100_000  # in a YAML file, each value counted as often as it is referred to


class _Plain(yaml.constructor.SafeConstructor):
    """Makes plain values; `<<`, with which a small file can say more than memory holds, is an error."""

    def flatten_mapping(self, node: yaml.MappingNode) -> None:
        """Leave the key `<<` as it is: no value can be made of it."""


class _Loader(_Plain, yaml.SafeLoader):
    """Reads in Python, which ends nesting that is too deep with an error."""


_InC: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)  # PyYAML may be built without it


class _FastLoader(_Plain, _InC):
    """Reads in C, eight times as fast, and crashes where nesting is too deep."""


def read_bytes(path: Path, limit: int = MAX_JSON) -> bytes:
    """Read a regular file of limited size.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is larger, or not a regular file: a pipe would never end.
    """
    with open(os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0)), "rb") as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise ValueError("not a regular file")
        content = file.read(limit + 1)
    if len(content) > limit:
        raise ValueError(f"larger than {limit:,} bytes")
    return content


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        OSError: it cannot be opened.
        ValueError: it is not JSON, too large or nested too deeply.
    """
    try:
        return json.loads(read_bytes(path))
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def read_yaml(path: Path) -> Any:
    """Read a YAML file of plain values.

    Raises:
        OSError: it cannot be opened.
        ValueError: see `parse_yaml`.
    """
    return parse_yaml(read_bytes(path, MAX_YAML))


def parse_yaml(text: str | bytes) -> Any:
    """Parse YAML of plain values.

    Raises:
        ValueError: it is not YAML, names Python objects, or is too large, also once its references are followed.
    """
    if len(text) > MAX_YAML:
        raise ValueError(f"larger than {MAX_YAML:,} bytes")
    try:
        content = yaml.load(text, _FastLoader if _is_shallow(text) else _Loader)
    except yaml.YAMLError as error:
        raise ValueError(str(error).partition("\n")[0]) from error
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    except (LookupError, AttributeError, TypeError) as error:  # a value that is not of the type that it names
        raise ValueError(f"{type(error).__name__}: {error}") from error
    left, waiting = MAX_VALUES, [content]
    while waiting:
        value = waiting.pop()
        left -= 1
        if left < 0:
            raise ValueError(f"more than {MAX_VALUES:,} values")
        if isinstance(value, dict | list):
            waiting += value.values() if isinstance(value, dict) else value
        elif isinstance(value, int) and value.bit_length() > MAX_BITS:
            raise ValueError("holds an integer of too many digits")
        elif not (value is None or isinstance(value, str | int | float)):
            raise ValueError(f"holds a {type(value).__name__}, which is not plain")
    return content


def _is_shallow(text: str | bytes) -> bool:
    """Whether YAML cannot be nested deeper than is safe in C: blocks nest by columns, the rest by brackets."""
    content = text.encode() if isinstance(text, str) else text
    brackets = content.count(b"[") + content.count(b"{")
    return b"\0" not in content and brackets < SHALLOW and max(map(len, content.splitlines()), default=0) < SHALLOW


def refuse_links(folder: Path) -> None:
    """Refuse a folder of results in which a link leads elsewhere, before anything is written to it.

    Raises:
        UsageError: names the link.
    """
    inside = folder.resolve()
    for path in (*folder.glob("*"), *(path for name in WRITTEN for path in folder.glob(f"{name}/*"))):
        is_written = not path.is_dir() or path.name in WRITTEN  # folders of runs are only read
        if path.is_symlink() and is_written and not path.resolve().is_relative_to(inside):
            raise UsageError(
                f"{printable(path)}: a link out of this folder, to what would be overwritten; remove it"
            )
