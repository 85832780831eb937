"""Fixtures and small image sets that several tests use; each session has its own cache."""

import json
import logging
import os
import shutil
import signal
import socket
import stat
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from filelock import FileLock
from PIL import Image
from postgresql_server import postgresql  # noqa: F401, a fixture
from slurm_cluster import slurm  # noqa: F401, a fixture
from tensorboard.summary.writer import event_file_writer

from akshar.cli import main
from akshar.data.card import DatasetCard
from akshar.data.folder import Folder
from akshar.data.image_set import ImageSet, TrainTest
from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.glyphs import Glyphs

if "PYTEST_XDIST_WORKER" in os.environ:  # workers share the processor
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    torch.set_num_threads(1)

# The real data set, where there is one; read before `own_cache` hides it.
DHCD = os.environ.get("AKSHAR_DHCD")

# A run of `akshar train` that takes about a second after the glyphs are drawn
TINY = (
    "data=glyphs",
    "data.train_per_class=20",
    "data.test_per_class=5",
    "data.batch_size=64",
    "trainer.max_epochs=2",
    "trainer.precision=32-true",
    "model.widths=[8,16]",
    "model.blocks=[0,0]",
)


WEIGHTS = Path(__file__).parents[1] / "weights" / "letters58.onnx"  # the network that comes with the project
OLD_WEIGHTS = Path(__file__).parent / "reader" / "akshar_0_1.onnx"  # an exported file of akshar 0.1: 46 classes

LONGEST = ("test_slurm.py", "test_readme.py", "test_several_nodes.py", "test_resume.py")  # of the slow tests
NOBODY = 65534  # id of a user without rights

TRIED = Path(__file__).parents[1] / "docs" / "faults.md"
TABLE_HEAD = "| tried | what happened |\n| --- | --- |\n"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--write-screenshots", metavar="RUN", help="make the screenshots in docs/ from this run")
    parser.addoption("--write-faults", action="store_true", help="write the rows of the table of faults")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first, so that no worker is left with one of them at the end."""
    items.sort(key=lambda item: LONGEST.index(item.path.name) if item.path.name in LONGEST else len(LONGEST))


@pytest.fixture(scope="session", autouse=True)
def own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the user's cache out of the tests, and DHCD hidden. Workers of one session share a cache."""
    base = tmp_path_factory.getbasetemp()
    session = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ["AKSHAR_CACHE"] = str(session / "cache")
    os.environ.pop("AKSHAR_DHCD", None)


@pytest.fixture(scope="session", autouse=True)
def ordered_event_files() -> None:
    """Pad the counter in event files' names, so that files of one process and second sort by time."""

    class Padded(event_file_writer.AtomicCounter):
        def get(self) -> str:
            return f"{super().get():06}"

    event_file_writer._global_uid = Padded(0)


@pytest.fixture
def workplace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Change to an empty working directory, where `outputs/` belongs to the test; forget modules and logs in it."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    for handler in [*logging.getLogger().handlers]:
        if getattr(handler, "baseFilename", "").startswith(f"{tmp_path}{os.sep}"):
            logging.getLogger().removeHandler(handler)
            handler.close()
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", None)).startswith(f"{tmp_path}{os.sep}"):
            del sys.modules[name]


@pytest.fixture
def dhcd_archive() -> str:
    """Path of the real data set; skip the test where there is none."""
    if not DHCD or not Path(DHCD).exists():
        pytest.skip("AKSHAR_DHCD names no copy of the real data set")
    return DHCD


@pytest.fixture
def train(workplace: Path) -> Callable[..., tuple[dict[str, Any], Path]]:
    """Return a function that runs `akshar train`, which must succeed, and returns its result and folder."""

    def run(*words: str) -> tuple[dict[str, Any], Path]:
        before = set(workplace.glob("outputs/train/*"))
        assert main(["train", *words]) == 0
        (folder,) = set(workplace.glob("outputs/train/*")) - before
        return json.loads((folder / "result.json").read_text()), folder

    return run


@pytest.fixture(scope="session")
def finished(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> tuple[dict[str, Any], Path]:
    """Result and folder of one finished run with seed 3, not to be changed."""
    place = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["train", *TINY, "seed=3"]) == 0
    (folder,) = place.glob("outputs/train/*")
    return json.loads((folder / "result.json").read_text()), folder


@pytest.fixture(scope="session")
def digit_run(own_cache: None, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder of a run that can tell drawn digits apart; takes some seconds."""
    place = tmp_path_factory.mktemp("digits")
    words = (
        *("data.subset=digits", "data.train_per_class=500", "data.test_per_class=30", "data.batch_size=32"),
        *("augment=none", "model.widths=[16,32,48]", "model.blocks=[0,0,0]", "trainer.max_epochs=10"),
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        assert main(["train", *TINY, *words, "hydra.run.dir=RUN"]) == 0
    return place / "RUN"


@pytest.fixture(scope="session")
def digit_images(own_cache: None) -> np.ndarray:
    """Digits that `digit_run` was not trained on: uint8 (300, 32, 32), 30 of each, in order."""
    test = Glyphs("digits", 500, 30).load().test
    assert test is not None
    return test.pixels[:, 0].numpy()


@pytest.fixture
def refused(workplace: Path, capfd: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    """Return a function that runs `akshar`, which must fail, and returns the lines on stderr."""

    def run(*words: str, exit_code: int = 2) -> list[str]:
        capfd.readouterr()
        assert main(words) == exit_code
        lines = capfd.readouterr().err.strip().splitlines()
        assert not any(line.startswith("Traceback") for line in lines)
        return lines

    return run


@pytest.fixture
def unwritable(finished: tuple[dict[str, Any], Path]) -> Iterator[Path]:
    """A folder that all may read and nobody but root may write, with two runs in `runs/`."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        for number in range(2):
            shutil.copytree(finished[1], place / "runs" / str(number))
        everything = [place, *place.rglob("*")]
        for path in everything:
            path.chmod(0o555 if path.is_dir() else 0o444)
        yield place
        for path in everything:
            path.chmod(0o755)


@pytest.fixture
def as_nobody(capfd: pytest.CaptureFixture[str]) -> Callable[..., tuple[int, list[str]]]:
    """Return a function that runs `akshar` as a user without rights; it returns exit code and lines on stderr."""

    config = Path(__file__).parents[1] / "conf" / "train.yaml"
    reachable = all(folder.stat().st_mode & stat.S_IXOTH for folder in config.parents)
    if os.getuid() == 0 and not (reachable and config.stat().st_mode & stat.S_IROTH):
        pytest.skip("the checkout is in a folder that other users cannot read")

    def run(*words: str, cwd: Path) -> tuple[int, list[str]]:
        capfd.readouterr()
        child = os.fork()
        if child == 0:
            exit_code = 70
            try:
                signal.alarm(60)
                os.chdir(cwd)
                if os.getuid() == 0:
                    os.setgroups([])
                    os.setgid(NOBODY)
                    os.setuid(NOBODY)
                exit_code = main(words)
            except BaseException:
                traceback.print_exc()
            finally:
                sys.stderr.flush()
                os._exit(exit_code)
        _, status = os.waitpid(child, 0)
        return os.waitstatus_to_exitcode(status), capfd.readouterr().err.splitlines()

    return run


@pytest.fixture
def dhcd_if_needed(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[str]]:
    """Return a function that provides DHCD to a command line that needs it, or skips the test."""

    def prepare(words: list[str]) -> list[str]:
        if not any(word.startswith(("data=", "experiment=quickstart", "experiment=glyphs")) for word in words):
            monkeypatch.setenv("AKSHAR_DHCD", request.getfixturevalue("dhcd_archive"))
        return words

    return prepare


@pytest.fixture
def fault(request: pytest.FixtureRequest) -> Callable[[str, str], None]:
    """Return a function that checks a row of `docs/faults.md`: what was tried, and what happened.

    `pytest -m "slow or not slow" --write-faults` writes the rows; one whose test is gone is removed by hand.
    """

    def note(tried: str, happened: str) -> None:
        row = f"| {tried} | {happened} |"
        if request.config.getoption("--write-faults"):
            with FileLock(Path(tempfile.gettempdir(), "akshar-faults.lock")):  # several processes run the tests
                before, head, table = TRIED.read_text(encoding="utf-8").partition(TABLE_HEAD)
                others = [line for line in table.splitlines() if not line.startswith(f"| {tried} |")]
                TRIED.write_text(before + head + "\n".join(sorted([*others, row])) + "\n", encoding="utf-8")
        else:
            assert row in TRIED.read_text(encoding="utf-8")

    return note


@pytest.fixture
def no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let no address resolve."""

    def fail(*_: Any, **__: Any) -> Any:
        raise socket.gaierror("no network in this test")

    monkeypatch.setattr(socket, "getaddrinfo", fail)


def make_images(per_class: int, classes: int = 4, seed: int = 0) -> ImageSet:
    """Make random images with file numbers 1, 2, ... in each class."""
    generator = torch.Generator().manual_seed(seed)
    count = per_class * classes
    return ImageSet(
        torch.randint(0, 256, (count, 1, 32, 32), dtype=torch.uint8, generator=generator),
        torch.arange(classes).repeat_interleave(per_class),
        torch.arange(1, per_class + 1).repeat(classes),
        tuple(f"class_{label}" for label in range(classes)),
    )


def make_data(train: ImageSet | None = None, test: ImageSet | None = None) -> TrainTest:
    """Make a data set of images that are already there."""
    return TrainTest(DatasetCard("given", "random images"), INPUT_SPEC, train, test)


def make_folder(root: Path, cache_dir: Path, test_fraction: float = 0.2, test_seed: int = 1) -> Folder:
    """Make the data set of a folder, read as `conf/data/characters.yaml` reads it."""
    return Folder(
        root=str(root),
        card=DatasetCard("folder", "pictures of a test"),
        framing="ink",
        size=32,
        channels=1,
        border=2,
        test_fraction=test_fraction,
        test_seed=test_seed,
        cache_dir=str(cache_dir),
    )


def write_fashion(root: Path, train: int, test: int) -> tuple[np.ndarray, np.ndarray]:
    """Write a FashionMNIST of random images, every class of the ten equally often; return its training part."""
    folder = root / "FashionMNIST" / "raw"
    folder.mkdir(parents=True)
    draw = np.random.default_rng(1)
    parts = {}
    for part, count in (("t10k", test), ("train", train)):
        images = draw.integers(0, 256, (count, 28, 28), dtype=np.uint8)
        parts[part] = images, (np.arange(count) % 10).astype(np.uint8)
        for kind, array in zip(("images-idx3", "labels-idx1"), parts[part], strict=True):
            header = np.array([0x800 + array.ndim, *array.shape], ">i4").tobytes()
            (folder / f"{part}-{kind}-ubyte").write_bytes(header + array.tobytes())
    return parts["train"]


def write_picture(path: Path, shape: int = 0, mode: str = "L", size: int = 48, dark_on_light: bool = True) -> None:
    """Write a picture of a bar (shape 0) or of a cross (shape 1)."""
    ink = np.zeros((size, size), np.uint8)
    half = max(2, size // 12)
    ink[size // 5 : -size // 5, size // 2 - half : size // 2 + half] = 255
    if shape:
        ink[size // 2 - half : size // 2 + half, size // 5 : -size // 5] = 255
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(255 - ink if dark_on_light else ink).convert(mode).save(path)
