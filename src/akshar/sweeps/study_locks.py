"""The locks of a study: one to change which trials there are, and one for each trial, held by who works on it.

The system, or the database, releases them when their process dies.
"""

import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from functools import partial
from pathlib import Path
from typing import Protocol

from filelock import FileLock, Timeout

from akshar.runs.heartbeat import BEAT
from akshar.sweeps.database import START_PATIENCE, connection_error, engine_options, patiently

STUDY = -1  # in place of a trial's number
WAIT = 0.05  # seconds between attempts to take the lock of the study


class StudyLocks(Protocol):
    """What holds processes apart."""

    @property
    def held(self) -> set[int]:
        """Numbers of the trials that this process holds."""
        ...

    def study(self) -> AbstractContextManager[object]:
        """Hold the lock to change which trials there are."""
        ...

    def take(self, trial: int) -> bool:
        """Take the lock of a trial, or keep it; False if another process holds it."""
        ...

    def release(self, trial: int) -> None:
        """Release the lock of a trial."""
        ...

    def close(self) -> None:
        """Release all of them."""
        ...


class FileLocks:
    """Locks of files in the sweep's folder, for processes whose file system shares them.

    Args:
        sweep: folder of the sweep.
    """

    def __init__(self, sweep: Path):
        self._sweep = sweep
        self._locks: dict[int, FileLock] = {}

    @property
    def held(self) -> set[int]:
        """Numbers of the trials that this process holds."""
        return {*self._locks}

    def study(self) -> FileLock:
        """Hold the lock to change which trials there are."""
        return FileLock(self._sweep / ".study.lock")

    def take(self, trial: int) -> bool:
        """Take the lock of a trial, or keep it; False if another process holds it."""
        lock = self._locks.get(trial) or FileLock(self._sweep / f".trial-{trial}.lock")
        try:
            if not lock.is_locked:
                lock.acquire(timeout=0)
        except Timeout:
            return False
        self._locks[trial] = lock
        return True

    def release(self, trial: int) -> None:
        """Release the lock of a trial."""
        lock = self._locks.pop(trial)
        Path(lock.lock_file).unlink(missing_ok=True)
        lock.release()

    def close(self) -> None:
        """Release all of them."""
        for lock in self._locks.values():
            lock.release()
        self._locks.clear()


# With which the server notices within a minute that a machine of the search is switched off, and frees its locks
SESSION = {
    "tcp_keepalives_idle": 20,
    "tcp_keepalives_interval": 10,
    "tcp_keepalives_count": 3,
    "tcp_user_timeout": 50_000,
}


class DatabaseLocks:
    """PostgreSQL's advisory locks, over a connection of their own, whose end releases them.

    A thread takes them again over a new connection when the old one is lost.

    Args:
        url: of the database.
        name: of the study.
        sweep: folder of the sweep, for messages.
    """

    def __init__(self, url: str, name: str, sweep: Path):
        from sqlalchemy import NullPool, create_engine, text

        options = engine_options(url) | {"poolclass": NullPool, "isolation_level": "AUTOCOMMIT"}
        self._engine = create_engine(url, **options)
        self._key = int.from_bytes(hashlib.sha256(name.encode()).digest()[:4], "big", signed=True)
        self._take, self._release = (
            text(f"SELECT pg_{verb}(:key, :item)") for verb in ("try_advisory_lock", "advisory_unlock")
        )
        self._ping = text("SELECT 1")
        self._sweep = sweep
        self._connection = None
        self._mutex = threading.RLock()
        self._closed = threading.Event()
        self._wanted: set[int] = set()
        self._locked: set[int] = set()  # over this connection
        patiently(self._connect, sweep, START_PATIENCE)
        threading.Thread(target=self._keep, daemon=True).start()

    @property
    def held(self) -> set[int]:
        """Numbers of the trials that this process holds, or has held until a connection was lost."""
        return self._wanted - {STUDY}

    @contextmanager
    def study(self) -> Iterator[None]:
        """Hold the lock to change which trials there are."""
        while not self.take(STUDY):
            time.sleep(WAIT)
        try:
            yield
        finally:
            self.release(STUDY)

    def take(self, trial: int) -> bool:
        """Take the lock of a trial, or keep it; False if another process holds it."""
        return patiently(partial(self._lock, trial, keep=True), self._sweep)

    def release(self, trial: int) -> None:
        """Release the lock of a trial."""
        with self._mutex:
            self._wanted.discard(trial)
            if trial in self._locked:
                self._locked.discard(trial)
                try:
                    self._connect().execute(self._release, {"key": self._key, "item": trial})
                except Exception as error:
                    if connection_error(error) is None:
                        raise  # otherwise it is released already

    def close(self) -> None:
        """Release all of them, by closing the connection."""
        self._closed.set()
        with self._mutex:
            self._wanted.clear()
            if self._connection is not None:
                with suppress(Exception):  # it is lost already
                    self._connection.close()
                self._connection = None

    def _lock(self, item: int, keep: bool = False) -> bool:
        with self._mutex:
            if self._closed.is_set():
                return False
            connection = self._connect()
            row = {"key": self._key, "item": item}
            if item not in self._locked and connection.execute(self._take, row).scalar():
                self._locked.add(item)
            if keep and item in self._locked:
                self._wanted.add(item)
            return item in self._locked

    def _connect(self):
        """Return the connection, or a new one if it is lost; then no lock is held any more."""
        if self._connection is not None:
            try:
                self._connection.execute(self._ping)
                return self._connection
            except Exception as error:
                if connection_error(error) is None:
                    raise
                with suppress(Exception):
                    self._connection.close()
                self._connection = None
        self._locked.clear()
        self._connection = self._engine.connect()
        for key, value in SESSION.items():
            self._connection.exec_driver_sql(f"SET {key} = {value}")
        return self._connection

    def _keep(self) -> None:
        """Take the locks again that were lost with a connection, before another process may."""
        while not self._closed.wait(BEAT):
            for item in [*self._wanted]:
                # The next operation of the search waits for the database, and says so
                with suppress(Exception), self._mutex:
                    if item in self._wanted:  # still
                        self._lock(item)
