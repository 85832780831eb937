"""Threads that decode pictures, and do not keep the process from ending."""

from collections.abc import Callable
from concurrent.futures import Executor, Future
from contextlib import suppress
from functools import partial
from queue import Empty, SimpleQueue
from threading import Thread
from typing import Any


class DecoderPool(Executor):
    """Executor whose end waits for nothing.

    Python cannot stop a decoder that is at work, and when the process ends it waits for the threads of a
    `ThreadPoolExecutor`, so that a picture that takes long would outlive Ctrl-C.

    Args:
        threads: pictures decoded at the same time.
    """

    def __init__(self, threads: int):
        self._threads = threads
        self._tasks: SimpleQueue[tuple[Future[Any], Callable[[], Any]] | None] = SimpleQueue()
        for number in range(threads):
            Thread(target=self._work, name=f"decoder_{number}", daemon=True).start()

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Schedule a call."""
        future: Future[Any] = Future()
        self._tasks.put((future, partial(fn, *args, **kwargs)))
        return future

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Drop the calls that have not begun, and end each thread after its present one, without waiting."""
        with suppress(Empty):
            while task := self._tasks.get_nowait():
                task[0].cancel()
        for _ in range(self._threads):
            self._tasks.put(None)

    def _work(self) -> None:
        while task := self._tasks.get():
            future, call = task
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(call())
            except BaseException as error:  # for the caller, as with every executor
                future.set_exception(error)
            del task, future, call  # or the last picture would be kept
