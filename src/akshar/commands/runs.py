"""`akshar runs`: list the runs below a folder; `akshar runs rm`: delete some of them."""

import argparse
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from akshar.errors import UsageError
from akshar.runs.index import DIED, Run, further_metrics, list_runs, remove_runs
from akshar.tables import Cell, Column, print_table

STATUSES = ("running", "completed", "failed", "interrupted", "diverged", "pruned", DIED)
COLOURS = {"completed": "green", "running": "cyan", "failed": "red", "diverged": "red", DIED: "red"}
COLUMNS = [
    Column("run"),
    Column("name", wrap=False),
    Column("status", wrap=False),
    *(Column(title, right=True, wrap=False) for title in ("epochs", "age", "size", "val", "test")),
]


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: what follows `akshar runs`.

    Returns:
        The exit code: 0, or 1 if the user declined to delete.
    """
    args = _parser().parse_args(arguments)
    if args.action not in ("list", "rm"):  # a folder, as for `akshar.runs`
        args.root, args.action = args.action, "list"
    root = Path(args.root)
    if not root.is_dir() and args.root != "outputs":
        raise UsageError(f"--root {root}: no such folder")
    statuses = args.status.split(",") if args.status else STATUSES
    if unknown := [status for status in statuses if status not in STATUSES]:
        raise UsageError(f"--status {unknown[0]}: no such status; choose from {', '.join(STATUSES)}")
    if args.runs and args.action == "list":
        raise UsageError(f"{args.runs[0]}: `akshar runs` lists every run below --root; name runs after `rm`")
    everything = list_runs(root)
    runs = [run for run in everything if run.status in statuses]
    if args.action == "rm":
        return _remove(runs, args)
    if everything and not runs:
        print(f"none of the {len(everything)} runs in {root} has status {args.status}")
    elif not runs:
        print(f"no runs in {root}; start one with `akshar train`, or pass --root FOLDER")
    else:
        _print(runs)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar runs", description=__doc__)
    parser.add_argument(
        "action",
        nargs="?",
        metavar="FOLDER|list|rm",
        default="list",
        help="a folder to look in; list (default); rm",
    )
    parser.add_argument("runs", nargs="*", metavar="RUN", help="run folders to delete, after rm")
    parser.add_argument("--root", default="outputs", metavar="FOLDER", help="where to look (default: outputs)")
    parser.add_argument("--status", metavar="A,B", help=f"only runs with these: {', '.join(STATUSES)}")
    parser.add_argument("--yes", action="store_true", help="delete without confirmation")
    return parser


def _remove(candidates: Sequence[Run], args: argparse.Namespace) -> int:
    """Delete those of the candidates that the command line names, after a confirmation."""
    if not args.runs and not args.status:
        raise UsageError("runs rm: name the runs to delete, or choose them with --status failed,died")
    named = {Path(run).expanduser().absolute() for run in args.runs}
    runs = [run for run in candidates if not named or run.run_dir.path.absolute() in named]
    if unknown := named - {run.run_dir.path.absolute() for run in runs}:
        raise UsageError(*(f"{path}: no such run in {args.root}" for path in sorted(unknown)))
    if not runs:
        print("nothing to remove")
        return 0
    _print(runs)
    if not args.yes and not _confirm(len(runs)):
        return 1
    remove_runs(runs)
    print(f"removed {len(runs)} runs, {_size(sum(run.size for run in runs))}")
    return 0


def _print(runs: Sequence[Run]) -> None:
    now = datetime.now(UTC)
    further = further_metrics(runs)
    print_table(
        [*COLUMNS, *(Column(name, right=True, wrap=False) for name in further)],
        [
            (
                str(run.run_dir),
                run.name,
                Cell(run.status, COLOURS.get(run.status, "yellow")),
                str(run.epoch),
                _age((now - run.updated).total_seconds()),
                _size(run.size),
                _percent(run.val_accuracy),
                _percent(run.test_accuracy),
                *(f"{run.monitored[name]:.4f}" if name in run.monitored else "" for name in further),
            )
            for run in runs
        ],
    )


def _confirm(count: int) -> bool:
    if not sys.stdin.isatty():
        raise UsageError("runs rm: no terminal to confirm on; pass --yes to delete without confirmation")
    return input(f"remove {count} runs? [y/N] ").strip().lower() in ("y", "yes")


def _percent(fraction: float | None) -> str:
    return "" if fraction is None else f"{100 * fraction:.2f} %"


def _age(seconds: float) -> str:
    for unit, length in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= length:
            return f"{seconds / length:.0f} {unit}"
    return f"{max(seconds, 0):.0f} s"


def _size(size: float) -> str:
    """A size in bytes, with its decimal unit."""
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.0f} GB"
