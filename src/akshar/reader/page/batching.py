"""Requests that wait at the same time are read by the network as one batch."""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from akshar.pictures.framing import FramedPicture
from akshar.reader.reader import Answer

MOST = 64  # requests in one batch


class Batcher:
    """Gathers what arrives while the network computes, for its next batch; alone, a request does not wait.

    Args:
        read: answers for framed characters, one each, in their order.
        most: requests in one batch.

    Attributes:
        sizes: requests of each of the last batches.
    """

    def __init__(self, read: Callable[[Sequence[FramedPicture]], list[Answer]], most: int = MOST):
        self._read = read
        self._most = most
        self._waiting: deque[tuple[list[FramedPicture], asyncio.Future[list[Answer]]]] = deque()
        self._worker: asyncio.Task[None] | None = None
        self._thread = ThreadPoolExecutor(1, "network")
        self.sizes: deque[int] = deque(maxlen=1000)

    async def read(self, characters: Sequence[FramedPicture]) -> list[Answer]:
        """Answers for the characters of one request, however many."""
        future: asyncio.Future[list[Answer]] = asyncio.get_running_loop().create_future()
        self._waiting.append(([*characters], future))
        if self._worker is None or self._worker.done():
            self._worker = asyncio.create_task(self._work())
        return await future

    def close(self) -> None:
        """Lets the thread go."""
        self._thread.shutdown()

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch = [self._waiting.popleft() for _ in range(min(self._most, len(self._waiting)))]
            batch = [(characters, future) for characters, future in batch if not future.done()]  # some gave up
            together = [one for characters, _ in batch for one in characters]
            self.sizes.append(len(batch))
            try:
                answers = iter(await loop.run_in_executor(self._thread, self._read, together))
            except Exception as error:
                for _, future in batch:
                    if not future.done():
                        future.set_exception(error)
                continue
            for characters, future in batch:
                own = [next(answers) for _ in characters]
                if not future.done():
                    future.set_result(own)
