"""A sweep's folder: whose turn it is, and which run in it is which job."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from filelock import FileLock, Timeout

from akshar.errors import BadRequest
from akshar.runs.provenance import read
from akshar.runs.record import RunFolder

ROOT = Path("outputs/multirun")
JOURNAL = "study.journal"  # of a search, beside its runs


def find_sweep(named: str) -> Path:
    """The folder of a sweep by its path, or by the word `latest`: the one of `outputs/multirun` that began last.

    Raises:
        BadRequest: there is no such folder, or it is no sweep's.
    """
    if named == "latest":
        sweeps = sorted(path for path in ROOT.glob("*") if is_sweep(path))
        if not sweeps:
            raise BadRequest(f"latest: there is no sweep in {ROOT}; name its folder")
        return sweeps[-1]
    path = Path(named).expanduser()
    if not path.is_dir():
        raise BadRequest(f"{named}: no such folder")
    if not is_sweep(path):
        raise BadRequest(f"{named}: is no sweep's folder; one holds multirun.yaml, or a folder for each run")
    return path


def is_sweep(path: Path) -> bool:
    """Whether a folder was made by `akshar train -m`, or holds runs."""
    return (path / "multirun.yaml").exists() or any(path.glob("*/status.json"))


def runs_of(sweep: Path) -> list[RunFolder]:
    """The runs of a sweep, in the order of their jobs; foreign folders are passed over."""
    folders = [path.parent for path in sweep.glob("*/status.json")]
    return [RunFolder(path) for path in sorted(folders, key=lambda path: (not path.name.isdecimal(), _order(path)))]


def folder_of_job(preferred: RunFolder, config_hash: str) -> RunFolder:
    """Where a job belongs: where it was begun, else in `preferred`, else, if another job is there, in a new one.

    Args:
        preferred: the folder that Hydra chose, by the job's number.
        config_hash: by which the job is known.
    """
    sweep = preferred.path.parent
    begun = {_hash_of(run): run for run in runs_of(sweep)}
    if config_hash in begun:
        return begun[config_hash]
    if _hash_of(preferred) is None:
        return preferred
    numbers = [int(path.name) for path in sweep.iterdir() if path.name.isdecimal()]
    return RunFolder(sweep / str(max(numbers) + 1))


@contextmanager
def held(sweep: Path) -> Iterator[None]:
    """Keeps a second grid from starting in the same folder.

    Raises:
        BadRequest: one is running there.
    """
    sweep.mkdir(parents=True, exist_ok=True)
    lock = FileLock(sweep / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise BadRequest(f"{sweep}: another sweep runs in it; wait for it, or choose another folder") from error
    try:
        yield
    finally:
        lock.release()


def _hash_of(run: RunFolder) -> str | None:
    """The hash of the job that a folder holds; None where none has begun."""
    try:
        return read(run).get("config_hash", "unknown")
    except BadRequest:
        return None


def _order(path: Path) -> tuple[int, str]:
    return (int(path.name) if path.name.isdecimal() else 0, path.name)
