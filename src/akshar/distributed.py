"""Collective operations between the processes of one run; with a single process they return their input.

All processes must call the same function at the same point, or they wait for each other.
"""

from collections.abc import Iterable

import torch
import torch.distributed as dist
from torch import Tensor


def world_size() -> int:
    """Number of processes of this run."""
    return dist.get_world_size() if dist.is_available() and dist.is_initialized() else 1


def rank() -> int:
    """Number of this process, from 0."""
    return dist.get_rank() if world_size() > 1 else 0


def all_reduce_sum(value: Tensor) -> Tensor:
    """Sum a tensor over all processes."""
    if world_size() == 1:
        return value
    summed = value.detach().clone().to(_device())
    dist.all_reduce(summed)
    return summed.to(value.device)


def all_reduce_max(value: int) -> int:
    """Maximum of a number over all processes."""
    if world_size() == 1:
        return value
    largest = torch.tensor(value, device=_device())
    dist.all_reduce(largest, dist.ReduceOp.MAX)
    return int(largest)


def broadcast_int(value: int) -> int:
    """Broadcast `value` from rank 0."""
    if world_size() == 1:
        return value
    shared = torch.tensor(value, device=_device())
    dist.broadcast(shared, 0)
    return int(shared)


def broadcast_(tensors: Iterable[Tensor]) -> None:
    """Overwrite tensors in place with those of rank 0."""
    if world_size() > 1:
        for tensor in tensors:
            dist.broadcast(tensor, 0)


def all_gather(part: Tensor) -> Tensor:
    """Gather a tensor whose rows r, r + world_size, r + 2 world_size, ... are in process r.

    Args:
        part: (n, ...); the first processes have one row more where N is not a multiple of the world size.

    Returns:
        (N, ...) with the rows in order, in every process.
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
    """Device on which the backend exchanges tensors."""
    return torch.device("cuda" if dist.get_backend() == "nccl" else "cpu")
