"""Speed of `akshar predict`."""

import time

import numpy as np
import pytest
from PIL import Image

import akshar
from akshar.cli import main


@pytest.mark.slow
@pytest.mark.timing
def test_a_thousand_small_files_a_second(digit_run, workplace, digit_images):
    """On two cores, from PNGs of 64x64, with the model as ONNX; starting Python is not counted."""
    from akshar.commands.predict import read_files

    assert main(["export", str(digit_run), "--output", "model.onnx"]) == 0
    files = []
    for number in range(2000):
        files.append(f"{number}.png")
        Image.fromarray(255 - np.pad(digit_images[number % 300], 16)).save(files[-1])
    reader = akshar.load("model.onnx")
    rates = []
    for _ in range(3):
        start = time.perf_counter()
        assert len(list(read_files(reader, files, line=False))) == 2000
        rates.append(2000 / (time.perf_counter() - start))
    print(f"{max(rates):,.0f} files a second")
    assert max(rates) > 1000
