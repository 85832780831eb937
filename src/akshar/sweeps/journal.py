"""The journal of a search: Optuna's list of operations, which a kill or a full disk may leave torn at its end."""

import os
import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock
from optuna.storages import JournalStorage
from optuna.storages.journal import JournalFileBackend
from optuna.storages.journal._file import BaseJournalFileLock

from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import JOURNAL


class JournalLock(BaseJournalFileLock):
    """The lock to write with. The system releases it when a process dies; Optuna's own would be waited for.

    Args:
        journal: the file.
    """

    def __init__(self, journal: Path):
        self._journal = journal
        self._lock = FileLock(journal.with_name(f".{journal.name}.lock"))

    def acquire(self) -> bool:
        """Wait for the lock, then remove the line that a killed process has not finished: it reported nothing."""
        self._lock.acquire()
        with self._journal.open("rb+") as file:
            if file.seek(0, os.SEEK_END):
                file.seek(-1, os.SEEK_END)
                if file.read() != b"\n":
                    file.seek(0)
                    file.truncate(file.read().rfind(b"\n") + 1)
        return True

    def release(self) -> None:
        """Release the lock."""
        self._lock.release()


def open_journal(sweep: Path) -> JournalStorage:
    """Open the journal in a sweep's folder, or create it; to be called inside `explaining_damage`."""
    path = sweep / JOURNAL
    return JournalStorage(JournalFileBackend(str(path), JournalLock(path)))


@contextmanager
def explaining_damage(sweep: Path) -> Iterator[None]:
    """Turn the errors of a study whose journal is damaged elsewhere than at its end into one with the way out.

    Raises:
        UsageError: names the journal.
    """
    try:
        yield
    except (OSError, UsageError):
        raise
    except Exception as error:  # anything may stand in lines that Optuna has not written
        reason = f"{type(error).__name__}: {error}".partition("\n")[0]
        named = RunDir(sweep)
        raise UsageError(
            f"{named}/{JOURNAL}: not a study, or damaged ({reason}); delete it and repeat the search's command "
            f"with  sweep.resume={shlex.quote(str(named))}  which rebuilds the study from the folders of the trials"
        ) from error
