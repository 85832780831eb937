"""The summary of a sweep: its table on the console and in files, its plots, and the jobs that failed."""

import sys
from collections.abc import Collection, Sequence
from dataclasses import asdict
from pathlib import Path

from akshar.data.card import PublishedResult
from akshar.errors import AksharError, UsageError, first_line
from akshar.files import printable, write_atomic, write_json
from akshar.metrics.mean_sd import MeanSd
from akshar.runs.run_dir import RunDir
from akshar.sweeps.database import VARIABLE
from akshar.sweeps.entries import Entry, read_entries, with_states
from akshar.sweeps.slurm.submission import commands_of, read_submissions
from akshar.sweeps.states import ACTIVE, CANCELLED, FINAL, HELD, SweepState, read_state
from akshar.sweeps.sweep_dir import claimed_config, is_search
from akshar.sweeps.table import Row, make_table, metric_named
from akshar.sweeps.watch import headline
from akshar.tables import Column, markdown_table, print_table, write_csv
from akshar.untrusted import refuse_links

NUMBERS = ("rank", "runs", "val loss", "parameters", "seconds")  # aligned to the right, as are the other metrics
PRINTED = 100  # rows on the console
MIN_SIZES = 3  # different numbers of parameters for a plot of accuracy by size
MAX_SIZE = 10**15  # parameters; a result that names more is not drawn
NOT_FAILED = (*FINAL, *ACTIVE)


def summarise(sweep: Path, jobs: Collection[str] = ()) -> int:
    """Print the table of a sweep and list failed jobs; write `sweep.{csv,md,json,png}` and the other plots.

    Args:
        sweep: folder of the sweep.
        jobs: hashes of the configs that the sweep should have run, to report missing ones; none if unknown.

    Returns:
        0 if no job failed, was stopped or is missing, otherwise 1.

    Raises:
        UsageError: the folder holds no runs, or a link through which another file would be overwritten.
    """
    refuse_links(sweep)
    state = read_state(sweep) if read_submissions(sweep) else SweepState()
    entries = with_states(read_entries(sweep), state)
    if not entries and not state.jobs and not state.processes:
        raise UsageError(f"{sweep}: no runs in this folder")
    if entries:
        _show_table(sweep, entries)
    if state.jobs or state.processes:
        print(headline(state))
    return _report_failures(sweep, entries, jobs, state)


def _show_table(sweep: Path, entries: Sequence[Entry]) -> None:
    """Print the table, and write it and the plots."""
    rows = make_table(entries)
    header, cells = format_rows(rows)
    write_atomic(sweep / "sweep.md", markdown_table(header, cells).encode())
    write_json(sweep / "sweep.json", [_plain(row) for row in rows])
    write_csv(sweep / "sweep.csv", *_columns(rows))
    print()
    print_table([Column(title, right=_is_number(title)) for title in header], cells[:PRINTED])
    if len(cells) > PRINTED:
        print(f"the first {PRINTED} of {len(cells):,} rows; all of them are in {RunDir(sweep)}/sweep.csv")
    drawn = _draw(sweep, rows, entries) if any(row.runs for row in rows) else None
    kinds = "csv,md,json" if drawn is None else "csv,md,json,png"
    print(", ".join([f"table in {RunDir(sweep)}/sweep.{{{kinds}}}", *(drawn or [])]))


def _draw(sweep: Path, rows: Sequence[Row], entries: Sequence[Entry]) -> list[str]:
    """Draw the plots that the runs have enough data for; return one description for each except `sweep.png`."""
    from akshar.plots.sweep import draw_sweep  # imported late: loads matplotlib

    drawn = []
    draw_sweep(rows, sweep / "sweep.png")
    if is_search(sweep):
        from akshar.sweeps.search_plot import draw_search  # imported late: loads optuna, an extra
        from akshar.sweeps.study_place import find_place

        place = find_place(sweep)
        try:
            if not place.may_open():
                drawn.append(f"the study is in {place} ({VARIABLE} with this URL lets akshar sweep draw it)")
            elif draw_search(sweep, sweep / "study.png"):
                drawn.append(f"the search in {RunDir(sweep)}/study.png")
        except AksharError as error:
            if place.shown is None:
                raise
            drawn.append(f"no study.png: {first_line(error)}")  # a database may be away
    if _draw_sizes(rows, entries, sweep / "size.png"):
        drawn.append(f"accuracy by parameters in {RunDir(sweep)}/size.png")
    return drawn


def _draw_sizes(rows: Sequence[Row], entries: Sequence[Entry], path: Path) -> bool:
    """Draw test accuracy by network size if there are at least `MIN_SIZES` sizes; return whether it did."""
    from akshar.plots.size import Network, draw_size  # imported late: loads matplotlib

    networks = [
        Network(row.parameters, row.test_accuracy.mean, row.test_accuracy.sd)
        for row in rows
        if row.parameters is not None and 0 < row.parameters < MAX_SIZE
        if row.test_accuracy is not None and 0 <= row.test_accuracy.mean <= 1
    ]
    if len({network.parameters for network in networks}) < MIN_SIZES:
        return False
    draw_size(networks, _published(entries), path)
    return True


def _published(entries: Sequence[Entry]) -> tuple[PublishedResult, ...]:
    """Results of others on the same test images, to draw beside the sweep's; empty if the data sets differ."""
    found = {entry.result.dataset_card.published for entry in entries if entry.result}
    return found.pop() if len(found) == 1 else ()


def _report_failures(sweep: Path, entries: Sequence[Entry], jobs: Collection[str], state: SweepState) -> int:
    if running := [entry.job for entry in entries if entry.status == "running"]:
        print(f"running: job {', '.join(running)}", file=sys.stderr)
    failed = [entry for entry in entries if entry.status not in NOT_FAILED]
    logs = {job.run_dir.path: job.log for job in state.jobs}
    for entry in failed:
        log = logs.get(entry.run_dir.path)
        reason = f": {entry.error} (see {printable(entry.run_dir.log)})" if entry.error else _see(log)
        print(f"{entry.status}: job {entry.job}{reason}", file=sys.stderr)
    begun = {entry.run_dir.path for entry in entries}
    waiting = [job for job in state.jobs if job.run_dir.path not in begun]
    never = [job for job in waiting if job.state not in ACTIVE]
    for job in never:
        print(f"{job.state}: job {job.name}, before it began{_see(job.log)}", file=sys.stderr)
    lost = [(process, log) for process, log in state.processes if process in ("failed", HELD, CANCELLED)]
    for process, log in lost:
        print(f"{process}: a search worker{_see(log)}", file=sys.stderr)
    missing = {*jobs} - {claimed_config(path) for path in begun} - {job.key for job in waiting}
    if missing:
        print(f"not started: {len(missing)} of {len(jobs)} jobs", file=sys.stderr)
    is_incomplete = bool(failed or never or missing or lost)
    for command in commands_of(sweep) if is_incomplete else ():
        print(f"to run what is missing:  {command}", file=sys.stderr)
    return int(is_incomplete)


def _see(log: Path | None) -> str:
    return f" (see {printable(RunDir(log))})" if log and log.exists() else ""


def format_rows(rows: Sequence[Row]) -> tuple[list[str], list[list[str]]]:
    """Format the table for people: column titles, and the cells of each row; empty columns are left out."""
    formatted = [_format(row) for row in rows]
    header = [title for title in formatted[0] if any(cells[title] for cells in formatted)]
    return header, [[cells[title] for title in header] for cells in formatted]


def _is_number(title: str) -> bool:
    return title in NUMBERS or title.endswith(("%", "/val", "/test"))


def _format(row: Row) -> dict[str, str]:
    return {
        "rank": str(row.rank or ""),
        **{key: f"{value:.4g}" if isinstance(value, float) else str(value) for key, value in row.values.items()},
        "runs": str(row.runs),
        **{
            metric.title: _mean_sd(row.metrics[metric.name], metric.factor, metric.digits)
            for metric in map(metric_named, row.metrics)
        },
        "pooled %": "" if row.pooled is None else f"{100 * row.pooled:.2f}",
        "parameters": "" if row.parameters is None else f"{row.parameters:,}",
        "seconds": f"{row.seconds:.0f}",
        "failures": ", ".join(row.failures),
    }


def _mean_sd(metric: MeanSd | None, factor: float, digits: int) -> str:
    if metric is None:
        return ""
    spread = f" ± {factor * metric.sd:.{digits}f}" if metric.sd is not None else ""
    return f"{factor * metric.mean:.{digits}f}{spread}"


def _plain(row: Row) -> dict[str, object]:
    """A row as JSON, its metrics beside the other values."""
    record = asdict(row)
    return record | record.pop("metrics")


def read_columns(sweep: Path) -> tuple[list[str], list[list[object]]]:
    """Read the table of a sweep as `sweep.csv` has it: column names, and the unrounded values of each row.

    Raises:
        UsageError: the folder holds no runs.
    """
    entries = read_entries(sweep)
    if not entries:
        raise UsageError(f"{sweep}: no runs in this folder")
    return _columns(make_table(entries))


def _columns(rows: Sequence[Row]) -> tuple[list[str], list[list[object]]]:
    """Format the table for programs: column names, and the unrounded values of each row."""
    records = [_record(row) for row in rows]
    return [*records[0]], [[*record.values()] for record in records]


def _record(row: Row) -> dict[str, object]:
    """A row as CSV columns, unrounded."""
    record: dict[str, object] = {"rank": row.rank, **row.values, "runs": row.runs}
    for name, metric in row.metrics.items():
        record |= {name: metric and metric.mean, f"{name}_sd": metric and metric.sd}
    record |= {"pooled": row.pooled, "parameters": row.parameters, "seconds": row.seconds}
    return record | {"failures": "; ".join(row.failures)}
