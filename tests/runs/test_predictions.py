"""Predictions of a run: read with its classes, its card and its temperature."""

import numpy as np
import pytest
from small_files import CLASSES, finished_run, old_run, predictions, write_predictions

from akshar.errors import UsageError
from akshar.runs.predictions import read_predictions


@pytest.fixture
def run_dir(tmp_path):
    return finished_run(tmp_path / "run")


def test_what_was_saved_is_read(run_dir):
    read = read_predictions(run_dir.path)
    logits, labels = predictions()
    assert np.array_equal(read.logits, logits)
    assert np.array_equal(read.labels, labels)
    assert (len(read), read.name, read.classes, read.temperature) == (12, "small, seed 3", CLASSES, 1.5)
    assert read.card.label("digit_1") == "१"
    assert np.allclose(read.probabilities.sum(1), 1)
    assert np.array_equal(read.predicted, logits.argmax(1))
    assert read.correct.sum() == read.result.test.correct


def test_those_of_akshar_0_1_are_read(tmp_path):
    run_dir, (logits, _) = old_run(tmp_path / "old")
    read = read_predictions(str(run_dir.path))
    assert np.array_equal(read.logits, logits)
    assert read.card.label("digit_1") == "१"


def test_missing_predictions_are_reported(run_dir, tmp_path):
    with pytest.raises(UsageError, match="nowhere: no such folder; `akshar runs` lists the runs"):
        read_predictions(tmp_path / "nowhere")
    with pytest.raises(UsageError, match=r"has no predictions on validation images$"):
        read_predictions(run_dir.path, "val")
    (run_dir.predictions / "test.npz").unlink()
    with pytest.raises(UsageError, match="has no predictions on test images; it was trained with test=false"):
        read_predictions(run_dir.path)


def test_damaged_predictions_are_reported(run_dir):
    path = run_dir.predictions / "test.npz"
    for content in (b"", b"PK\x03\x04", path.read_bytes()[:300]):
        path.write_bytes(content)
        with pytest.raises(UsageError, match=r"test.npz: damaged, or of another version"):
            read_predictions(run_dir.path)
    np.savez(path, logits=np.array([print], dtype=object), labels=np.zeros(1))  # a pickle is not read
    with pytest.raises(UsageError, match="damaged"):
        read_predictions(run_dir.path)


def test_predictions_that_do_not_fit_the_classes_are_reported(run_dir):
    write_predictions(run_dir, *predictions(classes=5))
    with pytest.raises(UsageError, match=r"holds logits of shape \(12, 5\) for 12 images, 3 classes"):
        read_predictions(run_dir.path)
