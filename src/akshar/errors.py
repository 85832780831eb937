"""The ways in which a request ends without its result, each told to a person in plain lines."""

import signal


class AksharError(Exception):
    """Something a person can mend: its message names the key or the file, and the way out.

    Attributes:
        exit_code: what the process ends with, 1 for work that failed.
    """

    exit_code = 1


class UsageError(AksharError):
    """What was asked for cannot be done as it was asked: exit code 2.

    Args:
        *problems: one line each; all that is wrong, at once.
    """

    exit_code = 2

    def __init__(self, *problems: str):
        super().__init__("\n".join(problems))
        self.problems = problems


class Diverged(AksharError):
    """The loss is no longer a number."""


class Pruned(AksharError):
    """A search ended this run, because others were better by then: no failure."""

    exit_code = 0


class DataError(AksharError):
    """A file, an archive or the network did not give what it should."""


class Interrupted(BaseException):
    """A signal asked the process to stop; not an `Exception`, so that nothing takes it for a failure.

    Args:
        signal_number: SIGINT, or another of those that ask.

    Attributes:
        signal_number: the same.
        exit_code: 130 for Ctrl-C, 143 for the others, which come from a scheduler.
    """

    def __init__(self, signal_number: int):
        super().__init__(signal.Signals(signal_number).name)
        self.signal_number = signal_number
        self.exit_code = 130 if signal_number == signal.SIGINT else 143
