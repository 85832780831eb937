"""The folder of a sweep: finding it, locking it, and assigning each job a run folder in it."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from akshar.errors import UsageError
from akshar.files import write_atomic, write_json
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_json, read_yaml

ROOT = Path("outputs/multirun")
JOURNAL = "study.journal"  # the study of a search, beside its runs
DATABASE = "study.json"  # in place of the journal: the database that the study is in
CHOICES = "choices.json"  # in a run's folder: the names of the parts it was composed of
CLAIM = ".job"  # in a run's folder: the key of the job that it belongs to


def find_sweep(name: str) -> Path:
    """Find a sweep by its path, or by the word `latest`: the newest sweep in `outputs/multirun`.

    Raises:
        UsageError: no such folder, or not the folder of a sweep.
    """
    if name == "latest":
        sweeps = sorted(path for path in ROOT.glob("*") if is_sweep(path))
        if not sweeps:
            raise UsageError(f"latest: no sweep in {ROOT}; name a sweep's folder")
        return sweeps[-1]
    path = Path(name).expanduser()
    if not path.is_dir():
        raise UsageError(f"{name}: no such folder")
    if not is_sweep(path):
        raise UsageError(f"{name}: not the folder of a sweep, which holds multirun.yaml or a folder for each run")
    return path


def override_keys(sweep: Path) -> set[str] | None:
    """Keys of the overrides that a sweep was last started with, without Hydra's; None if not recorded."""
    try:
        overrides = read_yaml(sweep / "multirun.yaml")["hydra"]["overrides"]["task"]
        return {str(override).partition("=")[0] for override in overrides}
    except (OSError, ValueError, KeyError, TypeError):
        return None


def is_search(path: Path) -> bool:
    """Whether the runs of a sweep are trials of a search."""
    return (path / JOURNAL).is_file() or (path / DATABASE).is_file()


def is_sweep(path: Path) -> bool:
    """Whether a folder was made by `akshar train -m`, or holds runs."""
    return (path / "multirun.yaml").exists() or any(path.glob("*/status.json"))


def runs_of(sweep: Path) -> list[RunDir]:
    """The runs of a sweep in the order of their jobs, named folders last; folders without a run are skipped."""

    def order(path: Path) -> tuple[bool, int, str]:
        is_number = path.name.isdecimal()
        return not is_number, int(path.name) if is_number else 0, path.name

    return [RunDir(path) for path in sorted((path.parent for path in sweep.glob("*/status.json")), key=order)]


def job_dir(preferred: RunDir, key: str) -> RunDir:
    """Claim the run folder of a job.

    That is the folder in which the job was started earlier, otherwise `preferred`, otherwise (if another job has
    claimed that one) a new folder. A claim is a single atomic step, so parallel jobs never share a folder.

    Args:
        preferred: folder that Hydra chose by the job's number.
        key: identifies the job: a hash of its config, a hyphen, and a hash of the config with its data and initial
            weights, which is missing where these cannot be read.
    """
    sweep = preferred.path.parent
    claims = {path: path.read_text(encoding="utf-8") for path in sorted(sweep.glob(f"*/{CLAIM}"))}
    for path, claimed in sorted(claims.items(), key=lambda claim: claim[1] != key):
        if _is_same_job(claimed, key):
            if claimed != key and not key.endswith("-"):
                write_atomic(path, key.encode())  # now that its data was read
            return RunDir(path.parent)
    numbers = [int(path.name) for path in sweep.iterdir() if path.name.isdecimal()]
    for name in itertools.chain([preferred.path.name], map(str, itertools.count(max(numbers, default=-1) + 1))):
        path = sweep / name
        path.mkdir(exist_ok=True)
        with suppress(FileExistsError), (path / CLAIM).open("x", encoding="utf-8") as file:
            file.write(key)
            return RunDir(path)
    raise AssertionError("unreachable: the numbers are infinite")


def _is_same_job(claimed: str, key: str) -> bool:
    """Whether two keys name one job; without the hash of its data a job is known by its config."""
    config, _, content = key.partition("-")
    claimed_config, hyphen, claimed_content = claimed.partition("-")
    if not hyphen:  # claimed by an earlier version
        return claimed != "" and claimed in (key, content)
    return claimed_config == config and (content == claimed_content or "" in (content, claimed_content))


def claimed_config(run: Path) -> str:
    """Hash of the config of the job that a run's folder belongs to; empty if it is not recorded."""
    try:
        return (run / CLAIM).read_text(encoding="utf-8").partition("-")[0]
    except (OSError, ValueError):
        return ""


def write_choices(run: Path, choices: Mapping[str, str | None]) -> None:
    """Record in a run's folder which config was chosen for each part; the table shows it."""
    write_json(
        run / CHOICES, {part: name for part, name in choices.items() if name is not None and "/" not in part}
    )


def read_choices(run: Path) -> dict[str, str]:
    """Read what `write_choices` recorded; empty if there is no such record."""
    try:
        content = read_json(run / CHOICES)
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


@contextmanager
def locked(sweep: Path) -> Iterator[None]:
    """Hold the lock of a sweep's folder, so that no second grid starts in it.

    Raises:
        UsageError: another process holds the lock.
    """
    sweep.mkdir(parents=True, exist_ok=True)
    lock = FileLock(sweep / ".lock")
    try:
        lock.acquire(timeout=0)
    except Timeout as error:
        raise UsageError(
            f"{sweep}: another sweep is running in this folder; wait for it, or choose another folder"
        ) from error
    try:
        yield
    finally:
        lock.release()
