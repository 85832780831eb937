"""Signals that ask a run to stop: during training it finishes the step and saves first."""

import logging
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Any

from akshar.errors import Interrupted

log = logging.getLogger(__name__)

# Ctrl-C, a scheduler's or the system's request to end, and what Slurm is asked to send before a job's time is up
NAMES = ("SIGINT", "SIGTERM", "SIGUSR1", "SIGUSR2")
SIGNALS = tuple(getattr(signal, name) for name in NAMES if hasattr(signal, name))


class Interrupts:
    """Handles the signals inside the `with` block.

    Args:
        stop_requested: a further source: the signal to stop with, or None.
        on_request: called with the first signal that is deferred.
    """

    def __init__(
        self,
        stop_requested: Callable[[], int | None] = lambda: None,
        on_request: Callable[[int], None] = lambda number: None,
    ):
        self._stop_requested = stop_requested
        self._on_request = on_request
        self._signal: int | None = None
        self._deferred = False
        self._before: dict[int, Any] = {}

    @property
    def received(self) -> int | None:
        """The signal that is waiting, or None."""
        return self._signal or self._stop_requested()

    def __enter__(self) -> "Interrupts":
        self._before = self.take_signals()
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @contextmanager
    def deferred(self) -> Iterator[None]:
        """Make a signal wait in `received` until `obey`; a second Ctrl-C stops immediately.

        The other signals may come twice by themselves: Slurm sends SIGTERM to a step and to its processes.
        """
        self._deferred = True
        try:
            yield
        finally:
            self._deferred = False
        self.obey()

    def take_signals(self) -> dict[int, Any]:
        """Install the handlers, also over those of a library; return the previous ones."""
        if threading.current_thread() is not threading.main_thread():  # Python allows handlers only there
            return {}
        return {number: signal.signal(number, self._handle) for number in SIGNALS}

    def ask(self, number: int) -> None:
        """Let a signal wait that another process of the run received."""
        self._signal = self._signal or number

    def obey(self) -> None:
        """Stop if a signal is waiting.

        Raises:
            Interrupted: with that signal.
        """
        if (number := self.received) is not None:
            raise Interrupted(number)

    def _handle(self, number: int, frame: FrameType | None) -> None:
        first, self._signal = self._signal is None, self._signal or number
        if not self._deferred or not (first or number != signal.SIGINT):
            raise Interrupted(number)
        if not first:
            return
        self._on_request(number)
        log.info("%s: saving, then stopping; press Ctrl-C again to stop immediately", signal.Signals(number).name)
