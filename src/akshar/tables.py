"""Tables for people and programs: on the console, as CSV and as Markdown."""

import csv
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from textwrap import fill
from typing import TYPE_CHECKING, Any

from akshar.files import printable, write_atomic

if TYPE_CHECKING:
    from rich.console import Console

WIDTH_WHEN_PIPED = 160  # columns; a pipe or a file has no width
GAP = 3  # between two columns
LONG = 500  # rows, above which nothing continues on the next line
LEAST = 6  # columns for text, which continues on the next line
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet program may take for the beginning of a formula


@dataclass(frozen=True)
class Column:
    """One column of a console table.

    Attributes:
        title: heading; may be empty.
        right: whether cells are aligned to the right and never broken, as numbers are.
        wrap: whether a long cell continues on the next line; otherwise it is cut off.
    """

    title: str
    right: bool = False
    wrap: bool = True


@dataclass(frozen=True)
class Cell:
    """Text with a colour.

    Attributes:
        text: shown as it is.
        style: a style of rich, e.g. "red".
    """

    text: str
    style: str = ""


def counted(number: int, noun: str) -> str:
    """Write a number of things.

    >>> counted(1, "job"), counted(2000, "job")
    ('1 job', '2,000 jobs')
    """
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def print_table(columns: Sequence[Column], rows: Iterable[Sequence[str | Cell]], title: str = "") -> None:
    """Print a table to stdout.

    Text is never read as markup and is made printable, so names from elsewhere are safe to pass.

    Args:
        columns: from left to right.
        rows: one cell per column.
        title: printed above the table; none if empty.
    """
    from rich.box import SIMPLE_HEAD  # imported late: `--help` must stay fast
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    # In a notebook rich would show its own output beside what is printed here.
    console = Console(width=None if sys.stdout.isatty() else WIDTH_WHEN_PIPED, force_jupyter=False)
    cells = [[cell if isinstance(cell, Cell) else Cell(cell) for cell in row] for row in rows]
    cells = [[Cell(printable(cell.text), cell.style) for cell in row] for row in cells]
    if len(cells) > LONG:
        print("\n".join([*([printable(title)] if title else []), *_plain_lines(columns, cells, console)]))
        return
    widths = _least_widths(columns, cells)
    if sum(widths) > console.width:  # a deviation stands below its mean, as a whole
        cells = [[Cell(cell.text.replace(" ± ", "\n± "), cell.style) for cell in row] for row in cells]
        widths = _least_widths(columns, cells)
    fits = sum(widths) <= console.width
    roomy = sum(_widths(columns, cells)) <= console.width
    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        title=Text(printable(title)) if title else None,
        title_justify="left",
    )
    for column, width in zip(columns, widths, strict=True):
        whole = column.right and fits  # then text columns make room, and headings of numbers continue below
        heading = printable(column.title)
        if whole and not roomy:
            heading = fill(heading, width - GAP, break_long_words=False)
        table.add_column(
            Text(heading),
            justify="right" if column.right else "left",
            overflow="fold" if column.wrap else "ellipsis",
            no_wrap=whole or not column.wrap,
        )
    for row in cells:
        table.add_row(*(Text(cell.text, cell.style) for cell in row))
    with console.capture() as shown:
        console.print(table)
    print(shown.get(), end="")  # rich itself would end the process if nobody reads


def _plain_lines(columns: Sequence[Column], cells: Sequence[Sequence[Cell]], console: "Console") -> Iterator[str]:
    """Format a long table as rich does one that fits, but in less time; lines may be longer than the window."""
    from rich.cells import cell_len

    rows = [[*(Cell(printable(column.title), "bold") for column in columns)], *cells]
    lengths = [[cell_len(cell.text) for cell in row] for row in rows]
    widths = [max(column) for column in zip(*lengths, strict=True)]
    styles = {cell.style: console.get_style(cell.style) for row in rows for cell in row}
    colours = None if console.no_color else console._color_system
    for number, row in enumerate(rows):
        line = []
        for column, cell, length, width in zip(columns, row, lengths[number], widths, strict=True):
            text, space = styles[cell.style].render(cell.text, color_system=colours), " " * (width - length)
            line.append(space + text if column.right else text + space)
        yield (" " * GAP).join(line)
        if number == 0:
            yield "─" * (sum(widths) + GAP * (len(widths) - 1))


def _widths(columns: Sequence[Column], cells: Sequence[Sequence[Cell]]) -> list[int]:
    """Width of each column, with the gap beside it, where nothing continues on the next line."""
    texts = [[column.title, *_lines(cells, number)] for number, column in enumerate(columns)]
    return [GAP + max(map(len, column)) for column in texts]


def _least_widths(columns: Sequence[Column], cells: Sequence[Sequence[Cell]]) -> list[int]:
    """Width that each column needs, with the gap beside it: numbers are not broken, text and headings may be."""
    return [
        GAP + max(map(len, [*column.title.split(), *_lines(cells, number)]), default=0)
        if column.right
        else GAP + min(LEAST, len(column.title))
        for number, column in enumerate(columns)
    ]


def _lines(cells: Sequence[Sequence[Cell]], column: int) -> list[str]:
    return [line for row in cells for line in row[column].text.splitlines()]


def csv_text(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    r"""Format rows as CSV; None becomes an empty cell.

    Text that a spreadsheet program would run as a formula gets an apostrophe before it, as OWASP advises ("CSV
    Injection"): names of files and classes come from elsewhere. Numbers, and a sign alone, stay as they are.

    >>> csv_text(["file", "loss"], [["a,b.png", 0.5], ["=1+1.png", -2], ["-", None]])
    'file,loss\n"a,b.png",0.5\n\'=1+1.png,-2\n-,\n'
    """
    return "".join(map(_csv_line, (header, *rows)))


def _csv_line(row: Sequence[object]) -> str:
    text = io.StringIO(newline="")
    csv.writer(text, lineterminator="\r\n").writerow(map(_inert, row))  # quotes cells with either character
    return text.getvalue().removesuffix("\r\n") + "\n"


def _inert(cell: object) -> object:
    is_formula = isinstance(cell, str) and len(cell) > 1 and cell.startswith(FORMULA)
    return f"'{cell}" if is_formula else cell


def write_csv(path: Path, header: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """Write rows as a CSV file (UTF-8), atomically."""
    write_atomic(path, csv_text(header, rows).encode())


def markdown_table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    r"""Format rows as a Markdown table.

    >>> markdown_table(["rank", "lr"], [["1", "0.1|0.2"]])
    '| rank | lr |\n| --- | --- |\n| 1 | 0.1\\|0.2 |\n'
    """
    lines = [header, ["---"] * len(header), *rows]
    escaped = ([cell.replace("|", r"\|") for cell in line] for line in lines)
    return "".join(f"| {' | '.join(line)} |\n" for line in escaped)


def dicts(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> list[dict[str, Any]]:
    """Return a dict for each row, with the columns as keys."""
    return [dict(zip(columns, row, strict=True)) for row in rows]
