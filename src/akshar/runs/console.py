"""Log lines: for a person, above a running progress bar, and for the run's own file; without credentials."""

import logging
import sys
from typing import ClassVar

from tqdm import tqdm

from akshar.credentials import mask
from akshar.files import is_full


class Masked(logging.Formatter):
    """Masks the credentials of addresses."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line, and a traceback with it."""
        return mask(super().format(record))


class Console(logging.Handler):
    """Writes each record to stderr as a line of its own; levels above INFO are named.

    Attributes:
        job: of a process that works beside others, the name of its job, which stands before its warnings and
            errors; other lines are left to the run's own file. None for a process that has the terminal alone.
    """

    job: ClassVar[str | None] = None

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record."""
        try:
            text = self.format(record)
            if record.levelno > logging.INFO:
                text = f"{self.job + ': ' if self.job else ''}{record.levelname.lower()}: {text}"
            elif self.job:
                return
            tqdm.write(text, file=sys.stderr)
        except Exception:
            self.handleError(record)


class LogFile(logging.FileHandler):
    """A file whose disk may be full or whose folder may be gone: the person was told by the other handler."""

    def emit(self, record: logging.LogRecord) -> None:
        """Write one record; the file is opened with the first one."""
        try:
            super().emit(record)
        except OSError:  # from opening it, which `FileHandler` does not catch
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802, logging's own name
        """Drop the record where it cannot be kept."""
        error = sys.exc_info()[1]
        if error is None or not (is_full(error) or isinstance(error, FileNotFoundError)):
            super().handleError(record)
