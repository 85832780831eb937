"""What the machine could do at best: a large matrix product, and a copy of memory that no cache holds."""

from collections.abc import Callable

import torch

from akshar.benchmarks.measured import Measured, Told, measure, rate

SIDE = 2048  # of the matrices
COPIED = 256 * 2**20  # bytes


def measure_roofline(device: torch.device, seconds: float, rounds: int, tell: Told) -> dict[str, Measured]:
    """Floating-point operations a second (a multiplication and an addition are two), and bytes read and written."""
    operations = {
        f"matrix product, {name}": lambda dtype=dtype: rate(_product(device, dtype), seconds) / 1e9
        for name, dtype in (("float32", torch.float32), ("bfloat16", torch.bfloat16))
    }
    products = measure(operations, "GFLOP/s", rounds, tell)
    return products | measure({"memory copy": lambda: rate(_copy(device), seconds) / 1e9}, "GB/s", rounds, tell)


def _product(device: torch.device, dtype: torch.dtype) -> Callable[[], int]:
    a, b = (torch.randn(SIDE, SIDE, device=device, dtype=dtype) for _ in range(2))
    product = torch.empty_like(a)

    def work() -> int:
        torch.mm(a, b, out=product)
        wait(device)
        return 2 * SIDE**3

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
    """Until a GPU has done what it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
