"""The machine's limits: a large matrix product, and a copy of memory that no cache holds."""

import math
import time
from collections.abc import Callable

import torch

from akshar.benchmarks.measured import Measured, OnProgress, measure, no_progress, rate

SIDES = (2048, 1024, 512, 256)  # of the matrices
LONGEST_S = 1.0  # of one product
COPIED = 256 * 2**20  # bytes
DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16}


def measure_roofline(
    device: torch.device,
    seconds: float,
    rounds: int,
    on_progress: OnProgress = no_progress,
    budget_s: float = math.inf,
) -> dict[str, Measured]:
    """Floating-point operations per second (a multiply-add counts as two), and bytes read and written per second.

    Args:
        device: where to compute.
        seconds: the shortest time of one turn.
        rounds: number of rounds.
        on_progress: called with what is being measured.
        budget_s: seconds for all of it, see `measure`.
    """
    products = {}
    for name, dtype in DTYPES.items():
        side = _affordable_side(device, dtype)
        products[f"matrix product {side}x{side}, {name}"] = lambda dtype=dtype, side=side: (
            rate(_product(device, dtype, side), seconds) / 1e9
        )
    copies = {"memory copy": lambda: rate(_copy(device), seconds) / 1e9}
    share_s = budget_s / 3  # of each contender
    return measure(products, "GFLOP/s", rounds, on_progress, 2 * share_s) | measure(
        copies, "GB/s", rounds, on_progress, share_s
    )


def _affordable_side(device: torch.device, dtype: torch.dtype) -> int:
    """The largest matrix whose product takes at most `LONGEST_S`, judged by a product of the smallest.

    Emulated bfloat16 can be a thousand times slower than float32.
    """
    work = _product(device, dtype, SIDES[-1])
    work()  # warms up
    start = time.perf_counter()
    operations = work()
    spent = time.perf_counter() - start
    return next((side for side in SIDES if spent * 2 * side**3 / operations <= LONGEST_S), SIDES[-1])


def _product(device: torch.device, dtype: torch.dtype, side: int) -> Callable[[], int]:
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    product = torch.empty_like(a)

    def work() -> int:
        torch.mm(a, b, out=product)
        wait(device)
        return 2 * side**3

    return work


def _copy(device: torch.device) -> Callable[[], int]:
    source = torch.zeros(COPIED, dtype=torch.uint8, device=device)
    target = torch.empty_like(source)

    def work() -> int:
        target.copy_(source)
        wait(device)
        return 2 * COPIED

    return work


def wait(device: torch.device) -> None:
    """Block until a GPU has finished its queued work."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
