"""The run of `digit_run`, exported in both formats once for all tests of this folder; not to be changed."""

import pytest

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


def left_in(folder):
    """Names of what a folder holds, sorted."""
    return sorted(path.name for path in folder.iterdir())
