"""The runs of a sweep as its table needs them: status, config values and result of each."""

import json
from dataclasses import dataclass
from pathlib import Path

import yaml
from pydantic import BaseModel, JsonValue

from akshar.config.schema import compared
from akshar.runs.index import DIED
from akshar.runs.run_dir import RunDir
from akshar.sweeps.sweep_dir import read_choices, runs_of


class Best(BaseModel):
    """Validation metrics of the kept epoch."""

    val_loss: float
    val_accuracy: float


class Tested(BaseModel):
    """Metrics on the test images."""

    accuracy: float


class Fit(BaseModel):
    """Cost of the training."""

    seconds: float


class Network(BaseModel):
    """Size of the network."""

    parameters: int


class Data(BaseModel):
    """Images of the run: their data set and the sizes of the split."""

    source: str = ""
    subset: str | None = None
    train: int = 0
    val: int = 0


class Result(BaseModel):
    """The part of `result.json` that the table shows; `test` is None for a run with `test=false`."""

    best: Best
    test: Tested | None
    fit: Fit
    model: Network
    data: Data = Data()


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
    values: dict[str, JsonValue]
    result: Result | None
    error: str

    @property
    def job(self) -> str:
        """Name of the job: the run's folder within the sweep."""
        return self.run_dir.path.name


def read_entries(sweep: Path) -> list[Entry]:
    """Reads the runs of a sweep, in the order of their jobs; skips folders that hold no run yet."""
    return [entry for run_dir in runs_of(sweep) if (entry := _read(run_dir)) is not None]


def _read(run_dir: RunDir) -> Entry | None:
    try:
        config = yaml.safe_load(run_dir.config.read_text(encoding="utf-8"))
        choices = read_choices(run_dir.path)
        values = choices | compared(config)
        values |= {part: name for part, name in choices.items() if part in values}
    except (OSError, ValueError, AttributeError, yaml.YAMLError):
        return None
    recorded = run_dir.read_status()
    status = str(recorded.get("status"))
    result = None
    if status == "running" and not run_dir.is_locked():
        status = DIED
    elif status == "completed":
        result = _read_result(run_dir)
        status = status if result else DIED
    return Entry(run_dir, status, values, result, error=str(recorded.get("error") or "").partition("\n")[0])


def _read_result(run_dir: RunDir) -> Result | None:
    try:
        return Result.model_validate(json.loads(run_dir.result.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None
