"""Converts a run's network, or an exported file, to the content of a new file, and compares their answers."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from akshar.errors import AksharError
from akshar.reader.export.card import card_of
from akshar.reader.export.drawing_file import framed, images_of_file
from akshar.reader.export.file import as_onnx, as_weights, check_agreement
from akshar.reader.export.images import export_images
from akshar.reader.onnx_model import OnnxModel
from akshar.runs.load_checkpoint import load_checkpoint
from akshar.untrusted import read_json


@dataclass(frozen=True)
class Converted:
    """A network as the content of a file.

    Attributes:
        content: of the file.
        notes: lines about it.
        card: in Markdown; None where the card of the file that it came from stays true.
    """

    content: bytes
    notes: list[str]
    card: str | None


def convert_run(
    model: str, suffix: str, name: str, int8: bool, drawing: bool, data: str | None, trust: Sequence[str]
) -> Converted:
    """Convert the network of a run or checkpoint.

    Args:
        model: its path.
        suffix: .onnx or .safetensors.
        name: of the file, for its card.
        int8: whether weights and activations have 8 bits.
        drawing: whether framing comes before the network.
        data: images to compare on; None for those that it was trained for.
        trust: packages with the user's own networks.

    Raises:
        AksharError: the answers differ from the checkpoint's.
    """
    trained = load_checkpoint(model, trust)
    images = export_images(trained.config, trained.input_spec, data, trust)
    content, note = as_onnx(trained, images, int8) if suffix == ".onnx" else as_weights(trained)
    try:
        notes = [note, check_agreement(content, suffix, trained, images, int8, trust)]
    except AksharError as error:
        raise AksharError(f"{model}: {error}") from error
    if drawing:
        content, more = framed(content, images)
        notes += more
    return Converted(content, notes, card_of(trained, name, notes, _result(Path(model).expanduser()), drawing))


def convert_file(path: Path, data: str | None) -> Converted:
    """Put framing before the network of an exported ONNX file; see `convert_run`.

    Raises:
        UsageError: akshar did not export this file.
        AksharError: the graph frames drawings unlike akshar.
    """
    OnnxModel(path)  # refuses what is not an exported file
    content = path.expanduser().read_bytes()
    content, notes = framed(content, images_of_file(content, data))
    return Converted(content, notes, None)


def _result(model: Path) -> dict[str, Any] | None:
    """`result.json` of the completed run that a model belongs to; None for a model outside a run."""
    model = model.resolve()
    folder = model if model.is_dir() else model.parent.parent if model.name == "best.ckpt" else None
    try:
        content = read_json(folder / "result.json") if folder else None
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("status") == "completed" else None
