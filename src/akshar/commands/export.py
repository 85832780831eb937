"""`akshar export MODEL`: one file that others can use, ONNX or safetensors, checked against the checkpoint."""

import argparse
import json
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from akshar.errors import AksharError, UsageError
from akshar.extras import require_packages
from akshar.files import is_full, write_atomic

if TYPE_CHECKING:
    from akshar.reader.export.images import Shown
    from akshar.runs.load_checkpoint import TrainedNetwork

FORMATS = ("onnx", "safetensors")


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar export`.

    Returns:
        0.

    Raises:
        UsageError: no such model, or words that do not go together.
        AksharError: the file does not answer as the checkpoint does; nothing is left behind.
    """
    parser = argparse.ArgumentParser(prog="akshar export", description=__doc__)
    parser.add_argument("model", help="a run's folder (its best checkpoint), a checkpoint, or a .safetensors")
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="onnx reads without torch (default)")
    parser.add_argument("--int8", action="store_true", help="8-bit weights and activations: smaller, often faster")
    parser.add_argument("--output", metavar="FILE", help="model.onnx beside the model, or the like")
    parser.add_argument("--data", metavar="DATA", help="compare on dhcd, glyphs or a folder; else on the run's own")
    parser.add_argument("--trust", action="append", default=[], metavar="PACKAGE", help="of your own networks")
    asked = parser.parse_args(arguments)
    if asked.int8 and asked.format != "onnx":
        raise UsageError("--int8: is of --format onnx")
    output = _output(asked)
    packages = ("onnx", "onnxscript", "onnxruntime") if asked.format == "onnx" else ("safetensors",)
    require_packages("akshar export", *packages, extra="export")

    from akshar.reader.export.card import card_of  # torch
    from akshar.reader.export.images import shown_images
    from akshar.runs.load_checkpoint import load_checkpoint

    trained = load_checkpoint(asked.model, asked.trust)
    shown = shown_images(trained.config, asked.data)
    content, notes = _as_onnx(trained, asked.int8, shown) if asked.format == "onnx" else _as_safetensors(trained)
    notes.append(_compared(content, trained, shown, asked))
    card = card_of(trained, output.name, notes, _result(Path(asked.model).expanduser().resolve()))
    card_path = output.with_name(f"{output.name}.md")
    try:
        write_atomic(output, content)
        write_atomic(card_path, card.encode())
    except OSError as error:
        reason = "no room for it" if is_full(error) else f"cannot be written ({error.strerror})"
        raise AksharError(f"{output}: {reason}") from error
    for note in notes:
        print(note)
    print(f"{output} and {card_path.name} beside it")
    return 0


def _output(asked: argparse.Namespace) -> Path:
    """Where the file goes.

    Raises:
        UsageError: it would replace the model itself, or its name says another format.
    """
    model, suffix = Path(asked.model).expanduser(), f".{asked.format}"
    name = "model" if model.is_dir() else model.stem
    beside = (model if model.is_dir() else model.parent) / f"{name}{'-int8' if asked.int8 else ''}{suffix}"
    output = Path(asked.output).expanduser() if asked.output else beside
    if output.suffix != suffix:
        raise UsageError(f"--output {asked.output}: must end with {suffix}")
    if output.resolve() == model.resolve():
        raise UsageError(f"--output {output}: is the model itself; name another file")
    if output.is_dir():
        raise UsageError(f"--output {output}: is a folder; name a file")
    if not output.parent.is_dir():
        raise UsageError(f"--output {output}: no such folder {output.parent}")
    return output


def _as_onnx(trained: "TrainedNetwork", int8: bool, shown: "Shown") -> tuple[bytes, list[str]]:
    """The file, and what there is to say of it."""
    from akshar.reader.export.facts import facts_of
    from akshar.reader.export.onnx import OPSET, reading_graph, with_metadata

    facts = facts_of(trained)
    graph = reading_graph(trained)
    content = with_metadata(graph, facts)
    size = f"{len(content) / 1e6:.2f} MB"
    if int8:
        from akshar.reader.export.int8 import quantised

        content = with_metadata(quantised(graph, shown.calibrated), {**facts, "quantised": "int8"})
        size = f"{len(content) / 1e6:.2f} MB in 8 bits ({size} in float)"
    return content, [f"ONNX, opset {OPSET}, {size}: pixels uint8 (N, 32, 32) -> probabilities float32 (N, K)"]


def _as_safetensors(trained: "TrainedNetwork") -> tuple[bytes, list[str]]:
    from akshar.reader.export.facts import facts_of
    from akshar.runs.safetensors_file import as_safetensors

    content = as_safetensors(trained.classifier.net.state_dict(), facts_of(trained))
    return content, [f"safetensors, {len(content) / 1e6:.2f} MB, the network's description in the header"]


def _compared(content: bytes, trained: "TrainedNetwork", shown: "Shown", asked: argparse.Namespace) -> str:
    """Reads the images with the file, as anyone would, and with the checkpoint.

    Raises:
        AksharError: they differ.
    """
    from akshar.reader.export.agreement import FLOAT, INT8, agreement
    from akshar.reader.reader import load

    tolerance = INT8 if asked.int8 else FLOAT
    with tempfile.TemporaryDirectory() as folder:
        draft = Path(folder) / f"draft.{asked.format}"
        draft.write_bytes(content)
        got = load(draft, trust=asked.trust).engine.probabilities(shown.compared)
    found = agreement(trained.probabilities(shown.compared), got, tolerance.tie)
    if not found.within(tolerance):
        raise AksharError(f"{asked.model}: the exported file differs from it, so it is not kept: {found}")
    return f"against the checkpoint on {found.images:,} {shown.name}: {found}"


def _result(model: Path) -> dict[str, Any] | None:
    """The record of the run that a model belongs to, if it lies in one."""
    folder = model if model.is_dir() else model.parent.parent if model.name == "best.ckpt" else None
    try:
        content = json.loads((folder / "result.json").read_text(encoding="utf-8")) if folder else None
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("status") == "completed" else None
