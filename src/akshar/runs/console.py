"""The handler that shows log lines to a person, above a running progress bar."""

import logging
import sys

from tqdm import tqdm


class Console(logging.Handler):
    """Writes each record to stderr as a line of its own; levels above INFO are named."""

    def emit(self, record: logging.LogRecord) -> None:
        """Writes one record."""
        try:
            text = self.format(record)
            if record.levelno > logging.INFO:
                text = f"{record.levelname.lower()}: {text}"
            tqdm.write(text, file=sys.stderr)
        except Exception:
            self.handleError(record)
