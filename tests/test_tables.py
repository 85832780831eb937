"""Tables on the console, as CSV and as Markdown."""

import csv
import io
import re
import subprocess
import sys
from pathlib import Path

import pytest

import akshar
from akshar import tables
from akshar.tables import WIDTH_WHEN_PIPED, Cell, Column, csv_text, markdown_table, print_table, write_csv


def test_numbers_are_aligned_to_the_right_and_text_to_the_left(capsys):
    print_table([Column("name"), Column("size", right=True)], [["a", "5"], ["long", "1,234"]])
    heading, _, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["name", "size"]
    assert first.rstrip() == "a          5"
    assert second.rstrip() == "long   1,234"


def test_text_is_never_markup_nor_moves_the_cursor(capsys):
    rows = [["[/red]x", Cell("[b]", "red")], ["\x1b[2J", Cell(":smile:")]]
    print_table([Column("[i]a"), Column("b")], rows, title="[b]all")
    shown = capsys.readouterr().out
    for text in ("[/red]x", "[b]", r"\x1b[2J", ":smile:", "[i]a", "[b]all"):
        assert text in shown
    assert "\x1b" not in shown


def test_a_table_in_a_notebook_is_the_same_text(capsys, monkeypatch):
    monkeypatch.setattr("rich.console._is_jupyter", lambda: True)
    print_table([Column("name")], [[Cell("a", "red")]])
    shown = capsys.readouterr().out
    assert [line.rstrip() for line in shown.splitlines()] == ["name", "────", "a"]


def test_a_piped_table_is_wide_and_folds_only_where_it_may(capsys):
    print_table([Column("path"), Column("name", wrap=False)], [["p" * 2 * WIDTH_WHEN_PIPED, "unbroken"]])
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) == WIDTH_WHEN_PIPED
    assert sum(line.count("p") for line in lines[2:]) == 2 * WIDTH_WHEN_PIPED
    assert "unbroken" in lines[2]


@pytest.mark.parametrize("width", [80, 100, 160])
def test_a_number_is_never_broken_nor_parted_from_its_deviation_s_sign(width, capsys, monkeypatch):
    monkeypatch.setattr(tables, "WIDTH_WHEN_PIPED", width)
    titles = ("rank", "runs", "val loss", "val accuracy %", "test accuracy %", "parameters")
    columns = [*(Column(title, right=True) for title in titles), Column("failures")]
    row = ["1", "3", "1.4670 ± 0.1234", "91.23 ± 0.12", "92.22 ± 0.11", "172,270", "3: diverged"]
    print_table(columns, [row])
    shown = capsys.readouterr().out
    assert max(map(len, shown.splitlines())) <= width
    assert not re.search(r"±\s*$", shown, re.MULTILINE)
    for number in ("1.4670", "± 0.1234", "91.23", "± 0.12", "172,270"):
        assert number in shown
    assert ("1.4670 ± 0.1234" in shown) == (width > 80)


@pytest.mark.parametrize("cell", ["a,b", 'say "x"', "two\nlines", "two\rlines", "क", ""])
def test_csv_is_read_back_as_it_was_written(cell, tmp_path):
    write_csv(tmp_path / "t.csv", ["first", "second"], [[cell, 1], [None, 0.5]])
    with (tmp_path / "t.csv").open(encoding="utf-8", newline="") as file:
        assert [*csv.reader(file)] == [["first", "second"], [cell, "1"], ["", "0.5"]]
    assert next(csv.reader(io.StringIO(csv_text([cell, "x"], [])))) == [cell, "x"]


@pytest.mark.parametrize("text", ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "＝1"])
def test_text_from_elsewhere_is_no_formula(text, fault):
    first, second = csv.reader(io.StringIO(csv_text([text], [[text]])))
    assert first == second == [f"'{text}"]
    fault("names of files and classes that a spreadsheet would run as formulas", "stand in CSV after an apostrophe")


def test_numbers_and_signs_stay_as_they_are():
    rows = [[-1, -0.5, "-", "+", "a-b", "क"]]
    assert csv_text(["a"], rows) == "a\n-1,-0.5,-,+,a-b,क\n"


def test_a_markdown_table_keeps_its_columns():
    assert markdown_table(["a", "b"], [["1|2", ""]]).splitlines() == ["| a | b |", "| --- | --- |", r"| 1\|2 |  |"]


def test_rich_is_imported_only_to_print():
    code = "import sys, akshar.tables; sys.exit('rich' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_no_other_module_writes_csv():
    package = Path(akshar.__file__).parent
    writing = re.compile(r"\bcsv\.(?:writer|DictWriter)\b|\bfrom csv import\b|\.to_csv\(")
    found = [
        str(path.relative_to(package))
        for path in package.rglob("*.py")
        if writing.search(path.read_text(encoding="utf-8"))
    ]
    assert found == ["tables.py"]
