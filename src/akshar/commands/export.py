"""`akshar export MODEL`: writes a model as one file, ONNX or safetensors, and checks it against the checkpoint."""

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from akshar.commands.arguments import add_trust
from akshar.errors import AksharError, UsageError
from akshar.extras import require_packages
from akshar.files import printable, write_atomic
from akshar.untrusted import read_json, refuse_links
from akshar.writable import check_file

FORMATS = ("onnx", "safetensors")
OPTIONS = ("int8", "drawing")  # of ONNX files; part of their default names


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: the words after `akshar export`.

    Returns:
        0.

    Raises:
        UsageError: the model does not exist, or options contradict each other.
        AksharError: the file's answers differ from the checkpoint's; no file is written.
    """
    args = _parser().parse_args(arguments)
    exported = Path(args.model).suffix == ".onnx"
    for option in OPTIONS:
        if getattr(args, option) and args.format != "onnx":
            raise UsageError(f"--{option}: not available with --format {args.format}; use --format onnx")
    if exported and (args.int8 or not args.drawing):
        raise UsageError(f"{printable(args.model)}: already exported; only --drawing makes another file of it")
    output = _output(args)
    card_path = output.with_name(f"{output.name}.md")
    for path in (output, *([] if exported else [card_path])):
        check_file(path, f"{'--output ' if args.output and path == output else ''}{printable(path)}")
    packages = ("onnx", "onnxscript", "onnxruntime") if args.format == "onnx" else ("safetensors",)
    require_packages("akshar export", *packages, extra="export")
    if exported:
        return _add_framing(args, output)

    from akshar.reader.export.card import card_of  # torch
    from akshar.reader.export.file import as_onnx, as_weights, check_agreement
    from akshar.reader.export.images import export_images
    from akshar.runs.load_checkpoint import load_checkpoint

    trained = load_checkpoint(args.model, args.trust)
    images = export_images(trained.config, trained.input_spec, args.data, args.trust)
    content, note = as_onnx(trained, images, args.int8) if args.format == "onnx" else as_weights(trained)
    try:
        notes = [note, check_agreement(content, output.suffix, trained, images, args.int8, args.trust)]
    except AksharError as error:
        raise AksharError(f"{args.model}: {error}") from error
    if args.drawing:
        from akshar.reader.export.drawing_file import framed

        content, more = framed(content, images)
        notes += more
    card = card_of(trained, output.name, notes, _result(Path(args.model).expanduser().resolve()), args.drawing)
    write_atomic(output, content)
    write_atomic(card_path, card.encode())
    print(*notes, f"wrote {output} and {card_path.name}", sep="\n")
    return 0


def _add_framing(args: argparse.Namespace, output: Path) -> int:
    """Make a file that frames drawings of one that is exported already; its card stays true."""
    from akshar.reader.export.drawing_file import framed, images_of_file
    from akshar.reader.onnx_model import OnnxModel

    OnnxModel(Path(args.model))  # refuses what is not an exported file
    content = Path(args.model).expanduser().read_bytes()
    content, notes = framed(content, images_of_file(content, args.data))
    write_atomic(output, content)
    print(*notes, f"wrote {output}", sep="\n")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar export", description=__doc__)
    parser.add_argument(
        "model",
        help="a run's folder (its best checkpoint), a checkpoint, or a .safetensors file; "
        "with --drawing also an exported .onnx file",
    )
    parser.add_argument("--format", choices=FORMATS, default="onnx", help="onnx (default) is read without torch")
    parser.add_argument("--int8", action="store_true", help="8-bit weights and activations: smaller, often faster")
    parser.add_argument(
        "--drawing", action="store_true", help="a file that finds and crops the ink itself, for other languages"
    )
    parser.add_argument("--output", metavar="FILE", help="default: beside the model, named after the format")
    parser.add_argument("--data", metavar="DATA", help="images to compare on: dhcd, glyphs or a folder")
    add_trust(parser)
    return parser


def _output(args: argparse.Namespace) -> Path:
    """Path of the file to write.

    Raises:
        UsageError: it is the model itself, or its suffix is another format's.
    """
    model, suffix = Path(args.model).expanduser(), f".{args.format}"
    name = "model" if model.is_dir() else model.stem
    options = "".join(f"-{option}" for option in OPTIONS if getattr(args, option))
    beside = (model if model.is_dir() else model.parent) / f"{name}{options}{suffix}"
    output = Path(args.output).expanduser() if args.output else beside
    if not args.output:  # the model may lie in a folder of someone else
        refuse_links(beside.parent)
    if output.suffix != suffix:
        raise UsageError(f"--output {args.output}: must end with {suffix}")
    if output.resolve() == model.resolve():
        raise UsageError(f"--output {output}: is the model itself; name another file")
    return output


def _result(model: Path) -> dict[str, Any] | None:
    """`result.json` of the completed run that a model belongs to; None for a model outside a run."""
    folder = model if model.is_dir() else model.parent.parent if model.name == "best.ckpt" else None
    try:
        content = read_json(folder / "result.json") if folder else None
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) and content.get("status") == "completed" else None
