"""A trained network from its file alone: rebuilt without running anything that the file brings along."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from akshar.data.card import DatasetCard
from akshar.data.image_set import evaluated_at_once, normalise, to_unit
from akshar.errors import UsageError
from akshar.files import printable
from akshar.models.classifier import Classifier
from akshar.pictures.input_spec import InputSpec
from akshar.runs.checkpoint import Checkpoint, read_checkpoint
from akshar.runs.rebuild_network import rebuild_network
from akshar.runs.safetensors_file import read_safetensors


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
        """Compute logits, some images at a time.

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
                for part in pixels.split(evaluated_at_once(self.input_spec))
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
            weights do not fit its network or give no probabilities; the message names the file.
    """
    checkpoint = read_model(model)
    contents, weights = checkpoint.contents, checkpoint.weights
    if contents.input_spec is None or contents.classes is None:
        raise UsageError(
            f"{model}: reads no pictures, because its data had no input_spec or no classes; akshar test can test it"
        )
    spec = InputSpec.from_record(contents.input_spec)
    if not all(value.isfinite().all() for value in weights.values()):
        raise UsageError(f"{model}: its weights are not all finite; use another checkpoint of the run")
    net = rebuild_network(str(model), contents.network, weights, len(contents.classes), spec, trust)
    trained = TrainedNetwork(
        Classifier(net).eval(),
        contents.network,
        tuple(contents.classes),
        spec,
        DatasetCard.from_record(contents.card),
        contents.temperature or 1.0,
        checkpoint.config,
    )
    try:
        black_and_white = np.stack([np.full(spec.shape, value, np.uint8) for value in (0, 255)])
        answers = trained.probabilities(black_and_white)
    except Exception as error:  # whatever a network raises at images that it does not take
        reason = printable(" ".join(str(error).split()))[:160]
        raise UsageError(f"{model}: its network does not take its images ({reason})") from error
    if answers.shape != (2, len(contents.classes)) or not np.allclose(answers.sum(1), 1, atol=1e-3):
        raise UsageError(f"{model}: its output is not one probability for each of its classes")
    return trained
