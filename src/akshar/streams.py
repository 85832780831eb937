"""The standard streams of a process: they may be closed, full, or unable to encode every letter."""

import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from akshar.files import failure_reason


class OutputError(BaseException):
    """What is printed to stdout cannot be written; no `Exception`, so that no handler takes it for a file's error.

    Attributes:
        exit_code: 1, or 141 if the reader is gone, as of a process that SIGPIPE ended.
    """

    def __init__(self, reason: OSError):
        super().__init__(f"standard output cannot be written ({failure_reason(reason)})")
        self.exit_code = 141 if isinstance(reason, BrokenPipeError) else 1


class Output(io.TextIOWrapper):
    """A stdout whose errors are told from those of files, and which escapes what its encoding does not have."""

    def write(self, text: str) -> int:
        """Write text, or raise an `OutputError`."""
        with _as_output_error():
            return super().write(text)

    def flush(self) -> None:
        """Flush, or raise an `OutputError`."""
        with _as_output_error():
            super().flush()


@contextmanager
def _as_output_error() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(error) from error


def open_streams() -> None:
    """Open the null device in place of closed streams, and make stdout an `Output`.

    Otherwise the next file that is opened gets the number of a closed stream, with all that libraries print.
    """
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            number = os.open(os.devnull, os.O_RDWR)  # the lowest free one, so that of the stream
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, mode, encoding="utf-8"))
    old = sys.stdout
    if type(old) is io.TextIOWrapper and old is sys.__stdout__:  # not what a notebook or a test has put there
        old.flush()
        sys.stdout = Output(
            old.buffer, old.encoding, "backslashreplace", None, old.line_buffering, old.write_through
        )


def print_error(line: str) -> None:
    """Print a line to stderr, if it can be written."""
    with suppress(OSError):
        print(f"error: {line}", file=sys.stderr)


def close_streams() -> None:
    """Drop what cannot be written, so that the interpreter does not try to write it at its exit."""
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except (OSError, OutputError):
            null = os.open(os.devnull, os.O_WRONLY)
            os.dup2(null, stream.fileno())
            os.close(null)
