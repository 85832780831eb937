"""A trained network from its checkpoint alone: rebuilt without running anything that the file brings along."""

import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pkgutil import resolve_name
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from akshar.data.image_set import normalise, to_unit
from akshar.errors import UsageError
from akshar.files import printable
from akshar.models.classifier import Classifier
from akshar.pictures.frame import PREPROCESSING
from akshar.runs.checkpoint import KEY, net_weights
from akshar.runs.model_file import read_model

BATCH = 1024  # images at once, which bounds memory
TRUSTED = ("akshar.models", "torch.nn")  # packages whose networks a checkpoint may name


@dataclass(frozen=True)
class TrainedNetwork:
    """A network that is ready to read.

    Attributes:
        classifier: in eval mode, on the CPU.
        classes: names in the order of the logits.
        temperature: divides the logits for calibrated confidence; 1 where none was fitted.
        config: of the run that trained it, plain values.
    """

    classifier: Classifier
    classes: tuple[str, ...]
    temperature: float
    config: dict[str, Any]

    def logits(self, pixels: Tensor, *, precision: str = "32-true", device: str = "cpu") -> Tensor:
        """Reads images, a thousand at a time.

        Args:
            pixels: uint8 [0, 255] (N, 1, 32, 32), white on black.
            precision: "32-true" or "bf16-mixed".
            device: where it is computed.

        Returns:
            float32 (N, K), on the CPU.
        """
        net = self.classifier.to(device)
        mixed = precision == "bf16-mixed"
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=mixed):
            parts = [net(normalise(to_unit(part.to(device)))).float().cpu() for part in pixels.split(BATCH)]
        return torch.cat(parts)

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Calibrated float32 (N, K) of uint8 [0, 255] (N, 32, 32); see `Predictor`."""
        logits = self.logits(torch.from_numpy(pixels)[:, None])
        return (logits / self.temperature).softmax(1).numpy()


def load_checkpoint(model: str, trust: Sequence[str] = ()) -> TrainedNetwork:
    """Rebuilds a network.

    Args:
        model: a run's folder (its best checkpoint), a checkpoint file, or a file of `akshar export --format
            safetensors`.
        trust: packages of your own whose networks the checkpoint may name beside akshar's and torch's.

    Raises:
        UsageError: not a checkpoint, one that names something else than a trusted network, or one whose weights
            or preprocessing are not those of this version; the message names the file.
    """
    checkpoint = read_model(model)
    contents, weights = checkpoint[KEY], net_weights(checkpoint)
    if contents["preprocessing"] != PREPROCESSING:
        raise UsageError(f"{model}: was trained on images prepared as {contents['preprocessing']}, not as here")
    node = contents["config"].get("model")
    for target in _targets(node):
        _network_class(model, target, trust)
    arguments = {"num_classes": len(contents["classes"])}
    try:
        with torch.device("meta"):  # shapes alone: weights that do not fit are found before memory is taken
            shapes = {name: value.shape for name, value in _build(node, arguments).state_dict().items()}
        differing = sorted(
            name
            for name in {*shapes, *weights}
            if name not in weights or name not in shapes or weights[name].shape != shapes[name]
        )
        if differing:
            raise UsageError(
                f"{model}: its weights are not those of its network ({printable(', '.join(differing[:3]))})"
            )
        net = _build(node, arguments)
        net.load_state_dict(weights)
    except UsageError:
        raise
    except Exception as error:  # whatever a network's constructor raises at arguments that are wrong
        raise UsageError(
            f"{model}: its network cannot be rebuilt ({type(error).__name__}: {printable(error)})"
        ) from error
    classes = tuple(contents["classes"])
    return TrainedNetwork(Classifier(net).eval(), classes, contents["temperature"] or 1.0, contents["config"])


def _targets(node: Any) -> Iterator[str]:
    """Every `_target_` in a node."""
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    if isinstance(node, dict) and "_target_" in node:
        yield str(node["_target_"])
    for child in children:
        yield from _targets(child)


def _network_class(model: str, target: str, trust: Sequence[str]) -> type[nn.Module]:
    """What a `_target_` names, if it is a network defined in a trusted package.

    The name is held against the packages before anything is imported, and what it leads to again, because a
    dotted name can lead through a module to whatever that module imports.
    """
    packages = tuple(f"{package}." for package in (*TRUSTED, *trust))
    if target.startswith(packages):
        try:
            found = resolve_name(target)
        except Exception as error:
            raise UsageError(
                f"{model}: its network {printable(target)} cannot be imported ({printable(error)})"
            ) from error
        if isinstance(found, type) and issubclass(found, nn.Module) and f"{found.__module__}.".startswith(packages):
            return found
    package = printable(target.partition(".")[0])
    own = package not in {"akshar", "torch", *trust, *sys.stdlib_module_names}
    advice = f"; if it is yours, trust its package: --trust {package} (akshar test: 'trust=[{package}]')"
    raise UsageError(
        f"{model}: names {printable(target)}, which is no network of {' or '.join((*TRUSTED, *trust))}"
        f"{advice if own else ''}"
    )


def _build(node: Any, arguments: dict[str, Any]) -> Any:
    """Instantiates a node whose targets were all checked, with arguments for the outermost."""
    if isinstance(node, list):
        return [_build(child, {}) for child in node]
    if not isinstance(node, dict):
        return node
    built = {key: _build(value, {}) for key, value in node.items() if key not in ("_target_", "_convert_")}
    return resolve_name(node["_target_"])(**built, **arguments) if "_target_" in node else built
