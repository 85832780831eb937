"""How fast an exported model reads: the first answer of a new process, and files per second.

Run: `python -m akshar.benchmarks.reading [MODEL.onnx] [--files 2000]` (default: weights/letters58.onnx of the
working directory). Both stand beside the least that the same work needs: a start of Python with the same libraries,
and a plain loop that decodes the same PNGs with Pillow and calls ONNX Runtime on them.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image

from akshar.benchmarks.measured import Measured, measure
from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.glyphs import Glyphs
from akshar.reader.onnx_model import BATCH
from akshar.reader.picture_files import read_files
from akshar.reader.reader import Reader, load

HEIGHT, WIDTH = INPUT_SPEC.height, INPUT_SPEC.width

FIRST, LIBRARIES = "first answer", "import of the libraries"
READ, LOOP = "akshar predict", "plain loop"
IMPORTS = "import numpy, PIL.Image, scipy.ndimage, onnxruntime"
FIRST_ANSWER = "import akshar; akshar.load({model!r}).read({picture!r})"


def main(arguments: Sequence[str] | None = None) -> None:
    """Print seconds to the first answer, files per second, and their ratios to the least possible."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", nargs="?", default="weights/letters58.onnx", help="an exported file")
    parser.add_argument("--files", type=int, default=2000)
    args = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        files = write_files(Path(folder), args.files)
        start = measure_first_answer(args.model, files[0])
        rates = measure_files(args.model, files)
    for measured, other in ((start, LIBRARIES), (rates, LOOP)):
        for name, figure in measured.items():
            print(f"{name:24}{figure.median:>10,.4g} {figure.unit}")
        name = next(iter(measured))
        print(f"{name:24}{measured[name].times(measured[other]):>10.2f} times {other}")


def write_files(folder: Path, count: int) -> list[str]:
    """Write drawn glyphs as dark ink on white PNGs of 64x64 pixels, and return their paths."""
    test = Glyphs(train_per_class=2, test_per_class=10).load().test
    assert test is not None
    pixels = test.pixels[:, 0].numpy()
    files = []
    for number in range(count):
        files.append(str(folder / f"{number}.png"))
        Image.fromarray(255 - np.pad(pixels[number % len(pixels)], 16)).save(files[-1])
    return files


def measure_first_answer(model: str, picture: str, rounds: int = 3) -> dict[str, Measured]:
    """Seconds of a process that reads one picture, and of one that only imports the libraries it needs."""
    codes = {FIRST: FIRST_ANSWER.format(model=str(model), picture=picture), LIBRARIES: IMPORTS}
    contenders = {name: lambda code=code: _process_seconds(code) for name, code in codes.items()}
    return measure(contenders, "s", rounds)


def measure_files(model: str, files: Sequence[str], rounds: int = 3) -> dict[str, Measured]:
    """Files per second read as `akshar predict` does, and by a plain loop; the start of Python is not counted."""
    reader = load(model)

    def read() -> float:
        start = time.perf_counter()
        assert count_answers(reader, files) == len(files)
        return len(files) / (time.perf_counter() - start)

    return measure({READ: read, LOOP: lambda: _plain_loop(model, files)}, "files/s", rounds)


def count_answers(reader: Reader, files: Sequence[str]) -> int:
    """Read all files as `akshar predict` does and return how many were read without an error."""
    return sum(row.error is None for row in read_files(reader, files, line=False))


def _plain_loop(model: str, files: Sequence[str]) -> float:
    """Files per second of decoding with Pillow, resizing, and ONNX Runtime on batches, without looking for ink."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(str(model), options, ["CPUExecutionProvider"])
    start = time.perf_counter()
    for first in range(0, len(files), BATCH):
        pictures = [Image.open(file).convert("L").resize((WIDTH, HEIGHT)) for file in files[first : first + BATCH]]
        session.run(["probabilities"], {"pixels": np.stack([np.asarray(picture) for picture in pictures])})
    return len(files) / (time.perf_counter() - start)


def _process_seconds(code: str) -> float:
    start = time.perf_counter()
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ, "OMP_NUM_THREADS": "1"})
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
