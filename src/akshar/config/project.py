"""The configs of a project of one's own: the folder that its `pyproject.toml` names.

[tool.akshar]
conf = "conf"
"""

import tomllib
from pathlib import Path
from typing import Any

from akshar.config.keys import did_you_mean
from akshar.errors import UsageError
from akshar.files import failure_reason, printable

KEY = "conf"


def project_conf() -> Path | None:
    """Find the folder of configs of the project that the working directory belongs to.

    Returns:
        The folder, absolute; None where no `pyproject.toml` of the working directory or of a folder above it has a
        section `tool.akshar`. The nearest one that has it counts.

    Raises:
        UsageError: a `pyproject.toml` cannot be read, or the section names something else than a folder.
    """
    here = Path.cwd()
    for folder in (here, *here.parents):
        file = folder / "pyproject.toml"
        if file.is_file() and (section := _section(file)) is not None:
            return _named_folder(file, section)
    return None


def _section(file: Path) -> Any:
    try:
        content = tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"{printable(file)}: cannot be read ({failure_reason(error)})") from error
    except ValueError as error:  # of TOML, or of UTF-8
        raise UsageError(f"{printable(file)}: is not valid TOML ({printable(error)})") from error
    tool = content.get("tool")
    return tool.get("akshar") if isinstance(tool, dict) else None


def _named_folder(file: Path, section: Any) -> Path:
    keys = section if isinstance(section, dict) else {}
    if unknown := next((key for key in keys if key != KEY), None):
        raise UsageError(
            f"{printable(file)}: tool.akshar.{printable(unknown)}: no such key{did_you_mean(unknown, [KEY])}"
        )
    if not isinstance(name := keys.get(KEY), str):
        raise UsageError(f'{printable(file)}: tool.akshar.{KEY}: must name a folder, as {KEY} = "conf"')
    folder = (file.parent / name).resolve()
    if not folder.is_dir():
        raise UsageError(f"{printable(file)}: tool.akshar.{KEY}={printable(name)}: no such folder")
    return folder
