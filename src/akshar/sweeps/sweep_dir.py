"""A sweep's folder: whose turn it is, and which run in it is which job."""

import itertools
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout
from omegaconf import OmegaConf
from yaml import YAMLError

from akshar.errors import UsageError
from akshar.files import write_json
from akshar.runs.run_dir import RunDir

ROOT = Path("outputs/multirun")
JOURNAL = "study.journal"  # of a search, beside its runs
CHOICES = "choices.json"  # in a run's folder: by which presets it was composed
CLAIM = ".job"  # in a run's folder: the hash of the job that it belongs to


def find_sweep(named: str) -> Path:
    """The folder of a sweep by its path, or by the word `latest`: the one of `outputs/multirun` that began last.

    Raises:
        UsageError: there is no such folder, or it is no sweep's.
    """
    if named == "latest":
        sweeps = sorted(path for path in ROOT.glob("*") if is_sweep(path))
        if not sweeps:
            raise UsageError(f"latest: there is no sweep in {ROOT}; name its folder")
        return sweeps[-1]
    path = Path(named).expanduser()
    if not path.is_dir():
        raise UsageError(f"{named}: no such folder")
    if not is_sweep(path):
        raise UsageError(f"{named}: is no sweep's folder; one holds multirun.yaml, or a folder for each run")
    return path


def begun_with(sweep: Path) -> set[str] | None:
    """The keys that the last line run in a sweep's folder gave, but Hydra's own; None where that was not kept."""
    try:
        line = OmegaConf.select(OmegaConf.load(sweep / "multirun.yaml"), "hydra.overrides.task")
    except (OSError, YAMLError):
        return None
    return None if line is None else {str(word).partition("=")[0] for word in line}


def is_search(path: Path) -> bool:
    """Whether the folder's runs are trials of a search."""
    return (path / JOURNAL).exists()


def is_sweep(path: Path) -> bool:
    """Whether a folder was made by `akshar train -m`, or holds runs."""
    return (path / "multirun.yaml").exists() or any(path.glob("*/status.json"))


def runs_of(sweep: Path) -> list[RunDir]:
    """The runs of a sweep, in the order of their jobs; foreign folders are passed over."""
    folders = [path.parent for path in sweep.glob("*/status.json")]
    return [RunDir(path) for path in sorted(folders, key=lambda path: (not path.name.isdecimal(), _order(path)))]


def job_dir(preferred: RunDir, config_hash: str) -> RunDir:
    """Where a job belongs: where it was begun, else in `preferred`, else, if another job is there, in a new one.

    The folder is claimed in one step, so that jobs that run side by side do not meet in one.

    Args:
        preferred: the folder that Hydra chose, by the job's number.
        config_hash: by which the job is known.
    """
    sweep = preferred.path.parent
    for claim in sweep.glob(f"*/{CLAIM}"):
        if claim.read_text(encoding="utf-8") == config_hash:
            return RunDir(claim.parent)
    numbers = [int(path.name) for path in sweep.iterdir() if path.name.isdecimal()]
    for name in itertools.chain([preferred.path.name], map(str, itertools.count(max(numbers, default=-1) + 1))):
        folder = sweep / name
        folder.mkdir(exist_ok=True)
        with suppress(FileExistsError), (folder / CLAIM).open("x", encoding="utf-8") as file:
            file.write(config_hash)
            return RunDir(folder)
    raise AssertionError("numbers do not end")


def write_choices(run: Path, choices: Mapping[str, str | None]) -> None:
    """Notes in a run's folder which preset was chosen for each part, for the table."""
    parts = {part: name for part, name in choices.items() if name is not None and "/" not in part}
    write_json(run / CHOICES, parts)


def read_choices(run: Path) -> dict[str, str]:
    """What `write_choices` noted; empty where nothing was."""
    try:
        content = json.loads((run / CHOICES).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def locked(sweep: Path) -> Iterator[None]:
    """Keeps a second grid from starting in the same folder.

    Raises:
        UsageError: one is running there.
    """
    sweep.mkdir(parents=True, exist_ok=True)
    lock = FileLock(sweep / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(f"{sweep}: another sweep runs in it; wait for it, or choose another folder") from error
    try:
        yield
    finally:
        lock.release()


def _order(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdecimal() else 0, path.name)
