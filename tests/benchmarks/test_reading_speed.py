"""How fast an exported model reads, as ratios to the least work that the same result needs."""

import subprocess
import sys
import time

import numpy as np
import pytest
from conftest import WEIGHTS
from PIL import Image

import akshar
from akshar.benchmarks import reading
from akshar.reader.onnx_model import BATCH, OnnxModel

HEAVY = ("torch", "pytorch_lightning", "hydra", "omegaconf", "pydantic", "onnx", "matplotlib", "requests")


@pytest.fixture(scope="module")
def files(own_cache, tmp_path_factory):
    return reading.write_files(tmp_path_factory.mktemp("files"), 600)


def modules_after(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"{code}; import sys; print(*sys.modules)"],
        capture_output=True,
        text=True,
        check=True,
    )
    return {*done.stdout.split()}


def test_an_answer_imports_little_beside_the_libraries_it_needs(files):
    loaded = modules_after(reading.FIRST_ANSWER.format(model=str(WEIGHTS), picture=files[0]))
    added = loaded - modules_after(reading.IMPORTS)
    assert not loaded & {*HEAVY} - {"omegaconf"}  # with which `import akshar` registers the configs' resolvers
    assert len([name for name in added if name.startswith("akshar")]) <= 40
    assert len(added) <= 165, sorted(added)


def test_many_files_are_read_in_few_runs_of_the_network(files, monkeypatch):
    sizes = []
    original = OnnxModel.probabilities

    def counted(self, pixels):
        sizes.append(len(pixels))
        return original(self, pixels)

    reader = akshar.load(WEIGHTS)
    monkeypatch.setattr(OnnxModel, "probabilities", counted)
    reading.count_answers(reader, files)
    assert sum(sizes) <= 1.2 * len(files)  # some of them are looked at again
    assert len(sizes) <= 2 * -(-len(files) // BATCH)


@pytest.mark.slow
@pytest.mark.timing
def test_the_first_answer_takes_at_most_twice_the_import_of_its_libraries(files):
    measured = reading.measure_first_answer(str(WEIGHTS), files[0])
    times = measured[reading.FIRST].times(measured[reading.LIBRARIES])
    print({name: f"{figure.median:.2f} s" for name, figure in measured.items()}, f"{times:.2f} times")
    assert times <= 2


@pytest.mark.slow
@pytest.mark.timing
def test_reading_files_reaches_a_sixth_of_the_rate_of_a_plain_loop(files):
    """The rest finds the ink and frames it."""
    measured = reading.measure_files(str(WEIGHTS), files)
    times = measured[reading.READ].times(measured[reading.LOOP])
    print({name: f"{figure.median:,.0f} files/s" for name, figure in measured.items()}, f"{times:.2f} times")
    assert times >= 1 / 6


@pytest.mark.slow
@pytest.mark.timing
def test_an_answer_takes_at_most_six_times_the_network_alone(files):
    reader = akshar.load(WEIGHTS)
    picture = Image.open(files[0])
    picture.load()
    pixels = np.zeros((1, 32, 32), np.uint8)

    def milliseconds(work, *args):
        times = []
        for _ in range(100):
            start = time.perf_counter()
            work(*args)
            times.append(1000 * (time.perf_counter() - start))
        return sorted(times)[50]

    alone = milliseconds(OnnxModel(WEIGHTS).probabilities, pixels)
    answer = milliseconds(reader.read, picture)
    print(f"{answer:.2f} ms an answer, {alone:.2f} ms of it the network")
    assert answer <= 6 * alone
