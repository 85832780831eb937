"""Reads many picture files: those in folders, in batches, with errors kept per file."""

import os
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from akshar.errors import DataError, UsageError
from akshar.pictures.characters import read_character, read_row
from akshar.pictures.decode import SUFFIXES
from akshar.pictures.decoder_pool import DecoderPool
from akshar.pictures.framing import FramedPicture
from akshar.pictures.line.cells import Cell
from akshar.reader.reader import Answer, Reader

BATCH = 256  # files decoded and read at once
STDIN = "-"


@dataclass(frozen=True)
class FileAnswers:
    """What was read in one file.

    Attributes:
        file: its path; "-" for standard input.
        answers: one; for a row of characters any number; none with an error.
        error: why the file could not be read, in one line; else None.
    """

    file: str
    answers: list[Answer]
    error: str | None = None


def find_pictures(paths: Sequence[str]) -> tuple[list[str], list[str]]:
    """List picture files; in folders every file with a picture's suffix, at any depth, sorted.

    Args:
        paths: files, folders, "-" for standard input.

    Returns:
        The files, and one line for each folder in which other files are ignored.

    Raises:
        UsageError: a folder contains no pictures.
    """
    files, notes = [], []
    for path in paths:
        if not path:
            raise UsageError("PATH: is empty; . is the current folder")
        if path == STDIN or not Path(path).is_dir():
            files.append(path)
            continue
        everything = [file for file in Path(path).rglob("*") if not file.is_dir()]
        inside = sorted(file for file in everything if file.suffix.lower() in SUFFIXES)
        if not inside:
            raise UsageError(f"{path}: contains no pictures ({', '.join(SUFFIXES)})")
        if others := len(everything) - len(inside):
            notes.append(f"{path}: {others:,} other {'files' if others > 1 else 'file'} ignored")
        files += map(str, inside)
    return files, notes


def read_files(
    reader: Reader, files: Iterable[str], line: bool = False, only: str | None = None
) -> Iterator[FileAnswers]:
    """Read files in batches; a file that cannot be read does not stop the others.

    Args:
        reader: the model.
        files: paths, "-" for standard input.
        line: whether each file is a row of characters.
        only: the classes that they may show, see `Reader.read`.
    """
    spec, chosen = reader.predictor.input_spec, reader.choose(only)
    classify = reader.look_once if line else reader.classify

    def frame(picture: str | bytes) -> FramedPicture | list[Cell] | str:
        try:
            return read_row(picture, spec) if line else read_character(picture, spec)
        except DataError as error:
            return str(error)

    with DecoderPool(min(4, os.cpu_count() or 1)) as pool:
        remaining = iter(files)
        while batch := list(islice(remaining, BATCH)):
            pictures = [sys.stdin.buffer.read() if file == STDIN else file for file in batch]
            framed = list(pool.map(frame, pictures))
            rows = iter(classify([one for part in framed for one in _framed(part)]))
            for file, part in zip(batch, framed, strict=True):
                if isinstance(part, str):
                    yield FileAnswers(file, [], part)
                elif isinstance(part, FramedPicture):
                    yield FileAnswers(file, [reader.answer(part, next(rows), chosen)])
                else:
                    yield FileAnswers(file, reader.answer_row(part, [next(rows) for _ in part], chosen))


def _framed(part: FramedPicture | list[Cell] | str) -> list[FramedPicture]:
    """What the network is asked about in a file: one character, the candidates of a row, or nothing."""
    if isinstance(part, str):
        return []
    return [part] if isinstance(part, FramedPicture) else [cell.framed for cell in part]
