"""`akshar runs`: what lies in `outputs/`; `akshar runs rm`: removes what is not wanted."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from akshar.errors import UsageError
from akshar.runs.index import DIED, Run, list_runs, remove_runs

STATUSES = ("running", "completed", "failed", "interrupted", "diverged", "pruned", DIED)
COLOURS = {"completed": "green", "running": "cyan", "failed": "red", "diverged": "red", DIED: "red"}
UNPIPED = 160  # columns where the output goes to a file or another program


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar runs`.

    Returns:
        The exit code: 0, or 1 where a person said no.
    """
    asked = _parser().parse_args(arguments)
    root = Path(asked.root)
    if not root.is_dir() and asked.root != "outputs":
        raise UsageError(f"--root {root}: no such folder")
    wanted_statuses = asked.status.split(",") if asked.status else STATUSES
    if wrong := [status for status in wanted_statuses if status not in STATUSES]:
        raise UsageError(f"--status {wrong[0]}: no such status; there are {', '.join(STATUSES)}")
    if asked.runs and asked.action == "list":
        raise UsageError(f"{asked.runs[0]}: `akshar runs` lists all below --root; name runs after `rm`")
    everything = list_runs(root)
    runs = [run for run in everything if run.status in wanted_statuses]
    if asked.action == "list":
        if everything and not runs:
            print(f"none of the {len(everything)} runs in {root} is {asked.status}")
        else:
            _print(runs, root)
        return 0
    if not asked.runs and not asked.status:
        raise UsageError("runs rm: name runs, or --status failed,died ...")
    named = {Path(run).expanduser().absolute() for run in asked.runs}
    wanted = [run for run in runs if not named or run.folder.path.absolute() in named]
    if unknown := named - {run.folder.path.absolute() for run in wanted}:
        raise UsageError(*(f"{path}: no such run in {root}" for path in sorted(unknown)))
    if not wanted:
        print("nothing to remove")
        return 0
    _print(wanted, root)
    if not asked.yes and not _agreed(len(wanted)):
        return 1
    remove_runs(wanted)
    print(f"removed {len(wanted)}, {_size(sum(run.size for run in wanted))}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar runs", description=__doc__)
    parser.add_argument("action", nargs="?", choices=("list", "rm"), default="list")
    parser.add_argument("runs", nargs="*", metavar="RUN", help="folders, for rm")
    parser.add_argument("--root", default="outputs", metavar="FOLDER", help="where to look (outputs)")
    parser.add_argument("--status", metavar="A,B", help=f"only these: {', '.join(STATUSES)}")
    parser.add_argument("--yes", action="store_true", help="remove without asking")
    return parser


def _print(runs: Sequence[Run], root: Path) -> None:
    if not runs:
        print(f"no runs in {root}; `akshar train` makes them, below the folder where it is started")
        return
    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    table.add_column("run", overflow="fold")  # whole, to be copied
    table.add_column("name", no_wrap=True)
    table.add_column("status", no_wrap=True)
    for column in ("epochs", "age", "size", "val", "test"):
        table.add_column(column, justify="right", no_wrap=True)
    for run in runs:
        colour = COLOURS.get(run.status, "yellow")
        table.add_row(
            escape(str(run.folder)),
            escape(run.name),
            f"[{colour}]{escape(run.status)}[/]",
            str(run.epoch),
            _age((datetime.now(UTC) - run.updated).total_seconds()),
            _size(run.size),
            _percent(run.val_accuracy),
            _percent(run.test_accuracy),
        )
    Console(width=None if sys.stdout.isatty() else UNPIPED).print(table)


def _agreed(count: int) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("runs rm: nobody is there to be asked; --yes removes without asking")
    return input(f"remove {count}? [y/N] ").strip().lower() in ("y", "yes")


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.2f} %"


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _size(count: float) -> str:
    for unit in ("B", "kB", "MB", "GB"):
        if count < 1000 or unit == "GB":
            return f"{count:.0f} {unit}"
        count /= 1000
    raise AssertionError
