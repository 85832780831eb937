"""Where the study of a search is: Optuna's journal file in the sweep's folder, or a database that it names."""

import json
import os
import secrets
from abc import ABCMeta
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from optuna.exceptions import OptunaError, UpdateFinishedTrialError
from optuna.storages import BaseStorage, RDBStorage, get_storage

from akshar.errors import UsageError, first_line
from akshar.files import partial_beside, printable
from akshar.runs.run_dir import RunDir
from akshar.sweeps.database import KEY, VARIABLE, engine_options, parse_url, patiently
from akshar.sweeps.hosts import check_locks_are_shared
from akshar.sweeps.journal import explaining_damage, open_journal
from akshar.sweeps.study_locks import DatabaseLocks, FileLocks, StudyLocks
from akshar.sweeps.sweep_dir import DATABASE, JOURNAL
from akshar.untrusted import read_json

NAME = "akshar"  # of every study in a journal


@dataclass(frozen=True)
class StudyPlace:
    """The place of a study.

    Attributes:
        sweep: folder of the sweep.
        name: of the study.
        shown: URL of the database without its password, None for the journal.
    """

    sweep: Path
    name: str = NAME
    shown: str | None = None

    def __str__(self) -> str:
        """Name the file or the database."""
        return printable(f"{RunDir(self.sweep)}/{JOURNAL}" if self.shown is None else self.shown)

    def may_open(self) -> bool:
        """Whether this process may connect to the database: its environment names it, not a file alone."""
        given = os.environ.get(VARIABLE)
        return self.shown is None or (given is not None and parse_url(given) == self.shown)

    @property
    def url(self) -> str | None:
        """URL of the database with its password, None for the journal.

        Raises:
            UsageError: this process was not asked to connect to it.
        """
        if self.shown is None:
            return None
        if not self.may_open():
            raise UsageError(
                f"{RunDir(self.sweep)}/{DATABASE}: the study is in {self}; to connect to it, set the environment "
                f"variable {VARIABLE} to this URL"
            )
        return os.environ[VARIABLE]

    def locks(self) -> StudyLocks:
        """The locks that the processes of the search share."""
        url = self.url
        if url is None or not url.startswith("postgresql"):
            check_locks_are_shared(self.sweep)
            return FileLocks(self.sweep)
        return DatabaseLocks(url, self.name, self.sweep)

    @contextmanager
    def opened(self, patience: float | None = None) -> Iterator[BaseStorage]:
        """Open the storage, and explain what goes wrong in the `with` block.

        Args:
            patience: for a database that is away, see `patiently`.

        Raises:
            UsageError: the journal is damaged, or the database cannot be used.
        """
        url = self.url
        if url is None:
            with explaining_damage(self.sweep):
                yield open_journal(self.sweep)
            return
        from sqlalchemy.exc import SQLAlchemyError

        try:
            storage = patiently(partial(_open, url), self.sweep, patience)
            yield patient_storage(storage, self.sweep)
        # Rights that are missing, tables of another version, a study that is gone
        except (SQLAlchemyError, RuntimeError, OptunaError, LookupError, ValueError) as error:
            cause = error if getattr(error, "orig", None) else error.__cause__
            reason = first_line(getattr(cause, "orig", None) or error)
            raise UsageError(f"{KEY}={self}: cannot hold the study ({reason})") from error


def find_place(sweep: Path) -> StudyPlace:
    """Read where the study of a sweep is, without connecting to it.

    Raises:
        UsageError: the record is damaged.
    """
    try:
        content = read_json(sweep / DATABASE)
        name, shown = content["name"], content["storage"]
        if not (isinstance(name, str) and isinstance(shown, str)):
            raise ValueError("name and storage must be texts")
    except FileNotFoundError:
        return StudyPlace(sweep)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{RunDir(sweep)}/{DATABASE}: does not say where the study is ({error})") from error
    return StudyPlace(sweep, name, shown)


def settle_place(sweep: Path, url: str | None) -> StudyPlace:
    """Decide where the study of a search is, once for all processes that start it, and allow to connect to it.

    Args:
        sweep: folder of the sweep.
        url: of the database, None for the journal.

    Raises:
        UsageError: the folder has a study elsewhere.
    """
    shown = None if url is None else parse_url(url)
    if url is not None:
        os.environ[VARIABLE] = url  # for this process and its workers
        if not (sweep / JOURNAL).exists():
            name = f"{sweep.name}-{secrets.token_hex(4)}"  # several searches may share a database
            with partial_beside(sweep / DATABASE) as record, suppress(FileExistsError):
                record.write_text(json.dumps({"storage": shown, "name": name}, indent=2), encoding="utf-8")
                os.link(record, sweep / DATABASE)  # the first process wins
    place = find_place(sweep)
    if place.shown != shown:
        again = "leave it out" if place.shown is None else f"give {KEY}={place}"
        raise UsageError(
            f"{KEY}={shown or 'null'}: this search has its study in {place}; {again}, or choose another folder"
        )
    return place


def _open(url: str) -> BaseStorage:
    return get_storage(RDBStorage(url, engine_kwargs=engine_options(url)))


def patient_storage(storage: BaseStorage, sweep: Path) -> BaseStorage:
    """Wrap a storage so that each operation is repeated while the database is away.

    Each is one transaction, so one whose success was not reported can be repeated: values are written again; a
    trial that was made twice is taken up as one that was left over; one that has ended stays so.
    """

    def repeated(name: str) -> Callable[..., Any]:
        operation = getattr(storage, name)

        def method(_: BaseStorage, *args: Any, **kwargs: Any) -> Any:
            tries = 0

            def once() -> Any:
                nonlocal tries
                tries += 1
                try:
                    return operation(*args, **kwargs)
                except UpdateFinishedTrialError:
                    if tries == 1 or name != "set_trial_state_values":
                        raise
                    return True

            return patiently(once, sweep)

        return method

    methods = {name: repeated(name) for name in BaseStorage.__abstractmethods__}
    return ABCMeta("PatientStorage", (BaseStorage,), methods)()
