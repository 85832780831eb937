"""The runs of a sweep as its table needs them: status, config values and result of each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from pydantic import JsonValue

from akshar.config.keys import flatten
from akshar.errors import UsageError
from akshar.files import printable
from akshar.renamed import upgrade_config
from akshar.runs.index import DIED
from akshar.runs.result import Result, read_result
from akshar.runs.run_dir import RunDir
from akshar.sweeps.states import SweepState
from akshar.sweeps.sweep_dir import read_choices, runs_of
from akshar.untrusted import read_yaml


@dataclass(frozen=True)
class Entry:
    """One run of a sweep.

    Attributes:
        run_dir: folder of the run.
        status: as in `status.json`; `DIED` if it says running but no process works on the run, or completed but
            the result is missing or damaged.
        values: dotted config keys and their values; a part that was chosen by name is represented by that name.
        result: None unless the run is completed.
        error: first line of the last error; empty if there was none.
    """

    run_dir: RunDir
    status: str
    values: Mapping[str, JsonValue]
    result: Result | None
    error: str

    @property
    def job(self) -> str:
        """Name of the job: the run's folder within the sweep."""
        return printable(self.run_dir.path.name)


def read_entries(sweep: Path) -> list[Entry]:
    """Read the runs of a sweep, in the order of their jobs; skip folders that hold no run yet."""
    return [entry for run_dir in runs_of(sweep) if (entry := _read(run_dir)) is not None]


def _read(run_dir: RunDir) -> Entry | None:
    recorded = run_dir.read_status()
    status: str = recorded.status if recorded else DIED
    result = None
    if status == "running" and not run_dir.is_locked():
        status = DIED
    elif status == "completed":
        try:
            result = read_result(run_dir)
        except UsageError:
            status = DIED
    try:  # the result has the config too, in a form that is read ten times as fast
        config = result.config if result else upgrade_config(read_yaml(run_dir.config), warn=False)
        choices = read_choices(run_dir.path)
        values = choices | flatten(config)
        values |= {part: name for part, name in choices.items() if part in values}
    except (OSError, ValueError, AttributeError, TypeError):
        return None
    values = {
        printable(key): printable(value) if isinstance(value, str) else value for key, value in values.items()
    }
    error = recorded.error if recorded and recorded.error else ""
    return Entry(run_dir, status, values, result, error=printable(error.partition("\n")[0]))


def with_states(entries: Iterable[Entry], state: SweepState) -> list[Entry]:
    """Replace each status in the folders by what Slurm says, where the job was submitted to it."""
    states = {job.run_dir.path: job.state for job in state.jobs}
    return [replace(entry, status=states.get(entry.run_dir.path, entry.status)) for entry in entries]
