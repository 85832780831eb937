"""Who owns a trial: a file in the sweep's folder says so, also to a process that has lost the lock of the trial."""

import os
import secrets
from pathlib import Path

from akshar.errors import TakenOver
from akshar.files import write_atomic

OWNER = "AKSHAR_SEARCH_PROCESS"  # environment: the process of the search that this one works for
_me = secrets.token_hex(8)


class Claim:
    """The claim of a process of a search, and of its workers, to a trial.

    Args:
        sweep: folder of the sweep.
        trial: number of the trial.
    """

    def __init__(self, sweep: Path, trial: int):
        self._path = sweep / f".trial-{trial}.owner"

    def make(self) -> None:
        """Claim the trial, whose lock this process holds; the process that had it stops."""
        os.environ[OWNER] = _me
        write_atomic(self._path, _me.encode())

    def is_mine(self) -> bool:
        """Whether no other process has claimed the trial since."""
        try:
            return self._path.read_text(encoding="utf-8") == os.environ.get(OWNER)
        except FileNotFoundError:
            return False

    def give_up(self) -> None:
        """Withdraw the claim."""
        self._path.unlink(missing_ok=True)

    def check(self) -> None:
        """Stop the run of a trial that has another owner.

        Raises:
            TakenOver: it has.
        """
        if not self.is_mine():
            raise TakenOver
