"""The folder of a sweep: finding it, locking it, and assigning each job a run folder in it."""

import itertools
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from akshar.errors import UsageError
from akshar.files import write_atomic, write_json
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_bytes, read_json, read_yaml

ROOT = Path("outputs/multirun")
JOURNAL = "study.journal"  # the study of a search, beside its runs
DATABASE = "study.json"  # in place of the journal: the database that the study is in
CHOICES = "choices.json"  # in a run's folder: the names of the parts it was composed of
MAX_CLAIM = 1000  # bytes
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


class Claims:
    """Which job each folder of a sweep belongs to, as it is when this is made.

    Args:
        sweep: folder of the sweep; it may be missing.

    Attributes:
        folders: names of all folders, claimed or not.
    """

    def __init__(self, sweep: Path):
        self._sweep = sweep
        self.folders = {path.name for path in sweep.iterdir()} if sweep.is_dir() else set[str]()
        self._keys: dict[str, str] = {}
        self._named: dict[str, list[str]] = {}  # either hash of a claim -> folders
        for name in sorted(self.folders):
            with suppress(FileNotFoundError, NotADirectoryError):
                key = self._keys[name] = read_bytes(sweep / name / CLAIM, MAX_CLAIM).decode()
                for part in key.split("-"):
                    self._named.setdefault(part, []).append(name)
        self._has_old = any("-" not in key for key in self._keys.values())

    def may_have(self, config: str) -> bool:
        """Whether a job may have a folder: one is claimed for its config, or by an earlier version."""
        return config in self._named or self._has_old

    def is_claimed(self, name: str) -> bool:
        """Whether a folder belongs to a job."""
        return name in self._keys

    def find(self, key: str) -> Path | None:
        """Find the folder of a job by its key, see `job_dir`; add the hash of its data to a claim without it."""
        config, _, content = key.partition("-")
        names = dict.fromkeys([*self._named.get(config, ()), *self._named.get(content, ())])
        same = [name for name in names if _is_same_job(self._keys[name], key)]
        name = min(same, key=lambda name: (self._keys[name] != key, name), default=None)
        if name is None:
            return None
        _complete(self._sweep / name / CLAIM, self._keys[name], key)
        return self._sweep / name


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
    claims = Claims(sweep)
    if found := claims.find(key):
        return RunDir(found)
    numbers = [int(name) for name in claims.folders if name.isdecimal()]
    for name in itertools.chain([preferred.path.name], map(str, itertools.count(max(numbers, default=-1) + 1))):
        if _claim(sweep / name, key):
            return RunDir(sweep / name)
    raise AssertionError("unreachable: the numbers are infinite")


def own_dir(folder: RunDir, key: str) -> RunDir:
    """Claim the folder that `remaining_jobs` found for a job, without a look at the others.

    Args:
        folder: the one in which the job was started, or one that was not claimed.
        key: of the job, see `job_dir`.

    Returns:
        The folder; another one if it is meanwhile claimed by another job.
    """
    try:
        claimed = read_bytes(folder.path / CLAIM, MAX_CLAIM).decode()
    except FileNotFoundError:
        return folder if _claim(folder.path, key) else job_dir(folder, key)
    if not _is_same_job(claimed, key):
        return job_dir(folder, key)
    _complete(folder.path / CLAIM, claimed, key)
    return folder


def _claim(path: Path, key: str) -> bool:
    """Claim a folder; return whether it was free."""
    path.mkdir(exist_ok=True)
    with suppress(FileExistsError), (path / CLAIM).open("x", encoding="utf-8") as file:
        file.write(key)
        return True
    return False


def _complete(path: Path, claimed: str, key: str) -> None:
    """Add the hash of its data to a job's claim, now that the data was read."""
    if claimed != key and not key.endswith("-"):
        write_atomic(path, key.encode())


def _is_same_job(claimed: str, key: str) -> bool:
    """Whether two keys name one job; without the hash of its data a job is known by its config."""
    config, _, content = key.partition("-")
    claimed_config, hyphen, claimed_content = claimed.partition("-")
    if not hyphen:  # claimed by an earlier version
        return claimed != "" and claimed in (key, content)
    return content == claimed_content if content and claimed_content else claimed_config == config


def claimed_config(run: Path) -> str:
    """Hash of the config of the job that a run's folder belongs to; empty if it is not recorded."""
    try:
        return read_bytes(run / CLAIM, MAX_CLAIM).decode().partition("-")[0]
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
