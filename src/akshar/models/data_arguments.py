"""Arguments that a part may take from its data: number of classes, channels, size."""

import inspect
from collections.abc import Callable, Mapping
from inspect import Parameter

from akshar.pictures.input_spec import InputSpec


def data_arguments(network: Callable[..., object], num_classes: int, spec: InputSpec) -> dict[str, object]:
    """Collect what a network's signature takes of the data.

    Args:
        network: a class or function that may take `num_classes`, `in_channels` and `image_size`; one that takes any
            keyword, as torchvision's do, gets `num_classes`.
        num_classes: number of logits.
        spec: of the input images.
    """
    size = [spec.height, spec.width]
    taken = taken_of({"num_classes": num_classes, "in_channels": spec.channels, "image_size": size}, network)
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
