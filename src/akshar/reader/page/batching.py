"""Reads requests that wait at the same time as one batch."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from akshar.pictures.framing import FramedPicture
from akshar.reader.reader import Answer

LARGEST = 64  # requests in one batch


class Batcher:
    """Collects the requests that arrive while the network computes into its next batch; a single one never waits.

    Args:
        read: returns one answer for each framed character, in their order.
        largest: most requests in one batch.

    Attributes:
        sizes: number of requests in each of the last batches.
    """

    def __init__(self, read: Callable[[Sequence[FramedPicture]], list[Answer]], largest: int = LARGEST):
        self._read = read
        self._largest = largest
        self._waiting: deque[tuple[list[FramedPicture], asyncio.Future[list[Answer]]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "network")
        self.sizes: deque[int] = deque(maxlen=1000)

    async def read(self, characters: Sequence[FramedPicture]) -> list[Answer]:
        """Reads the characters of one request; there may be none."""
        future: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
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
            self.sizes.append(len(batch))
            try:
                answers = iter(await loop.run_in_executor(self._thread, self._read, characters))
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for part, future in batch:
                part_answers = [next(answers) for _ in part]
                if not future.done():
                    future.set_result(part_answers)
