"""`init_from`: a network that starts from weights trained before."""

from typing import Any

from torch import nn

from akshar.errors import UsageError
from akshar.runs.checkpoint import KEY, net_weights, weights_digest
from akshar.runs.model_file import read_model


def start_digest(init_from: str) -> str:
    """Sha256 over the names and values of the network that training starts from.

    Raises:
        UsageError: no model.
    """
    return weights_digest(net_weights(_read_start(init_from)))


def start_from(net: nn.Module, model: str, classes: tuple[str, ...]) -> list[str]:
    """Loads the weights of `model` into `net`; the last layer stays new where the classes are others.

    Returns:
        Names of the parameters that stay as they were initialised.

    Raises:
        UsageError: no model, or one of another network.
    """
    checkpoint = _read_start(model)
    weights, own = net_weights(checkpoint), net.state_dict()
    same_classes = tuple(checkpoint[KEY]["classes"]) == classes
    last_layer = [name for name, module in net.named_modules() if list(module.parameters(recurse=False))][-1]
    fresh = [name for name in own if name.rpartition(".")[0] == last_layer and name in weights and not same_classes]
    differing = sorted(
        name
        for name in {*own, *weights} - {*fresh}
        if name not in own or name not in weights or own[name].shape != weights[name].shape
    )
    if differing:
        raise UsageError(
            f"init_from={model}: its network is another one (they differ in {', '.join(differing[:3])}"
            f"{' ...' if len(differing) > 3 else ''}); choose the model it was trained with"
        )
    net.load_state_dict({name: value for name, value in weights.items() if name not in fresh}, strict=False)
    return fresh


def _read_start(model: str) -> dict[str, Any]:
    try:
        return read_model(model)
    except UsageError as error:
        raise UsageError(f"init_from={model}: {error}") from error
