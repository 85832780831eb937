"""Pictures of digits, and the run of `digit_run` exported in both formats; made once, and not to be changed."""

import numpy as np
import pytest
from PIL import Image

from akshar.cli import main


@pytest.fixture(scope="session")
def model(digit_run, tmp_path_factory):
    """Path of the run as ONNX, with its card beside it; takes some seconds."""
    path = tmp_path_factory.mktemp("exported") / "model.onnx"
    assert main(["export", str(digit_run), "--output", str(path)]) == 0
    return path


@pytest.fixture(scope="session")
def weights(digit_run, tmp_path_factory):
    """Path of the run as safetensors."""
    path = tmp_path_factory.mktemp("exported") / "model.safetensors"
    assert main(["export", str(digit_run), "--format", "safetensors", "--output", str(path)]) == 0
    return path


@pytest.fixture
def pictures(workplace, digit_images):
    """Ten digits, ० to ९, as dark ink on white: pictures/0.png to 9.png."""
    (workplace / "pictures").mkdir()
    for digit in range(10):
        Image.fromarray(255 - np.pad(digit_images[30 * digit], 20)).save(f"pictures/{digit}.png")
    return workplace / "pictures"


def left_in(folder):
    """Names of what a folder holds, sorted."""
    return sorted(path.name for path in folder.iterdir())
