"""Writes an exported file: converts the network, and checks that the file answers as the checkpoint does."""

import tempfile
from collections.abc import Sequence
from pathlib import Path

from akshar.errors import AksharError
from akshar.reader.export.agreement import FLOAT, INT8, agreement
from akshar.reader.export.facts import facts_of
from akshar.reader.export.images import ExportImages
from akshar.reader.reader import load
from akshar.runs.load_checkpoint import TrainedNetwork
from akshar.runs.safetensors_file import as_safetensors


def as_onnx(trained: TrainedNetwork, images: ExportImages, int8: bool) -> tuple[bytes, str]:
    """Convert a network to ONNX.

    Args:
        trained: the network.
        images: to calibrate 8 bits with.
        int8: whether weights and activations have 8 bits.

    Returns:
        Content of the file, and one line about it.
    """
    from akshar.reader.export.onnx import OPSET, inference_graph, with_metadata

    facts = facts_of(trained)
    graph = inference_graph(trained)
    content = with_metadata(graph, facts)
    size = f"{len(content) / 1e6:.2f} MB"
    if int8:
        from akshar.reader.export.int8 import quantise

        content = with_metadata(quantise(graph, images.calibrated), {**facts, "quantised": "int8"})
        size = f"{len(content) / 1e6:.2f} MB in 8 bits ({size} in float)"
    shape = ", ".join(str(length) for length in trained.input_spec.pixels_shape)
    return content, f"ONNX, opset {OPSET}, {size}: pixels uint8 (N, {shape}) -> probabilities float32 (N, K)"


def as_weights(trained: TrainedNetwork) -> tuple[bytes, str]:
    """Convert a network to safetensors; return the content of the file, and one line about it."""
    content = as_safetensors(trained.classifier.net.state_dict(), facts_of(trained))
    return content, f"safetensors, {len(content) / 1e6:.2f} MB, with the network's description in the header"


def check_agreement(
    content: bytes, suffix: str, trained: TrainedNetwork, images: ExportImages, int8: bool, trust: Sequence[str]
) -> str:
    """Read the images with the file, as a user would, and with the checkpoint.

    Args:
        content: of the file.
        suffix: of its name.
        trained: the network.
        images: to compare on.
        int8: whether the file has 8 bits.
        trust: packages with the user's own networks.

    Returns:
        One line about the agreement.

    Raises:
        AksharError: the answers differ too much.
    """
    tolerance = INT8 if int8 else FLOAT
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"draft{suffix}"
        draft.write_bytes(content)
        answers = load(draft, trust=trust).predictor.probabilities(images.compared)
    result = agreement(trained.probabilities(images.compared), answers, tolerance.tie)
    if not result.within(tolerance):
        raise AksharError(f"the exported file's answers differ from the checkpoint's, so it is not kept: {result}")
    return f"compared with the checkpoint on {result.images:,} {images.name}: {result}"
