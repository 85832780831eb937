"""Errors that end a command with a plain message and an exit code."""

import signal


class AksharError(Exception):
    """An error that the user can fix: its message names the key or the file, and what to do.

    Attributes:
        exit_code: of the process; 1 for work that failed.
    """

    exit_code = 1


class UsageError(AksharError):
    """The command line, a config or a named file is wrong: exit code 2.

    Args:
        *problems: one line for each problem, all of them at once.
    """

    exit_code = 2

    def __init__(self, *problems: str):
        super().__init__("\n".join(problems))
        self.problems = problems


def first_line(error: BaseException) -> str:
    """Return the first line of another package's error, or its type where it has no message."""
    return (str(error).strip() or type(error).__name__).splitlines()[0]


class Diverged(AksharError):
    """The loss became NaN or infinite."""


class Pruned(AksharError):
    """A search ended this run because others were better at that point; not a failure."""

    exit_code = 0


class DataError(AksharError):
    """A file, an archive or a download is missing, damaged or not what it should be."""


class Interrupted(BaseException):
    """A signal stopped the process; not an `Exception`, so that no handler mistakes it for a failure.

    Args:
        signal_number: SIGINT, or another signal that asks a process to stop.

    Attributes:
        signal_number: the same.
        exit_code: 130 for Ctrl-C, 143 for the other signals, which come from a scheduler.
    """

    def __init__(self, signal_number: int):
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number = signal_number
        self.exit_code = 130 if signal_number == signal.SIGINT else 143


class TakenOver(BaseException):
    """Another process of a search has taken a trial over: this one stops, and writes nothing more to its folder.

    Not an `Exception`, so that no handler mistakes it for a failure.
    """
