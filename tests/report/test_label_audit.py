"""The label audit: margins, their order, and which folds it accepts."""

import json

import numpy as np
import pytest
from results import make_result

from akshar.errors import UsageError
from akshar.report.label_audit import held_out_predictions, label_margins
from akshar.report.label_page import write_label_audit
from akshar.runs.run_dir import RunDir


def write_fold(path, held_out, labels, logits, total=4):
    run_dir = RunDir(path)
    run_dir.make()
    run_dir.split.write_text(json.dumps({"val": held_out}))
    np.savez(run_dir.predictions / "val.npz", logits=np.array(logits, dtype=np.float32), labels=np.array(labels))
    make_result(data={"train": total - len(held_out), "val": len(held_out)}).write(run_dir.result)
    return run_dir


def test_the_margin_is_the_label_s_probability_less_the_best_other():
    predicted, margins = label_margins(np.array([[0.7, 0.2, 0.1], [0.1, 0.3, 0.6]]), np.array([0, 1]))
    assert predicted.tolist() == [1, 2]
    assert margins == pytest.approx([0.5, -0.3])


def test_the_most_doubtful_label_comes_first(tmp_path):
    folds = [
        write_fold(tmp_path / "0", [3, 1], [0, 1], [[5, 0], [5, 0]]),
        write_fold(tmp_path / "1", [0, 2], [0, 1], [[1, 0], [0, 1]]),
    ]
    audit = held_out_predictions(folds).audit("train")
    assert [label.index for label in audit.labels] == [1, 0, 2, 3]
    (first,) = audit.doubtful
    assert (first.label, first.predicted, first.against, audit.networks) == (1, 0, 1, 1)
    assert first.margin < 0 < audit.labels[1].margin


def test_several_networks_are_averaged(tmp_path):
    folds = [
        write_fold(tmp_path / "0", [0, 1], [0, 0], [[5, 0], [0, 1]]),
        write_fold(tmp_path / "1", [2, 3], [1, 1], [[0, 5], [0, 5]]),
        write_fold(tmp_path / "2", [2, 3], [1, 1], [[5, 0], [0, 5]]),
        write_fold(tmp_path / "3", [0, 1], [0, 0], [[5, 0], [0, 1]]),
    ]
    audit = held_out_predictions(folds).audit("train")
    assert [(label.index, label.against) for label in audit.labels][:2] == [(1, 2), (2, 1)]
    assert audit.labels[1].margin == pytest.approx(0)  # one network for the label, and one as surely against it
    assert audit.networks == 2
    with pytest.raises(UsageError, match="some training images 1 times and others 2 times"):
        held_out_predictions(folds[:3])


def test_folds_must_hold_out_every_image(tmp_path):
    fold = write_fold(tmp_path / "0", [0, 1], [0, 0], [[1, 0]] * 2)
    with pytest.raises(UsageError, match="hold out 2 of 4 training images; a label audit needs every fold"):
        held_out_predictions([fold])


def test_a_split_of_another_run_is_refused(tmp_path):
    with pytest.raises(UsageError, match="are not of the same run"):
        held_out_predictions([write_fold(tmp_path / "0", [0, 1], [0], [[1, 0]])])


def test_a_page_needs_a_kfold_sweep(tmp_path):
    with pytest.raises(UsageError, match="no runs in this folder"):
        write_label_audit(tmp_path, [])
    with pytest.raises(UsageError, match="not a k-fold sweep"):
        write_label_audit(tmp_path, [write_fold(tmp_path / "0", [0], [0], [[1, 0]])])
