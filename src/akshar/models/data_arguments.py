"""Arguments that a network may take from its data: number of classes, channels, size."""

import inspect
from collections.abc import Callable

from akshar.pictures.input_spec import InputSpec


def data_arguments(network: Callable[..., object], num_classes: int, spec: InputSpec) -> dict[str, object]:
    """Collect what a network's signature takes of the data.

    Args:
        network: a class or function; it has to take `num_classes`, and may take `in_channels` and `image_size`.
        num_classes: number of logits.
        spec: of the input images.
    """
    taken = inspect.signature(network).parameters
    offered: dict[str, object] = {"in_channels": spec.channels, "image_size": [spec.height, spec.width]}
    return {"num_classes": num_classes, **{key: value for key, value in offered.items() if key in taken}}
