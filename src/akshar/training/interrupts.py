"""Signals that ask a run to stop: while it trains it finishes the step and saves first."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from akshar.errors import Interrupted

log = logging.getLogger(__name__)

# Ctrl-C, a scheduler's or system's request to end, and what Slurm is told to send before a job's time is up.
NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Interrupts:
    """Takes the signals over while it is entered.

    Args:
        asked: a further source: the signal in whose name to stop, or None.
        tell: called with the first signal that is deferred.
    """

    def __init__(
        self, asked: Callable[[], int | None] = lambda: None, tell: Callable[[int], None] = lambda number: None
    ):
        self._asked = asked
        self._tell = tell
        self._signal: int | None = None
        self._deferred = False
        self._before: dict[int, Any] = {}

    @property
    def received(self) -> int | None:
        """The signal that waits to be obeyed, or None."""
        return self._signal or self._asked()

    def __enter__(self) -> "Interrupts":
        self._before = self.take_signals()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Inside, a first signal only waits in `received` until `obey`; a second one stops at once."""
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        self.obey()

    def take_signals(self) -> dict[int, Any]:
        """Makes signals come here, also where a library took them since; returns the handlers they had."""
        if threading.current_thread() is not threading.main_thread():  # where Python takes no handlers
            return {}
        return {number: signal.signal(number, self._handle) for number in SIGNALS}

    def ask(self, number: int) -> None:
        """Lets a signal wait that came to another process of the run."""
        self._signal = self._signal or number

    def obey(self) -> None:
        """Stops if a signal waits.

        Raises:
            Interrupted: with that signal.
        """
        if (number := self.received) is not None:
            raise Interrupted(number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first, self._signal = self._signal is None, number
        if not (self._deferred and first):
            raise Interrupted(number)
        self._tell(number)
        log.info("%s: stopping as soon as all is saved; once more stops at once", signal.Signals(number).name)
