"""A trained network from its file alone: rebuilt without running anything that the file brings along."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from akshar.config.trusted import build_trusted, resolve_trusted
from akshar.data.card import DatasetCard
from akshar.data.image_set import normalise, to_unit
from akshar.errors import UsageError
from akshar.files import printable
from akshar.models.classifier import Classifier
from akshar.models.data_arguments import data_arguments
from akshar.pictures.input_spec import InputSpec
from akshar.runs.checkpoint import Checkpoint, read_checkpoint
from akshar.runs.safetensors_file import read_safetensors

BATCH = 1024  # images at once, which bounds memory


@dataclass(frozen=True)
class TrainedNetwork:
    """A network that is ready to predict; see `akshar.reader.predictor.Predictor`.

    Attributes:
        classifier: in eval mode, on the CPU.
        node: `_target_` and arguments of the network, plain values.
        classes: names in the order of the logits.
        input_spec: how pictures become its input.
        card: of the data that it was trained on.
        temperature: divides the logits for calibrated confidence; 1 where none was fitted.
        config: of the run that trained it, plain values.
    """

    classifier: Classifier
    node: dict[str, Any]
    classes: tuple[str, ...]
    input_spec: InputSpec
    card: DatasetCard
    temperature: float
    config: dict[str, Any]

    def logits(self, pixels: Tensor, *, precision: str = "32-true", device: str = "cpu") -> Tensor:
        """Compute logits, 1,024 images at a time.

        Args:
            pixels: uint8 [0, 255] (N, C, H, W), prepared as `input_spec` says.
            precision: "32-true" or "bf16-mixed".
            device: to compute on.

        Returns:
            float32 (N, K), on the CPU.
        """
        net = self.classifier.to(device)
        mixed = precision == "bf16-mixed"
        with torch.inference_mode(), torch.autocast(device, torch.bfloat16, enabled=mixed):
            parts = [
                net(normalise(to_unit(part.to(device)), self.input_spec)).float().cpu()
                for part in pixels.split(BATCH)
            ]
        return torch.cat(parts)

    def probabilities(self, pixels: np.ndarray) -> np.ndarray:
        """Compute calibrated float32 (N, K) of uint8 [0, 255] (N, H, W), or (N, C, H, W)."""
        images = torch.from_numpy(pixels)
        logits = self.logits(images[:, None] if images.ndim == 3 else images)
        return (logits / self.temperature).softmax(1).numpy()


def read_model(model: str | Path) -> Checkpoint:
    """Read what it takes to rebuild a network.

    Args:
        model: a run's folder (its best checkpoint), a checkpoint file, or a `.safetensors` file of `akshar export`.

    Raises:
        UsageError: no such file, or not one of akshar's; the message names it.
    """
    path = Path(model).expanduser()
    return read_safetensors(path) if path.suffix == ".safetensors" else read_checkpoint(path)


def load_checkpoint(model: str | Path, trust: Sequence[str] = ()) -> TrainedNetwork:
    """Rebuild a network.

    Args:
        model: see `read_model`.
        trust: packages of your own whose networks the file may name.

    Raises:
        UsageError: not a model of akshar, one that names something else than a trusted network, or one whose
            weights do not fit its network; the message names the file.
    """
    checkpoint = read_model(model)
    contents, weights = checkpoint.contents, checkpoint.weights
    spec = InputSpec.from_record(contents.input_spec)
    try:
        with torch.device("meta"):  # shapes alone: weights that do not fit are found before memory is taken
            empty = _build(model, contents.network, len(contents.classes), spec, trust)
        shapes = {name: value.shape for name, value in empty.state_dict().items()}
        differing = sorted(
            name
            for name in {*shapes, *weights}
            if name not in weights or name not in shapes or weights[name].shape != shapes[name]
        )
        if differing:
            raise UsageError(f"{model}: its weights do not fit its network ({printable(', '.join(differing[:3]))})")
        net = _build(model, contents.network, len(contents.classes), spec, trust)
        net.load_state_dict(weights)
    except UsageError:
        raise
    except Exception as error:  # whatever a network's constructor raises at wrong arguments
        raise UsageError(
            f"{model}: its network cannot be rebuilt ({type(error).__name__}: {printable(error)})"
        ) from error
    return TrainedNetwork(
        Classifier(net).eval(),
        contents.network,
        tuple(contents.classes),
        spec,
        DatasetCard.from_record(contents.card),
        contents.temperature or 1.0,
        checkpoint.config,
    )


def _build(
    model: str | Path, node: dict[str, Any], num_classes: int, spec: InputSpec, trust: Sequence[str]
) -> nn.Module:
    if node.get("num_classes", num_classes) != num_classes:
        raise UsageError(f"{model}: names {num_classes} classes, its network has {printable(node['num_classes'])}")
    target = resolve_trusted(str(model), str(node.get("_target_")), trust)
    passed = {key: value for key, value in data_arguments(target, num_classes, spec).items() if key not in node}
    net = build_trusted(str(model), node, trust, **passed)
    if not isinstance(net, nn.Module):
        raise UsageError(f"{model}: names {printable(node.get('_target_'))}, which is not a network")
    return net
