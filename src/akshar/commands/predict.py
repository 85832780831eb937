"""`akshar predict`: the characters in pictures, with how sure the model is of each."""

import argparse
import csv
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from rich.cells import cell_len

from akshar.commands.model_argument import require_model
from akshar.errors import DataError, UsageError
from akshar.files import printable, write_atomic
from akshar.pictures.decode import SUFFIXES, decode
from akshar.pictures.line import cut_line
from akshar.pictures.place import SEVERAL, Placed, place
from akshar.reader.reader import THRESHOLD, Answer, Reader, load

TOGETHER = 256  # files at once
SHEET = 600  # pictures a sheet holds
STDIN = "-"


@dataclass(frozen=True)
class Read:
    """One file.

    Attributes:
        file: its path; "-" for the standard input.
        answers: one; with --line any number.
        error: why it could not be read, in a line; None otherwise.
    """

    file: str
    answers: list[Answer]
    error: str | None = None


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar predict`.

    Returns:
        0; 1 if a file could not be read, which its line says.
    """
    asked = _parser().parse_intermixed_args(arguments)
    model = require_model(asked.model, "predict")
    if not asked.paths:
        raise UsageError(f"predict: name pictures or folders too:  akshar predict {model} PICTURE ...")
    if not 0 <= asked.threshold <= 1:
        raise UsageError(f"--threshold {asked.threshold:g}: must be from 0 to 1")
    if Path(model).suffix.lower() in SUFFIXES:
        raise UsageError(f"{printable(model)}: is a picture; name the model before it")
    files = list(_files(asked.paths))
    for option, path in (("--csv", asked.csv), ("--sheet", asked.sheet)):
        if path:
            _check_output(option, Path(path), files)
    width = max(cell_len(printable(file)) for file in files)
    reader = load(model, asked.threshold, asked.trust)
    done = []
    for read in read_files(reader, files, asked.line):
        done.append(read)
        if read.error:
            print(f"error: {read.error}", file=sys.stderr)
        elif asked.json:
            print(_encodable(json.dumps(as_json(read, asked.line), ensure_ascii=False)))
        else:
            print(as_line(read, asked.line, width))
    if asked.csv:
        write_atomic(Path(asked.csv), _encodable(as_csv(done)).encode())
    if asked.sheet:
        _draw_sheet(done, Path(asked.sheet))
    return 1 if any(read.error for read in done) else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar predict", description=__doc__)
    parser.add_argument("model", metavar="MODEL", nargs="?", help="a run's folder, a checkpoint, an exported file")
    parser.add_argument(
        "paths", metavar="PATH", nargs="*", help="pictures, folders of them, - for the standard input"
    )
    parser.add_argument("--line", action="store_true", help="each picture is a row of separate characters")
    parser.add_argument("--json", action="store_true", help="a line of JSON a file, in place of the table")
    parser.add_argument("--csv", metavar="FILE", help="also as a table of comma-separated values")
    parser.add_argument("--sheet", metavar="FILE.png", help="also a sheet of what the network saw")
    parser.add_argument(
        "--threshold", type=float, default=THRESHOLD, help="less sure than this is unsure (%(default)s)"
    )
    parser.add_argument("--trust", metavar="PACKAGE", action="append", default=[], help="that your network is in")
    return parser


def _check_output(option: str, path: Path, files: Sequence[str]) -> None:
    """Whether what was read can be left there, before it is read.

    Raises:
        UsageError: it cannot, or it would replace a picture.
    """
    named = f"{option} {printable(path)}"
    if not path.parent.is_dir():
        raise UsageError(f"{named}: no such folder {printable(path.parent)}")
    if path.is_dir():
        raise UsageError(f"{named}: is a folder; name a file")
    if option == "--sheet" and path.suffix.lower() != ".png":
        raise UsageError(f"{named}: must end with .png")
    if path.exists() and any(path.samefile(file) for file in files if Path(file).exists()):
        raise UsageError(f"{named}: is one of the pictures; name another file")


def _encodable(text: str) -> str:
    """With the bytes of file names that are no text escaped."""
    return text.encode(errors="backslashreplace").decode()


def _files(paths: Sequence[str]) -> Iterator[str]:
    """Each picture; of folders all that are named as pictures, at any depth, in order."""
    for path in paths:
        if path == STDIN or not Path(path).is_dir():
            yield path
            continue
        everything = [file for file in Path(path).rglob("*") if file.is_file()]
        inside = sorted(file for file in everything if file.suffix.lower() in SUFFIXES)
        if not inside:
            raise UsageError(f"{path}: holds no pictures ({', '.join(SUFFIXES)})")
        if others := len(everything) - len(inside):
            words = f"{others:,} other files are" if others > 1 else "1 other file is"
            print(f"{path}: {words} left out", file=sys.stderr)
        yield from map(str, inside)


def read_files(reader: Reader, files: Iterable[str], line: bool) -> Iterator[Read]:
    """Reads files, many at once; one that cannot be read does not stop the others.

    Args:
        reader: reads.
        files: paths, "-" for the standard input.
        line: whether each holds a row of characters.
    """

    def placed(file: str) -> list[Placed] | str:
        try:
            grey = decode(sys.stdin.buffer.read() if file == STDIN else file)
        except DataError as error:
            return str(error)
        try:
            return cut_line(grey) if line else [place(grey)]
        except DataError as error:
            return f"{printable(file)}: {error}"

    with ThreadPoolExecutor(min(4, os.cpu_count() or 1)) as pool:
        waiting = iter(files)
        while some := list(islice(waiting, TOGETHER)):
            found = list(pool.map(placed, some))
            answers = iter(reader.read_placed([one for part in found if not isinstance(part, str) for one in part]))
            for file, part in zip(some, found, strict=True):
                if isinstance(part, str):
                    yield Read(file, [], part)
                else:
                    yield Read(file, [next(answers) for _ in part])


def as_line(read: Read, line: bool, width: int) -> str:
    """A row for the terminal: file, confidence, name, letter, what else it may be."""
    file = printable(read.file)
    file += " " * (width - cell_len(file))
    if line:
        least = min(read.answers, key=lambda answer: answer.confidence, default=None)
        if least is None:
            return f"{file}  blank"
        sure = f"least sure of {_letter(least)}: {_percent(least.confidence)}" if least.guesses else least.problem
        return f"{file}  {''.join(map(_letter, read.answers))}  {sure}"
    answer = read.answers[0]
    others = ", ".join(f"{guess.letter} {_percent(guess.confidence)}" for guess in answer.guesses[1:3])
    if answer.problem == SEVERAL:
        return f"{file}  several characters: --line reads a row"
    if not answer.guesses:
        return f"{file}  not a character: {answer.problem}"
    best = answer.guesses[0]
    if answer.problem:
        others = f"{best.letter} {_percent(best.confidence)}, {others}"
        return f"{file}  not sure: {others}"
    return f"{file}  {_percent(best.confidence):>7}  {best.name:<12} {best.letter}  ({others})"


def _letter(answer: Answer) -> str:
    return answer.letter or "\N{REPLACEMENT CHARACTER}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def as_json(read: Read, line: bool) -> dict[str, Any]:
    """Plain values of what was read."""
    answers = [
        {
            "letter": answer.letter,
            "name": answer.guesses[0].name if answer.letter else None,
            "confidence": round(answer.confidence, 6),
            "problem": answer.problem,
            "box": answer.box,
            "guesses": [asdict(guess) | {"confidence": round(guess.confidence, 6)} for guess in answer.guesses],
        }
        for answer in read.answers
    ]
    if line:
        return {"file": read.file, "text": "".join(map(_letter, read.answers)), "characters": answers}
    return {"file": read.file, **answers[0]}


def as_csv(done: Sequence[Read]) -> str:
    """A row for each character: file, position, letter, name, confidence, problem, second, third, error."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("file", "position", "letter", "name", "confidence", "problem", "second", "third", "error"))
    for read in done:
        if read.error:
            writer.writerow((read.file, "", "", "", "", "", "", "", read.error))
        for position, answer in enumerate(read.answers):
            name = answer.guesses[0].name if answer.letter else ""
            others = [*(guess.letter for guess in answer.guesses[1:3]), "", ""][:2]
            confidence = f"{answer.confidence:.6f}"
            writer.writerow(
                (read.file, position, answer.letter or "", name, confidence, answer.problem or "", *others, "")
            )
    return text.getvalue()


def _draw_sheet(done: Sequence[Read], path: Path) -> None:
    from akshar.devanagari.letters import DEVANAGARI
    from akshar.plots.style import RIGHT, WRONG
    from akshar.plots.tiles import Tile, draw_sheet

    answers = [answer for read in done for answer in read.answers]
    tiles = [
        Tile(
            answer.pixels,
            f"{answer.letter} {100 * answer.confidence:.1f} %" if answer.letter else str(answer.problem),
            RIGHT if answer.letter else WRONG,
        )
        for answer in answers[:SHEET]
    ]
    if not tiles:
        raise UsageError(f"--sheet {path}: nothing was read to draw")
    heading = "What the network saw" + (f" (the first {SHEET} of {len(answers):,})" if len(answers) > SHEET else "")
    content = io.BytesIO()
    draw_sheet([(heading, tiles)], DEVANAGARI.font).save(content, "PNG")  # card: from the data
    write_atomic(path, content.getvalue())
