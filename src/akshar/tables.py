"""Tables for people and programs: on the console, as CSV and as Markdown."""

import csv
import io
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from akshar.files import printable, write_atomic

WIDTH_WHEN_PIPED = 160  # columns; a pipe or a file has no width
FORMULA = tuple("=+-@\t\r\n＝＋－＠")  # what a spreadsheet program may take for the beginning of a formula


@dataclass(frozen=True)
class Column:
    """One column of a console table.

    Attributes:
        title: heading; may be empty.
        right: whether cells are aligned to the right, as numbers are.
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

    table = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        title=Text(printable(title)) if title else None,
        title_justify="left",
    )
    for column in columns:
        justify = "right" if column.right else "left"
        overflow = "fold" if column.wrap else "ellipsis"
        table.add_column(Text(printable(column.title)), justify=justify, overflow=overflow, no_wrap=not column.wrap)
    for row in rows:
        cells = [cell if isinstance(cell, Cell) else Cell(cell) for cell in row]
        table.add_row(*(Text(printable(cell.text), cell.style) for cell in cells))
    console = Console(width=None if sys.stdout.isatty() else WIDTH_WHEN_PIPED)
    with console.capture() as shown:
        console.print(table)
    print(shown.get(), end="")  # rich itself would end the process if nobody reads


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
