"""Answers to files as text: lines for the terminal, JSON, CSV, and a sheet of the network's inputs."""

import io
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from rich.cells import cell_len

from akshar.files import printable
from akshar.pictures.framing import BLANK, SEVERAL
from akshar.reader.picture_files import FileAnswers
from akshar.reader.reader import Answer, Guess
from akshar.tables import csv_text

COLUMNS = ("file", "position", "letter", "name", "confidence", "problem", "first", "second", "third", "error")
SHEET = 600  # pictures on a sheet


def as_line(row: FileAnswers, line: bool, width: int) -> str:
    """One line for the terminal: file, confidence, name, letter, other guesses.

    Args:
        row: a file that could be read.
        line: whether it is a row of characters.
        width: terminal cells of the longest file name.
    """
    file = printable(row.file)
    file += " " * (width - cell_len(file))
    if line:
        least = min(row.answers, key=lambda answer: answer.confidence, default=None)
        if least is None:
            return f"{file}  {BLANK}"
        note = f"least sure of {_letter(least)}: {_percent(least.confidence)}" if least.guesses else least.problem
        return f"{file}  {''.join(map(_letter, row.answers))}  {note}"
    answer = row.answers[0]
    if answer.problem == SEVERAL:
        return f"{file}  several characters: --line reads a row"
    if not answer.guesses:
        return f"{file}  not a character: {answer.problem}"
    if answer.problem:
        return f"{file}  not sure: {_listed(answer.guesses[:3])}"
    best = answer.guesses[0]
    name, letter = printable(best.name), printable(best.letter)
    others = f"  ({_listed(answer.guesses[1:3])})" if answer.guesses[1:] else ""
    return f"{file}  {_percent(best.confidence):>7}  {name:<12} {letter}{others}"


def as_record(row: FileAnswers, line: bool) -> dict[str, Any]:
    """Plain values of a file's answers, for JSON.

    Args:
        row: of a file; one that could not be read has the keys `file` and `error`.
        line: whether it is a row of characters.
    """
    if row.error:
        return {"file": row.file, "error": row.error}
    answers = [
        {
            "letter": answer.letter,
            "name": answer.name,
            "confidence": round(answer.confidence, 6),
            "problem": answer.problem,
            "box": answer.box,
            "guesses": [asdict(guess) | {"confidence": round(guess.confidence, 6)} for guess in answer.guesses],
        }
        for answer in row.answers
    ]
    if line:
        text = "".join(map(_letter, row.answers))
        return {"file": row.file, "text": text, "problem": None if answers else BLANK, "characters": answers}
    return {"file": row.file, **answers[0]}


def as_csv(rows: Sequence[FileAnswers]) -> str:
    """A table with COLUMNS: a row for each character, each blank picture of a row, and each file with an error."""
    cells: list[tuple[object, ...]] = []
    for row in rows:
        if row.error:
            cells.append((row.file, *[""] * (len(COLUMNS) - 2), row.error))
        elif not row.answers:
            cells.append((row.file, *[""] * 4, BLANK, *[""] * 4))
        for position, answer in enumerate(row.answers):
            likely = [*(guess.letter for guess in answer.guesses), "", "", ""][:3]
            outcome = answer.letter or "", answer.name or "", f"{answer.confidence:.6f}", answer.problem or ""
            cells.append((row.file, position, *outcome, *likely, ""))
    return csv_text(COLUMNS, cells)


def as_sheet(rows: Sequence[FileAnswers], font: str | None) -> bytes | None:
    """A PNG of the network's inputs with the answers, at most SHEET of them; None if nothing was read.

    Args:
        rows: any number.
        font: package with glyphs for the labels, as `DatasetCard.font` names it.
    """
    from akshar.plots.style import RIGHT, WRONG
    from akshar.plots.tiles import Tile, draw_sheet

    answers = [answer for row in rows for answer in row.answers]
    if not answers:
        return None
    tiles = [
        Tile(
            image_of(answer.pixels),
            f"{answer.letter} {_percent(answer.confidence)}" if answer.letter else str(answer.problem),
            RIGHT if answer.letter else WRONG,
        )
        for answer in answers[:SHEET]
    ]
    heading = "What the network saw" + (f" (the first {SHEET} of {len(answers):,})" if len(answers) > SHEET else "")
    content = io.BytesIO()
    draw_sheet([(heading, tiles)], font).save(content, "PNG")
    return content.getvalue()


def image_of(pixels: np.ndarray) -> np.ndarray:
    """A network's input, uint8 (height, width) or (3, height, width), with channels last, for Pillow."""
    return np.moveaxis(pixels, 0, 2) if pixels.ndim == 3 else pixels


def _letter(answer: Answer) -> str:
    return printable(answer.letter or "\N{REPLACEMENT CHARACTER}")


def _listed(guesses: Sequence[Guess]) -> str:
    return ", ".join(f"{printable(guess.letter)} {_percent(guess.confidence)}" for guess in guesses)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
