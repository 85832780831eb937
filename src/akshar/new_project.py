"""Makes a project of one's own: a copy of `project_template/`, itself such a project, under another name."""

import re
import sys
from importlib.machinery import PathFinder
from importlib.metadata import PackageNotFoundError, distribution
from keyword import iskeyword
from pathlib import Path
from tempfile import TemporaryDirectory

from akshar.errors import UsageError
from akshar.files import printable
from akshar.writable import check_folder

TEMPLATE = Path(__file__).parent / "project_template"
NAME, PACKAGE = "my-project", "my_project"  # of the template
NOT_COPIED = {"outputs", "__pycache__", ".pytest_cache", ".ruff_cache"}  # left by work on the template itself


def make_project(folder: Path) -> str:
    """Write a project to a folder, completely or not at all.

    Args:
        folder: to make; its name becomes the project's name.

    Returns:
        Name of the project's package: that of the folder, with `_` in place of `-`.

    Raises:
        UsageError: the name is not usable, or the folder cannot be made or is not empty.
    """
    folder = folder.expanduser().absolute()
    name, package = folder.name, folder.name.replace("-", "_")
    _check_name(name, package)
    _check_place(folder)
    with TemporaryDirectory(prefix=".akshar-", dir=folder.parent) as temporary:
        project = Path(temporary, name)
        for path in TEMPLATE.rglob("*"):
            if path.is_file() and not NOT_COPIED & {*path.relative_to(TEMPLATE).parts}:
                copy = project / str(path.relative_to(TEMPLATE)).replace(PACKAGE, package)
                text = path.read_text(encoding="utf-8").replace(PACKAGE, package).replace(NAME, name)
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_text(text, encoding="utf-8")
        if folder.exists():
            folder.rmdir()  # it is empty; only some systems can rename onto it
        project.rename(folder)
    return package


def _check_name(name: str, package: str) -> None:
    if not re.fullmatch(r"[a-z][a-z0-9]*([-_][a-z0-9]+)*", name):
        words = re.findall(r"[a-z0-9]+", name.lower())
        example = "-".join(words) if words and words[0][0].isalpha() else NAME
        raise UsageError(
            f"{printable(name)}: must be lowercase letters, digits and hyphens, as in  akshar new {example}"
        )
    if iskeyword(package) or package in sys.stdlib_module_names:
        raise UsageError(f"{name}: Python itself uses this name; choose another one, as in  akshar new my-{name}")
    if _is_installed(name) or _is_module(package):
        raise UsageError(f"{name}: a package of this name is installed; choose another name, or uninstall it first")


def _is_installed(name: str) -> bool:
    try:
        distribution(name)
    except PackageNotFoundError:
        return False
    return True


def _is_module(package: str) -> bool:
    """Whether something else can be imported by this name; what lies in the working directory does not count."""
    here = Path.cwd()
    places = [place for place in sys.path if Path(place).absolute() != here]
    return PathFinder.find_spec(package, places) is not None


def _check_place(folder: Path) -> None:
    if folder.is_dir() and any(folder.iterdir()):
        raise UsageError(f"{printable(folder)}: is not empty; choose another name, or empty that folder")
    if folder == Path.cwd():
        raise UsageError(f"{printable(folder)}: is the working directory; run this in the folder above")
    if folder.is_symlink() or (folder.exists() and not folder.is_dir()):
        raise UsageError(f"{printable(folder)}: already exists; choose another name")
    if not folder.parent.is_dir():
        raise UsageError(f"{printable(folder)}: no such folder {printable(folder.parent)}; make it first")
    check_folder(folder.parent, printable(folder))
