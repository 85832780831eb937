"""Arguments that a part may take from its data: number of classes, channels, size."""

import inspect
from collections.abc import Callable, Mapping, Sequence
from inspect import Parameter


def data_arguments(network: Callable[..., object], num_classes: int, shape: Sequence[int]) -> dict[str, object]:
    """Collect what a network's signature takes of the data.

    Args:
        network: a class or function that may take `num_classes`, `in_channels` and `image_size`; one that takes any
            keyword, as torchvision's do, gets `num_classes`.
        num_classes: number of logits.
        shape: (C, H, W) of an input image.
    """
    offered = {"num_classes": num_classes, "in_channels": shape[0], "image_size": list(shape[1:])}
    taken = taken_of(offered, network)
    takes_any = any(parameter.kind is Parameter.VAR_KEYWORD for parameter in _parameters(network).values())
    return {"num_classes": num_classes, **taken} if takes_any else taken


def taken_of(offered: Mapping[str, object], target: Callable[..., object]) -> dict[str, object]:
    """Select the arguments that a signature names."""
    parameters = _parameters(target)
    return {key: value for key, value in offered.items() if key in parameters}


def _parameters(target: Callable[..., object]) -> Mapping[str, Parameter]:
    try:
        return inspect.signature(target).parameters
    except ValueError:  # a builtin without a signature
        return {}
