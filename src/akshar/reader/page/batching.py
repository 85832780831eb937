"""Classifies requests that wait at the same time as one batch."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from akshar.pictures.framing import FramedPicture

LARGEST = 64  # requests in one batch

Rows = list[np.ndarray | None]  # see `Reader.classify`


class Batcher:
    """Collects the requests that arrive while the network computes into its next batch; a single one never waits.

    Args:
        classify: returns the probabilities of each framed character, in their order; see `Reader.classify`.
        largest: most requests in one batch.
    """

    def __init__(self, classify: Callable[[Sequence[FramedPicture]], Rows], largest: int = LARGEST):
        self._classify = classify
        self._largest = largest
        self._waiting: deque[tuple[list[FramedPicture], asyncio.Future[Rows]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "network")

    async def classify(self, characters: Sequence[FramedPicture]) -> Rows:
        """Compute the probabilities of the characters of one request; there may be none."""
        future: asyncio.Future[Rows] = asyncio.get_running_loop().create_future()
        self._waiting.append(([*characters], future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    def close(self) -> None:
        """Stop the network's thread."""
        self._thread.shutdown()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._largest, len(self._waiting)))]
            batch = [(part, future) for part, future in batch if not future.done()]  # without cancelled ones
            characters = [one for part, _ in batch for one in part]
            try:
                rows = iter(await loop.run_in_executor(self._thread, self._classify, characters))
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for part, future in batch:
                part_rows = [next(rows) for _ in part]
                if not future.done():
                    future.set_result(part_rows)
