"""Rebuilds the network that a file names, with the file's weights; memory is bounded by theirs."""

import math
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from pytorch_lightning import LightningModule
from torch import Tensor, nn
from torch.nn.modules import module as registration
from torch.utils._python_dispatch import TorchDispatchMode

from akshar.config.trusted import build_trusted, resolve_trusted
from akshar.errors import UsageError
from akshar.files import printable
from akshar.models.classifier import Classifier
from akshar.models.data_arguments import data_arguments
from akshar.pictures.input_spec import InputSpec
from akshar.runs.checkpoint import differing_weights

MODULES_PER_WEIGHT = 10  # most layers have weights; containers and activations have none
MAX_ELEMENTS = 1 << 28  # of one intermediate result for one image: 1 GB in float32
MAX_REAL = 1 << 24  # elements of a tensor that takes memory while only shapes are wanted


def rebuild_network(
    model: str,
    node: Mapping[str, Any],
    weights: Mapping[str, Tensor],
    num_classes: int,
    spec: InputSpec,
    trust: Sequence[str],
) -> nn.Module:
    """Build a network and load its weights.

    Args:
        model: the file, for messages.
        node: `_target_` and arguments of the network, plain values.
        weights: its state_dict.
        num_classes: of the data.
        spec: of its input images.
        trust: packages of the user's own.

    Raises:
        UsageError: the network may not be built, cannot be built, or does not fit the weights.
    """
    if node.get("num_classes", num_classes) != num_classes:
        raise UsageError(f"{model}: names {num_classes} classes, its network has {printable(node['num_classes'])}")
    target = resolve_trusted(model, str(node.get("_target_")), trust)
    is_own_module = isinstance(target, type) and issubclass(target, LightningModule)  # whose node is complete
    offered = {} if is_own_module else data_arguments(target, num_classes, spec.shape)
    passed = {key: value for key, value in offered.items() if key not in node}

    def build() -> nn.Module:
        net = build_trusted(model, node, trust, **passed)
        if not isinstance(net, nn.Module):
            raise UsageError(f"{model}: names {printable(node.get('_target_'))}, which is not a network")
        return net

    try:
        # Shapes alone, which take no memory unless the file names another device
        with torch.device("meta"), _bounded_modules(model, len(weights)), _BoundedResults(model, math.inf):
            empty = build()
        if differing := printable(", ".join(differing_weights(empty.state_dict(), weights)[:3])):
            raise UsageError(f"{model}: its weights do not fit its network ({differing})")
        _check_computation(model, empty, spec)
        net = build()
        net.load_state_dict(weights)
    except UsageError:
        raise
    except Exception as error:  # whatever a network's constructor raises at wrong arguments
        reason = f"{type(error).__name__}: {printable(error)}"
        raise UsageError(f"{model}: its network cannot be rebuilt ({reason})") from error
    return net


@contextmanager
def _bounded_modules(model: str, num_weights: int) -> Iterator[None]:
    """Stop a constructor that makes far more layers than the file has weights."""
    left = MODULES_PER_WEIGHT * (num_weights + 100)

    def count(*_: object) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise UsageError(f"{model}: its network has far more layers than the file has weights")

    hooks = [
        registration.register_module_module_registration_hook(count),
        registration.register_module_parameter_registration_hook(count),
        registration.register_module_buffer_registration_hook(count),
    ]
    try:
        yield
    finally:
        for hook in hooks:
            hook.remove()


class _BoundedResults(TorchDispatchMode):
    """Refuses a network when an operation's result is too large.

    Args:
        model: the file, for the message.
        max_elements: of a result that is only a shape.
    """

    def __init__(self, model: str, max_elements: float):
        super().__init__()
        self._model = model
        self._max_elements = max_elements

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        named = kwargs or {}
        device = named.get("device")
        if device is not None and torch.device(device).type != "meta":  # its size, before it takes memory
            self._check(func(*args, **named | {"device": torch.device("meta")}), MAX_REAL)
        result = func(*args, **named)
        self._check(result)
        return result

    def _check(self, result: Any, max_elements: float | None = None) -> None:
        for value in result if isinstance(result, tuple | list) else (result,):
            if isinstance(value, Tensor):
                limit = max_elements or (self._max_elements if value.device.type == "meta" else MAX_REAL)
                if value.numel() > limit:
                    raise UsageError(f"{self._model}: its network takes too much memory")


def _check_computation(model: str, empty: nn.Module, spec: InputSpec) -> None:
    """Follow one image through the network by shapes alone."""
    if any(buffer.numel() > MAX_ELEMENTS for buffer in empty.buffers()):  # those that no checkpoint holds
        raise UsageError(f"{model}: its network takes too much memory")
    images = torch.empty(1, *spec.shape, device="meta")
    try:
        with torch.inference_mode(), _BoundedResults(model, MAX_ELEMENTS):
            Classifier(empty).eval()(images)
    except UsageError:
        raise
    except Exception:  # operations that need values, or images that it does not take: seen when it computes
        return
