"""`akshar export MODEL`: writes a model as one file, ONNX or safetensors, or as a page, and checks its answers."""

import argparse
import shlex
from collections.abc import Sequence
from pathlib import Path

from akshar.commands.arguments import add_trust
from akshar.errors import UsageError
from akshar.extras import require_packages
from akshar.files import printable, write_atomic
from akshar.reader.reader import Reader, load
from akshar.reader.shipped_weights import find_model
from akshar.untrusted import refuse_links
from akshar.writable import check_file, check_folder

FORMATS = ("onnx", "safetensors", "web")
OPTIONS = {"int8": ("onnx", "web"), "drawing": ("onnx",), "runtime": ("web",)}  # formats that each belongs to
NAMED = ("int8", "drawing")  # options that are part of the default name


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: the words after `akshar export`.

    Returns:
        0.

    Raises:
        UsageError: the model does not exist, or options contradict each other.
        AksharError: the answers differ from the checkpoint's; nothing is written.
    """
    args = _parser().parse_args(arguments)
    model = find_model(args.model)
    web, exported = args.format == "web", model.suffix == ".onnx"
    _check_options(args, exported)
    output = _output(args, model)
    named = f"{'--output ' if args.output else ''}{printable(output)}"
    (check_folder if web else check_file)(output, named)
    card_path = None if exported or web else output.with_name(f"{output.name}.md")
    if card_path:
        check_file(card_path, printable(card_path))
    packages = ("safetensors",) if args.format == "safetensors" else ("onnx", "onnxscript", "onnxruntime")
    require_packages("akshar export", *packages, extra="export")
    page = _page(args, model, output, named) if web else None  # before minutes of work

    from akshar.reader.export.conversion import convert_file, convert_run  # torch

    if exported:
        converted = convert_file(model, args.data)
    else:
        suffix = ".onnx" if web else f".{args.format}"
        framing = args.drawing or web
        converted = convert_run(str(model), suffix, output.name, args.int8, framing, args.data, args.trust)
    print(*converted.notes, sep="\n")
    if page:
        from akshar.reader.export.web_folder import write_page

        print(write_page(output, converted.content, *page))
        print(f"wrote {output}; see it with  python -m http.server --directory {shlex.quote(str(output))}")
        return 0
    write_atomic(output, converted.content)
    if card_path and converted.card:
        write_atomic(card_path, converted.card.encode())
    print(f"wrote {output}{f' and {card_path.name}' if card_path else ''}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar export", description=__doc__)
    parser.add_argument(
        "model",
        help="a run's folder (its best checkpoint), a checkpoint, or a .safetensors file; with --drawing or "
        "--format web also an exported .onnx file, or letters58",
    )
    parser.add_argument(
        "--format",
        choices=FORMATS,
        default="onnx",
        help="onnx (default) is read without torch; web is a folder with the drawing page, for any static host",
    )
    parser.add_argument("--int8", action="store_true", help="8-bit weights and activations: smaller, often faster")
    parser.add_argument(
        "--drawing", action="store_true", help="a file that finds and crops the ink itself, for other languages"
    )
    parser.add_argument(
        "--output",
        metavar="PATH",
        help="file, or folder of --format web; default: beside the model, with its name",
    )
    parser.add_argument("--data", metavar="DATA", help="images to compare on: dhcd, glyphs or a folder")
    parser.add_argument(
        "--runtime", metavar="FILE", help="onnxruntime-web's file for --format web; default: npm fetches it once"
    )
    add_trust(parser)
    return parser


def _check_options(args: argparse.Namespace, exported: bool) -> None:
    for option, formats in OPTIONS.items():
        if getattr(args, option) and args.format not in formats:
            known = " or ".join(formats)
            raise UsageError(f"--{option}: not available with --format {args.format}; use --format {known}")
    if exported and (args.int8 or not (args.drawing or args.format == "web")):
        raise UsageError(
            f"{printable(args.model)}: already exported; only --drawing and --format web make something else of it"
        )


def _page(args: argparse.Namespace, model: Path, output: Path, named: str) -> tuple[Reader, dict[str, bytes]]:
    """Check the page's folder, load its model, and read what the page runs with."""
    from akshar.reader.export.web_folder import refuse_foreign
    from akshar.reader.export.web_runtime import find_runtime

    refuse_foreign(output, named)
    reader = load(model, trust=args.trust)  # a file that is no model is refused before anything is fetched
    return reader, find_runtime(args.runtime)


def _output(args: argparse.Namespace, model: Path) -> Path:
    """Path of the file or folder to write.

    Raises:
        UsageError: it is the model itself, or its suffix is another format's.
    """
    suffix = "-web" if args.format == "web" else f".{args.format}"
    name = "model" if model.is_dir() else model.stem
    options = "".join(f"-{option}" for option in NAMED if getattr(args, option))
    shipped = Path(args.model).name == args.model and not Path(args.model).exists()
    beside = Path() if shipped else model if model.is_dir() else model.parent
    if not args.output:  # the model may lie in a folder of someone else
        refuse_links(beside)
        return beside / f"{name}{options}{suffix}"
    output = Path(args.output).expanduser()
    if args.format != "web" and output.suffix != suffix:
        raise UsageError(f"--output {args.output}: must end with {suffix}")
    if output.resolve() == model.resolve():
        raise UsageError(f"--output {output}: is the model itself; name another file")
    return output
