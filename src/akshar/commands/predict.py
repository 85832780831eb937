"""`akshar predict`: recognises the characters in pictures, with a confidence for each."""

import argparse
import json
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.cells import cell_len

from akshar.commands.arguments import add_trust, require_model
from akshar.errors import UsageError
from akshar.files import printable, write_atomic
from akshar.pictures.decode import SUFFIXES
from akshar.reader.answer_formats import as_csv, as_line, as_record, as_sheet
from akshar.reader.picture_files import find_pictures, read_files
from akshar.reader.reader import THRESHOLD, load
from akshar.streams import print_error
from akshar.writable import check_file

STDOUT = "-"  # in place of a file's name


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: the words after `akshar predict`.

    Returns:
        0; 1 if a file could not be read.
    """
    args = _parser().parse_intermixed_args(arguments)
    model = require_model(args.model, "predict")
    files = _files(args, model)
    width = max(cell_len(printable(file)) for file in files)
    reader = load(model, args.threshold, args.trust)
    reader.choose(args.only)  # refused before anything is read
    rows = []
    for row in read_files(reader, files, args.line, args.only):
        rows.append(row)
        if row.error:
            print_error(row.error)
        if args.json:
            print(_encodable(json.dumps(as_record(row, args.line), ensure_ascii=not _prints_unicode())))
        elif not row.error and args.csv != STDOUT:
            print(as_line(row, args.line, width))
    if args.csv == STDOUT:
        print(_encodable(as_csv(rows)), end="")
    elif args.csv:
        write_atomic(Path(args.csv), _encodable(as_csv(rows)).encode())
    if args.sheet:
        if sheet := as_sheet(rows, reader.predictor.card.font):
            write_atomic(Path(args.sheet), sheet)
        else:
            print("--sheet: nothing was read, so no sheet is drawn", file=sys.stderr)
    return 1 if any(row.error for row in rows) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar predict", description=__doc__)
    parser.add_argument(
        "model", metavar="MODEL", nargs="?", help="letters58, a run's folder, a checkpoint, an exported file"
    )
    parser.add_argument("paths", metavar="PATH", nargs="*", help="pictures, folders of pictures, - for stdin")
    parser.add_argument("--line", action="store_true", help="each picture is a row of characters")
    parser.add_argument(
        "--only",
        metavar="PART",
        help="read a part of the alphabet: groups of the model, as digits or vowels, or letters, as in क,ख,क्ष",
    )
    parser.add_argument("--json", action="store_true", help="print one line of JSON per file instead of a table")
    parser.add_argument(
        "--csv", metavar="FILE", help="also write the answers as CSV; - prints it in place of the table"
    )
    parser.add_argument("--sheet", metavar="FILE.png", help="also draw a sheet of the network's input images")
    parser.add_argument(
        "--threshold",
        type=float,
        default=THRESHOLD,
        help='answers with a lower confidence are "unsure" (default: %(default)s)',
    )
    add_trust(parser)
    return parser


def _files(args: argparse.Namespace, model: str) -> list[str]:
    """The pictures to read, after all arguments were checked."""
    if not args.paths:
        raise UsageError(f"predict: name pictures or folders too:  akshar predict {model} PICTURE ...")
    if args.json and args.csv == STDOUT:
        raise UsageError("--csv -: with --json, name a file")
    if not 0 <= args.threshold <= 1:
        raise UsageError(f"--threshold {args.threshold:g}: must be between 0 and 1")
    if Path(model).suffix.lower() in SUFFIXES:
        raise UsageError(f"{printable(model)}: is a picture; name the model before it")
    files, notes = find_pictures(args.paths)
    for note in notes:
        print(note, file=sys.stderr)
    if args.csv and args.sheet and os.path.realpath(args.csv) == os.path.realpath(args.sheet):
        raise UsageError(f"--sheet {printable(args.sheet)}: is the file of --csv too; name another one")
    for option, path in (("--csv", args.csv), ("--sheet", args.sheet)):
        if path == "":
            raise UsageError(f"{option}: name a file")
        if path and (option, path) != ("--csv", STDOUT):
            _check_output(option, Path(path), [model, *files])
    return files


def _check_output(option: str, path: Path, inputs: Sequence[str]) -> None:
    """Check before reading that an output file can be written and does not replace what is read."""
    named = f"{option} {printable(path)}"
    check_file(path, named)
    if option == "--sheet" and path.suffix.lower() != ".png":
        raise UsageError(f"{named}: must end with .png")
    if path.exists() and any(path.samefile(file) for file in inputs if os.path.exists(file)):
        raise UsageError(f"{named}: is one of the pictures, or the model; name another file")


def _prints_unicode() -> bool:
    return (sys.stdout.encoding or "").lower().startswith("utf")


def _encodable(text: str) -> str:
    """Escape the bytes of file names that are not valid UTF-8."""
    return text.encode(errors="backslashreplace").decode()
