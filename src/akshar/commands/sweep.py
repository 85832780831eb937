"""`akshar sweep FOLDER`: the table of a sweep's runs, made from their folders."""

import argparse
import csv
import io
import logging
import sys
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from akshar.errors import UsageError
from akshar.files import write_atomic, write_json
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import find_sweep, is_search
from akshar.sweeps.table import Entry, Figure, Row, make_table, read_entries

log = logging.getLogger(__name__)
UNPIPED = 160  # columns where the output goes to a file or another program
MIN_SIZES = 3  # of networks, from which their accuracy is drawn against their size


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar sweep`.

    Returns:
        The exit code: 0 where no run has failed or was stopped, else 1.
    """
    parser = argparse.ArgumentParser(prog="akshar sweep", description=__doc__)
    parser.add_argument("folder", help="of the sweep, or latest")
    return report(find_sweep(parser.parse_args(arguments).folder))


def report(sweep: Path, jobs: int = 0) -> int:
    """Shows the table, writes it beside the runs as CSV, Markdown, JSON and PNG, and names what failed.

    Args:
        sweep: the folder.
        jobs: that there should be, where that is known.

    Returns:
        0 where no run has failed or was stopped, else 1.

    Raises:
        UsageError: the folder holds no runs.
    """
    entries = read_entries(sweep)
    if not entries:
        raise UsageError(f"{sweep}: holds no runs")
    rows = make_table(entries)
    cells = [_cells(row) for row in rows]
    _write(sweep, rows, cells)
    from akshar.plots.sweep import draw_sweep  # which loads matplotlib

    draw_sweep(rows, sweep / "sweep.png")
    sizes = _draw_sizes(sweep, rows, entries)
    if is_search(sweep):
        from akshar.sweeps.study import draw  # which loads optuna

        draw(sweep, sweep / "study.png")
    _print(cells)
    more = f", the search in {RunDir(sweep)}/study.png" if is_search(sweep) else ""
    more += f", accuracy by parameters in {RunDir(sweep)}/size.png" if sizes else ""
    print(f"table in {RunDir(sweep)}/sweep.{{csv,md,json,png}}{more}")
    if running := [entry.folder.path.name for entry in entries if entry.status == "running"]:
        print(f"running: job {', '.join(running)}", file=sys.stderr)
    failed = [entry for entry in entries if entry.status not in ("completed", "pruned", "running")]
    for entry in failed:
        print(f"{entry.status}: job {entry.folder.path.name}{_reason(entry)}", file=sys.stderr)
    if len(entries) < jobs:
        print(f"not begun: {jobs - len(entries)} of {jobs} jobs", file=sys.stderr)
    return int(bool(failed) or len(entries) < jobs)


def _draw_sizes(sweep: Path, rows: Sequence[Row], entries: Sequence[Entry]) -> bool:
    """Draws `size.png` where networks of at least three sizes were tested; returns whether they were."""
    from akshar.devanagari.letters import PUBLISHED  # card: from the data
    from akshar.plots.size import Network, draw_size  # which loads matplotlib

    networks = [
        Network(row.parameters, row.test_accuracy.mean, row.test_accuracy.sd)
        for row in rows
        if row.parameters is not None and row.test_accuracy is not None
    ]
    if len({network.parameters for network in networks}) < MIN_SIZES:
        return False
    sets = {(data["source"], data["subset"]) for entry in entries if (data := entry.result.get("data"))}
    draw_size(networks, PUBLISHED if sets == {("dhcd", "all")} else (), sweep / "size.png")
    return True


def _reason(entry: Entry) -> str:
    return f": {entry.error} (see {entry.folder.log})" if entry.error else ""


def _cells(row: Row) -> dict[str, str]:
    """A row as a person reads it; columns that no row fills are left out when shown."""
    return {
        "rank": str(row.rank or ""),
        **{key: f"{value:.4g}" if isinstance(value, float) else str(value) for key, value in row.values.items()},
        "runs": str(row.runs),
        "val loss": _figure(row.val_loss, 1, 4),
        "val accuracy %": _figure(row.val_accuracy, 100, 2),
        "pooled %": "" if row.pooled is None else f"{100 * row.pooled:.2f}",
        "test accuracy %": _figure(row.test_accuracy, 100, 2),
        "parameters": "" if row.parameters is None else f"{row.parameters:,}",
        "seconds": f"{row.seconds:.0f}",
        "failures": ", ".join(row.failures),
    }


def _figure(figure: Figure | None, factor: float, digits: int) -> str:
    if figure is None:
        return ""
    spread = f" ± {factor * figure.sd:.{digits}f}" if figure.sd is not None else ""
    return f"{factor * figure.mean:.{digits}f}{spread}"


def _filled(cells: Sequence[dict[str, str]]) -> list[str]:
    return [key for key in cells[0] if any(row[key] for row in cells)]


def _write(sweep: Path, rows: Sequence[Row], cells: Sequence[dict[str, str]]) -> None:
    columns = _filled(cells)
    lines = [columns, ["---"] * len(columns), *([row[key] for key in columns] for row in cells)]
    markdown = "".join(f"| {' | '.join(line)} |\n" for line in lines)
    write_atomic(sweep / "sweep.md", markdown.encode())
    write_json(sweep / "sweep.json", [asdict(row) for row in rows])
    text = io.StringIO(newline="")
    flat = [_flat(row) for row in rows]
    writer = csv.DictWriter(text, list(flat[0]))
    writer.writeheader()
    writer.writerows(flat)
    write_atomic(sweep / "sweep.csv", text.getvalue().encode())


def _flat(row: Row) -> dict[str, Any]:
    flat = {"rank": row.rank, **row.values, "runs": row.runs}
    for name in ("val_loss", "val_accuracy", "test_accuracy"):
        figure = getattr(row, name)
        flat |= {name: figure and figure.mean, f"{name}_sd": figure and figure.sd}
    flat |= {"pooled": row.pooled, "parameters": row.parameters, "seconds": row.seconds}
    return flat | {"failures": "; ".join(row.failures)}


def _print(cells: Sequence[dict[str, str]]) -> None:
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for column in _filled(cells):
        right = column in ("rank", "runs", "parameters", "seconds") or column.endswith(("%", "loss"))
        table.add_column(escape(column), justify="right" if right else "left", overflow="fold")
    for row in cells:
        table.add_row(*(escape(row[column]) for column in _filled(cells)))
    Console(width=None if sys.stdout.isatty() else UNPIPED).print(table)
