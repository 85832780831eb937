"""The hosts of a search whose processes are held apart by file locks: they must see each other's locks."""

import atexit
import os
import socket
from contextlib import ExitStack
from pathlib import Path

from filelock import FileLock, Timeout

from akshar.errors import UsageError
from akshar.files import printable
from akshar.runs.heartbeat import beating, is_beating
from akshar.runs.run_dir import RunDir
from akshar.sweeps.database import KEY

_present: dict[Path, ExitStack] = {}  # the sweeps that this process takes part in, until it ends


def check_locks_are_shared(sweep: Path) -> None:
    """Take a lock that names this host, and look whether the locks of other active hosts are seen from here.

    Raises:
        UsageError: another host's lock is not.
    """
    folder = sweep / ".hosts"
    folder.mkdir(exist_ok=True)
    host = socket.gethostname()
    if sweep not in _present:
        _present[sweep] = stack = ExitStack()
        atexit.register(stack.close)
        own = folder / f"{host}-{os.getpid()}.alive"
        stack.enter_context(FileLock(_lock_of(own)))
        stack.enter_context(beating(own))
    for alive in folder.glob("*.alive"):
        other, _, process = alive.stem.rpartition("-")
        if (other, process) == (host, str(os.getpid())) or _is_held(_lock_of(alive)):
            continue
        if other != host and is_beating(alive):
            raise UsageError(
                f"{RunDir(sweep)}: {printable(other)} also works on this search, and its file locks are not seen "
                f"on this host; keep the study in a database, with {KEY}=postgresql+psycopg://HOST/DATABASE"
            )
        alive.unlink(missing_ok=True)  # its process was killed
        _lock_of(alive).unlink(missing_ok=True)


def _lock_of(alive: Path) -> Path:
    return alive.with_name(f"{alive.stem}.lock")


def _is_held(path: Path) -> bool:
    try:
        with FileLock(path).acquire(timeout=0):
            return False
    except Timeout:
        return True
