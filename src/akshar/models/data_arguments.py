"""Arguments of a network that come from its data: number of classes, channels, image size."""

import inspect
from collections.abc import Callable

from akshar.pictures.input_spec import InputSpec


def data_arguments(network: Callable[..., object], num_classes: int, spec: InputSpec) -> dict[str, object]:
    """Return those of the data's arguments that a network's signature takes.

    Args:
        network: a class or function; must take `num_classes`, and may take `in_channels` and `image_size`.
        num_classes: number of logits.
        spec: of the input images.
    """
    parameters = inspect.signature(network).parameters
    optional: dict[str, object] = {"in_channels": spec.channels, "image_size": [spec.height, spec.width]}
    return {"num_classes": num_classes, **{key: value for key, value in optional.items() if key in parameters}}
