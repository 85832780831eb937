"""Anonymous memory and speed of a data set that is larger than memory.

Run: `python -m akshar.benchmarks.memory --gigabytes 8`, best in a control group with less memory than that, as in
`systemd-run --scope -p MemoryMax=2G python -m ...`. Pictures of noise are decoded into a cache, split, and gathered
into shuffled batches as a training run gathers them; no network is trained. Pages of the cache are file memory,
which the system takes back when it needs it.
"""

import argparse
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from akshar.data.module import ImageDataModule
from akshar.data.pictures import Pictures
from akshar.data.survey import Listing

CLASSES = tuple("0123456789")
SAMPLED = 0.05  # seconds between two looks at the memory
MB, GB = 1e6, 1e9


@dataclass(frozen=True, kw_only=True)
class Noise(Pictures):
    """Coloured pictures of noise, made when they are decoded.

    Attributes:
        count: number of pictures.
        side: of each, pixels.
    """

    count: int
    side: int

    def listing(self) -> Listing:
        """List the pictures."""
        numbers = np.arange(self.count)
        labels, pictures = numbers % len(CLASSES), _Made(self.count, self.side)
        return Listing(
            pictures, labels, numbers, CLASSES, (), {"train": numbers}, f"noise {self.count} {self.side}"
        )


class _Made(Sequence[Any]):
    def __init__(self, count: int, side: int):
        self.length, self.side = count, side

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, position: Any) -> Any:
        if not 0 <= position < self.length:
            raise IndexError(position)
        return np.random.default_rng(position).integers(0, 256, (self.side, self.side, 3), np.uint8)


class AnonymousMemory:
    """Watches this process's anonymous memory inside a `with` block.

    Attributes:
        growth: largest increase so far, bytes.
    """

    def __enter__(self) -> "AnonymousMemory":
        self._before, self.growth = anonymous_memory(), 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._look()

    def _watch(self) -> None:
        while not self._over.wait(SAMPLED):
            self._look()

    def _look(self) -> None:
        self.growth = max(self.growth, anonymous_memory() - self._before)


def anonymous_memory() -> int:
    """Bytes of this process's memory that no file backs."""
    for line in Path("/proc/self/smaps_rollup").read_text(encoding="utf-8").splitlines():
        name, *values = line.split()
        if name == "Anonymous:":
            return int(values[0]) * 1024
    raise RuntimeError("the kernel does not count anonymous memory")


@dataclass(frozen=True)
class Step:
    """One step of the measurement.

    Attributes:
        name: what was done.
        images: that were handled.
        seconds: that it took.
        growth: of anonymous memory at most, bytes.
    """

    name: str
    images: int
    seconds: float
    growth: int


def measure(count: int, side: int, cache: Path, batch_size: int) -> list[Step]:
    """Decode, check, hash and gather pictures of noise.

    Args:
        count: of pictures.
        side: of each, pixels.
        cache: folder for their pixels.
        batch_size: images a batch.
    """
    steps: list[Step] = []

    def step(name: str, images: int, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        with AnonymousMemory() as memory:
            result = work()
        steps.append(Step(name, images, time.perf_counter() - start, memory.growth))
        return result

    dataset = Noise(count=count, side=side, cache_dir=str(cache))
    step("decode into the cache", count, dataset.load)
    data = step("read the cache, checked", count, dataset.load)
    step("digest", count, data.digest)
    module = ImageDataModule(data, batch_size=batch_size)
    assert module.split is not None
    step("one epoch, shuffled", len(module.split.train), lambda: _gather(module, module.train_dataloader()))
    step("validation, in order", len(module.split.val), lambda: _gather(module, module.val_dataloader()))
    return steps


def _gather(module: ImageDataModule, batches: Any) -> None:
    for batch in batches:
        module.prepare(batch, augmented=False)


def main() -> None:
    """Print one row for each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--gigabytes", type=float, default=8, help="decoded pixels (8)")
    parser.add_argument("--side", type=int, default=96, help="pixels a side of each picture (96)")
    parser.add_argument("--batch-size", type=int, default=256, help="images gathered at once (256)")
    parser.add_argument("--folder", type=Path, help="where the cache is put and removed again (the system's)")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    count = round(arguments.gigabytes * GB / (3 * arguments.side**2))
    with tempfile.TemporaryDirectory(dir=arguments.folder) as cache:
        steps = measure(count, arguments.side, Path(cache), arguments.batch_size)
    print(f"{count:,} pictures of {arguments.side}x{arguments.side} in colour, {arguments.gigabytes:g} GB decoded")
    for step in steps:
        rate = step.images / step.seconds
        print(f"{step.name:<26}{rate:>10,.0f} images/s{step.growth / MB:>9.0f} MB more anonymous memory at most")


if __name__ == "__main__":
    main()
