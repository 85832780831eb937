"""`init_from`: a network that starts from trained weights."""

from torch import nn

from akshar.errors import UsageError
from akshar.runs.checkpoint import Checkpoint, differing_weights, weights_digest
from akshar.runs.load_checkpoint import read_model


def init_digest(init_from: str) -> str:
    """Sha256 over the names and values of the weights that training starts from.

    Raises:
        UsageError: not a model.
    """
    return weights_digest(_read(init_from).weights)


def load_initial_weights(net: nn.Module, init_from: str, classes: tuple[str, ...]) -> list[str]:
    """Load trained weights into a network; the last layer stays new where the classes differ.

    Returns:
        Names of the parameters that keep their random initial values.

    Raises:
        UsageError: not a model, or one of another network.
    """
    checkpoint = _read(init_from)
    weights, own = checkpoint.weights, net.state_dict()
    same_classes = tuple(checkpoint.contents.classes or ()) == classes
    last_layer = [name for name, module in net.named_modules() if list(module.parameters(recurse=False))][-1]
    new = [name for name in own if name.rpartition(".")[0] == last_layer and name in weights and not same_classes]
    differing = [name for name in differing_weights(own, weights) if name not in new]
    if differing:
        raise UsageError(
            f"init_from={init_from}: its network differs from this one (in {', '.join(differing[:3])}"
            f"{' ...' if len(differing) > 3 else ''}); choose the model that it was trained with"
        )
    net.load_state_dict({name: value for name, value in weights.items() if name not in new}, strict=False)
    return new


def _read(init_from: str) -> Checkpoint:
    try:
        return read_model(init_from)
    except UsageError as error:
        raise UsageError(f"init_from={init_from}: {error}") from error
