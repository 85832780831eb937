"""Keeps the log of a server small, whatever its clients do."""

import asyncio
import logging
import time
from collections.abc import Callable

LOGGERS = ("uvicorn.error", "asyncio")
RECORDS = 10  # a minute


class LogLimit(logging.Filter):
    """Passes the first RECORDS of every minute, and says how many it dropped before.

    Requests that are cancelled when the server stops are not reported.

    Args:
        clock: monotonic time, seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic):
        super().__init__()
        self._clock = clock
        self._minute = -1
        self._passed = self._dropped = 0

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether a record is written."""
        if record.exc_info and isinstance(record.exc_info[1], asyncio.CancelledError):
            return False
        minute = int(self._clock() // 60)
        if minute != self._minute:
            if self._dropped:
                record.msg = f"{record.getMessage()} ({self._dropped:,} more before, not written)"
                record.args = ()
            self._minute, self._passed, self._dropped = minute, 0, 0
        self._passed += 1
        self._dropped += self._passed > RECORDS
        return self._passed <= RECORDS


def limit_logs() -> None:
    """Limit what the server and its event loop write."""
    limit = LogLimit()
    for name in LOGGERS:
        logging.getLogger(name).addFilter(limit)
