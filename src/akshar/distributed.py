"""What the processes of one run over several devices share; with one process each of these changes nothing.

Every function here is called by all processes at the same place, or they wait for each other.
"""

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor


def world_size() -> int:
    """Processes of this run."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return dist.get_rank() if world_size() > 1 else 0


def all_reduce_sum(value: Tensor) -> Tensor:
    """The sum over all processes."""
    if world_size() == 1:
        return value
    summed = value.detach().clone().to(_device())
    dist.all_reduce(summed)
    return summed.to(value.device)


def all_reduce_max(value: int) -> int:
    """The largest of all processes."""
    if world_size() == 1:
        return value
    found = torch.tensor(value, device=_device())
    dist.all_reduce(found, dist.ReduceOp.MAX)
    return int(found)


def broadcast_int(value: int) -> int:
    """That of the first process."""
    if world_size() == 1:
        return value
    found = torch.tensor(value, device=_device())
    dist.broadcast(found, 0)
    return int(found)


def broadcast_(tensors: Iterable[Tensor]) -> None:
    """Overwrites tensors with those of the first process."""
    if world_size() > 1:
        for tensor in tensors:
            dist.broadcast(tensor, 0)


def all_gather(part: Tensor) -> Tensor:
    """A whole, of which process r has the rows r, r + size, r + 2 size, ...

    Args:
        part: (n, ...), one more row in the first processes than in the last where the whole does not divide.

    Returns:
        (N, ...) in the whole's order, in every process.
    """
    if world_size() == 1:
        return part
    longest = all_reduce_max(len(part))
    padded = torch.zeros((longest, *part.shape[1:]), dtype=part.dtype, device=_device())
    padded[: len(part)] = part
    parts = [torch.empty_like(padded) for _ in range(world_size())]
    dist.all_gather(parts, padded)
    rows = int(all_reduce_sum(torch.tensor(len(part))))
    return torch.stack(parts, dim=1).flatten(0, 1)[:rows].to(part.device)


def _device() -> torch.device:
    """Where tensors have to lie to be exchanged."""
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
