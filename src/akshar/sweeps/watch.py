"""A live view of a sweep: the jobs at work with epoch and loss, those that failed, and how many stand how."""

import csv
import shutil
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from akshar.files import printable
from akshar.runs.run_dir import RunDir
from akshar.sweeps.slurm.submission import read_submissions
from akshar.sweeps.states import FINAL, QUEUED, SUBMITTED, SweepState, count_states, read_state
from akshar.tables import counted
from akshar.untrusted import read_bytes, read_yaml

if TYPE_CHECKING:
    from rich.table import Table

INTERVAL = 5.0  # seconds between two looks
MAX_HISTORY = 2_000_000  # bytes
SHARE = 0.1  # of the time that looking may take, in a large sweep
COLOURS = {"running": "cyan", "requeued": "yellow", "interrupted": "yellow", "cancelled": "yellow"}


def watch(sweep: Path) -> None:
    """Show how a sweep stands until nothing is queued or running; off a terminal, a line for every change."""
    from rich.console import Console  # imported late: `--help` must stay fast
    from rich.live import Live

    if not sys.stdout.isatty():
        last = ""
        while True:
            began = time.monotonic()
            state = read_state(sweep)
            if (line := headline(state)) != last:
                print(line, flush=True)
                last = line
            if not (state.is_active and state.is_known):
                return
            _pause(began)
    with Live(console=Console(), auto_refresh=False, transient=True) as live:
        while True:
            began = time.monotonic()
            state = read_state(sweep)
            if not (state.is_active and state.is_known):
                return
            live.update(_table(sweep, state), refresh=True)
            _pause(began)


def headline(state: SweepState) -> str:
    """How many jobs stand how, in one line."""
    counts = count_states(job.state for job in state.jobs)
    line = f"{counted(len(state.jobs), 'job')}: {counts}" if state.jobs else "no jobs yet"
    if state.processes:
        line += f"; search workers: {count_states(state.process_states)}"
    return line if state.is_known else f"{line}; Slurm does not answer here, so this is what the folders say"


def progress_of(run_dir: RunDir) -> tuple[str, str]:
    """Epoch and validation loss of a run, as far as it has come; empty where it has no epoch yet."""
    try:
        rows = [*csv.DictReader(read_bytes(run_dir.history, MAX_HISTORY).decode().splitlines())]
        epoch, loss = rows[-1]["epoch"], float(rows[-1].get("loss/val") or "nan")
        epochs = read_yaml(run_dir.config)["trainer"]["max_epochs"]
    except (OSError, ValueError, KeyError, IndexError, TypeError, csv.Error):
        return "", ""
    return printable(f"{epoch} of {epochs}"), f"{loss:.4f}"


def _table(sweep: Path, state: SweepState) -> "Table":
    """The jobs that are worth a line, as many as the terminal has lines for."""
    from rich.box import SIMPLE_HEAD
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, title=Text(headline(state)), title_justify="left", expand=False)
    for title in ("job", "", "state", "epoch", "val loss", "on"):
        table.add_column(title, justify="right" if title in ("epoch", "val loss") else "left", no_wrap=True)
    words = _varied_words(sweep)
    shown = [job for job in state.jobs if job.state not in (*FINAL, QUEUED, SUBMITTED)]
    shown.sort(key=lambda job: job.state != "running")
    room = max(3, shutil.get_terminal_size().lines - 7)
    for job in shown[:room]:
        epoch, loss = progress_of(job.run_dir)
        host = printable(job.status.host or "") if job.status and job.state == "running" else ""
        cells = (job.name, words.get(job.run_dir.path.name, ""), job.state, epoch, loss, host)
        table.add_row(*map(Text, cells), style=COLOURS.get(job.state, "red"))
    if len(shown) > room:
        table.add_row(Text(f"and {len(shown) - room} more"))
    return table


def _varied_words(sweep: Path) -> Mapping[str, str]:
    """Folder of each submitted job -> the overrides that not all jobs have."""
    jobs = [job for submission in read_submissions(sweep) for job in submission.jobs]
    common: set[str] = set.intersection(*({*job.words} for job in jobs)) if jobs else set()
    return {job.folder: printable(" ".join(_varied(job.words, common))) for job in jobs}


def _varied(words: Sequence[str], common: set[str]) -> list[str]:
    return [word for word in words if word not in common and not word.startswith("hydra.")]


def _pause(began: float) -> None:
    """Wait for the next look; longer where looking takes long."""
    time.sleep(max(INTERVAL, (time.monotonic() - began) / SHARE))
