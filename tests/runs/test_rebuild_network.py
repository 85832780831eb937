"""Networks that a small file names and that would take more memory or time than its weights do."""

import resource
import time
from contextlib import contextmanager
from pathlib import Path

import pytest
import torch
from small_files import CLASSES, network
from torch import nn

from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import UsageError
from akshar.runs.rebuild_network import rebuild_network

COMPACT = {"_target_": "akshar.models.compact.Compact", "widths": [4], "blocks": [0]}


def rebuilt(node, weights, trust=()):
    return rebuild_network("x.ckpt", node, weights, len(CLASSES), INPUT_SPEC, trust)


def test_a_network_is_rebuilt_with_its_weights():
    net = network(seed=3)
    again = rebuilt(COMPACT, net.state_dict())
    assert all(torch.equal(value, net.state_dict()[name]) for name, value in again.state_dict().items())
    assert next(again.parameters()).device.type == "cpu"


@contextmanager
def limited_memory(more):
    """Let this process take no more than some bytes of address space beside what it has; Python then raises."""
    soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    held = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (held + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (soft, hard))


@pytest.mark.parametrize(
    ("what", "changed", "message"),
    [
        (
            "100,000,000 layers",
            {"widths": [4, 4], "blocks": [100_000_000, 0]},
            "its network has far more layers than the file has weights",
        ),
        ("a layer of 2^40 channels", {"widths": [1 << 40]}, "its weights do not fit its network"),
    ],
)
def test_arguments_of_any_size_cost_no_memory(what, changed, message, fault):
    weights = network().state_dict()
    started = time.monotonic()
    with limited_memory(1 << 30), pytest.raises(UsageError, match=rf"x\.ckpt: .*{message}"):
        rebuilt(COMPACT | changed, weights)
    assert time.monotonic() - started < 20  # it would never end
    fault(f"a small checkpoint that names a network with {what}", f"`{message}`")


class Enlarging(nn.Module):
    """A network whose weights say nothing about what it computes."""

    def __init__(self, num_classes, factor=1):
        super().__init__()
        self.factor = factor
        self.last = nn.Linear(1, num_classes)

    def forward(self, images):
        large = nn.functional.interpolate(images, scale_factor=self.factor)
        return self.last(large.mean((1, 2, 3), keepdim=True)[:, :, 0, 0])


class Buffered(nn.Module):
    def __init__(self, num_classes, size):
        super().__init__()
        self.last = nn.Linear(1, num_classes)
        self.register_buffer("table", torch.zeros(size), persistent=False)


@pytest.mark.parametrize(
    ("network", "arguments", "message"),
    [
        (Enlarging, {"factor": 10_000}, "takes too much memory"),
        (Buffered, {"size": 1 << 40}, "takes too much memory"),
    ],
)
def test_what_a_network_computes_is_bounded_too(network, arguments, message):
    weights = nn.Linear(1, len(CLASSES)).state_dict(prefix="last.")
    node = {"_target_": f"{__name__}.{network.__name__}", **arguments}
    with pytest.raises(UsageError, match=message):
        rebuilt(node, weights, trust=(__name__,))
    assert isinstance(rebuilt(node | dict.fromkeys(arguments, 1), weights, trust=(__name__,)), network)


@pytest.mark.parametrize("arguments", [{"device": "cpu"}, {"_args_": [1 << 16, 1 << 16, True, "cpu"]}])
def test_a_device_that_the_file_names_does_not_take_memory(arguments):
    node = {"_target_": "torch.nn.Sequential", "_args_": [{"_target_": "torch.nn.Linear", **arguments}]}
    if "_args_" not in arguments:
        node["_args_"][0] |= {"in_features": 1 << 16, "out_features": 1 << 16}
    torch.use_deterministic_algorithms(True)  # memory is then filled as soon as it is taken
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    try:
        with pytest.raises(UsageError, match=r"takes too much memory|cannot be built"):
            rebuilt(node, {})
    finally:
        torch.use_deterministic_algorithms(False)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < before + 100_000  # kB
