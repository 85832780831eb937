"""`init_from`: a network that starts from trained weights."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor, nn

from akshar.errors import UsageError
from akshar.runs.checkpoint import differing_weights, weights_digest
from akshar.runs.load_checkpoint import read_model
from akshar.runs.plain_data import load_plain

TORCHVISION = re.compile(r"\w+_Weights\.\w+")  # as ResNet18_Weights.IMAGENET1K_V1
STATE_DICTS = (".pth", ".pt")
COUNTERS = "num_batches_tracked"  # of norm layers; weights of early versions of torch have none


@dataclass(frozen=True)
class InitialWeights:
    """What training starts from.

    Attributes:
        weights: a network's state_dict.
        classes: of the data that it was trained on; None where the file does not say.
    """

    weights: Mapping[str, Tensor]
    classes: tuple[str, ...] | None


def init_digest(init_from: str) -> str:
    """Sha256 over the names and values of the weights that training starts from.

    Raises:
        UsageError: not a model.
    """
    return weights_digest(read_initial_weights(init_from).weights)


def load_initial_weights(net: nn.Module, init_from: str, classes: tuple[str, ...]) -> list[str]:
    """Load trained weights into a network.

    The last layer stays new where the classes differ; where the file does not name them, where its shape differs.

    Returns:
        Names of the parameters that keep their random initial values.

    Raises:
        UsageError: not a model, or one of another network.
    """
    initial = read_initial_weights(init_from)
    weights, own = initial.weights, net.state_dict()
    layers = [name for name, module in net.named_modules() if list(module.parameters(recurse=False))]
    last_layer = layers[-1] if layers else None
    of_last = [name for name in own if name.rpartition(".")[0] == last_layer and name in weights]
    if initial.classes is None or not classes:  # unknown on one side
        is_new = any(own[name].shape != weights[name].shape for name in of_last)
    else:
        is_new = initial.classes != classes
    new = of_last if is_new else []
    differing = [
        name
        for name in differing_weights(own, weights)
        if name not in new and not (name.endswith(COUNTERS) and name not in weights)
    ]
    if differing:
        raise UsageError(
            f"init_from={init_from}: its network differs from this one (in {', '.join(differing[:3])}"
            f"{' ...' if len(differing) > 3 else ''}); choose the model that it was trained with"
        )
    net.load_state_dict({name: value for name, value in weights.items() if name not in new}, strict=False)
    return new


def read_initial_weights(init_from: str) -> InitialWeights:
    """Read weights as plain data: nothing in their file is run.

    Args:
        init_from: a run's folder, a checkpoint, a `.safetensors` file of `akshar export`, a state_dict in a `.pth`
            or `.pt` file, or the name of torchvision's weights, whose file must be on this machine.

    Raises:
        UsageError: none of these, or the file is missing or damaged.
    """
    path = Path(init_from).expanduser()
    if TORCHVISION.fullmatch(init_from) and not path.exists():
        return InitialWeights(_read_state_dict(_torchvision_file(init_from)), None)
    try:
        if path.suffix in STATE_DICTS:
            return InitialWeights(_read_state_dict(path), None)
        checkpoint = read_model(init_from)
    except UsageError as error:
        raise UsageError(f"init_from={init_from}: {error}") from error
    classes = checkpoint.contents.classes
    return InitialWeights(checkpoint.weights, None if classes is None else tuple(classes))


def _torchvision_file(name: str) -> Path:
    from torchvision.models import get_weight

    try:
        url = get_weight(name).url
    except (ValueError, KeyError) as error:
        raise UsageError(f"init_from={name}: torchvision has no weights of that name") from error
    path = Path(torch.hub.get_dir()) / "checkpoints" / url.rpartition("/")[2]
    if not path.is_file():
        raise UsageError(
            f"init_from={name}: not on this machine; akshar does not load {url} itself: save it as {path}"
        )
    return path


def _read_state_dict(path: Path) -> dict[str, Tensor]:
    if not path.is_file():
        raise UsageError(f"{path}: no such file")
    content = load_plain(path)
    if isinstance(content, Mapping) and isinstance(content.get("state_dict"), Mapping):
        content = content["state_dict"]
    if not isinstance(content, Mapping) or not all(isinstance(value, Tensor) for value in content.values()):
        raise UsageError(f"{path}: not a state_dict, a mapping of names to tensors")
    return {str(name): value for name, value in content.items()}
