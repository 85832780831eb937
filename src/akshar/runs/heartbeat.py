"""A file that a process touches while it works, for other hosts, which may not see the locks it holds."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from akshar.untrusted import read_bytes

BEAT = 2.0  # seconds
SILENCE = 10 * BEAT  # since the last beat, after which a process is taken for dead; leaves room for unequal clocks


@contextmanager
def beating(path: Path) -> Iterator[None]:
    """Write the name of this process to a file, and touch the file until the `with` block ends; then remove it."""
    name = this_process()
    ended = threading.Event()

    def beat() -> None:
        while not ended.wait(BEAT):
            with suppress(OSError):  # a full disk, or a folder that was removed
                if path.exists():
                    os.utime(path)
                else:
                    path.write_text(name, encoding="utf-8")

    with suppress(OSError):
        path.write_text(name, encoding="utf-8")
    thread = threading.Thread(target=beat, daemon=True)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()
        if read_name(path) in ("", name):  # not another's, who has taken the file over
            path.unlink(missing_ok=True)


def this_process() -> str:
    """Name of this process, as in "process 17 on node3"."""
    return f"process {os.getpid()} on {socket.gethostname()}"


def read_name(path: Path) -> str:
    """Read which process last wrote the file; empty if there is none."""
    try:
        return read_bytes(path, 200).decode()
    except (OSError, ValueError):
        return ""


def beats_elsewhere(path: Path) -> bool:
    """Whether a process of another host has touched the file lately. One of this host shows itself by its locks."""
    name = read_name(path)
    if not name or name.endswith(f" on {socket.gethostname()}"):
        return False
    return beats(path)


def beats(path: Path) -> bool:
    """Whether a process has touched the file lately."""
    return abs(time.time() - _touched(path)) < SILENCE


def is_beating(path: Path) -> bool:
    """Watch the file for some beats: whether it is touched. Needs no equal clocks, but time."""
    before, until = _touched(path), time.monotonic() + 5 * BEAT
    while before and time.monotonic() < until:
        time.sleep(0.1)
        if (now := _touched(path)) != before:
            return now > 0
    return False


def _touched(path: Path) -> float:
    """Time of the last beat by the file system's clock; 0 without a file."""
    try:
        # NFS asks the server only when a file is opened; the opening of a pipe would wait
        file = os.open(path, os.O_RDONLY | getattr(os, "O_NONBLOCK", 0))
        try:
            return os.fstat(file).st_mtime
        finally:
            os.close(file)
    except OSError:
        return 0
