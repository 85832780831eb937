"""Checks before work begins that its results can be written; nothing is changed."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from akshar.errors import UsageError
from akshar.files import failure_reason, is_special, partial_beside, printable, target_of


def check_file(path: Path, named: str) -> None:
    """Check that a file can be written, as `atomic_file` does it.

    Args:
        path: of the file.
        named: what the user gave, for the message: `--csv read.csv`.

    Raises:
        UsageError: it cannot be written; one line says why.
    """
    with _refusing(named):
        if path.is_dir():
            raise UsageError(f"{named}: is a folder; name a file")
        if not path.parent.is_dir():
            raise UsageError(f"{named}: no such folder {printable(path.parent)}")
        target, before = target_of(path)
        if not is_special(before):
            _create_beside(target)


def check_folder(path: Path, named: str) -> None:
    """Check that files can be written to a folder, which need not exist yet.

    Args:
        path: of the folder.
        named: what the user gave, for the message: `--out results`.

    Raises:
        UsageError: they cannot be written; one line says why.
    """
    with _refusing(named):
        existing = next(folder for folder in (path, *path.parents) if _exists(folder))
        if not existing.is_dir():
            raise UsageError(f"{named}: {printable(existing)} is a file; name a folder")
        _create_beside(existing / "any")


@contextmanager
def _refusing(named: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UsageError(f"{named}: cannot be written ({failure_reason(error)})") from error


def _create_beside(target: Path) -> None:
    with partial_beside(target) as partial:
        partial.touch(exist_ok=False)


def _exists(path: Path) -> bool:
    """Whether there is a file, a folder or a link; what the system refuses to say is raised."""
    try:
        path.lstat()
    except (FileNotFoundError, NotADirectoryError):
        return False
    return True
