"""Comparison of runs: which are comparable, the numbers, and what is printed and written."""

import json

import numpy as np
import pytest
from results import make_result

from akshar.data.card import DatasetCard
from akshar.errors import UsageError
from akshar.report.comparison import compare, run_letter
from akshar.report.comparison_output import disagreements, print_comparison, write_comparison
from akshar.runs.predictions import Predictions
from akshar.runs.run_dir import RunDir

CLASSES = ("circle", "square")
LABELS = [0, 0, 0, 1, 1]


def predictions(answers, labels=LABELS, classes=CLASSES, **data):
    logits = np.eye(len(classes), dtype=np.float32)[answers]
    return Predictions(logits, np.array(labels), make_result(classes, data))


def compared(tmp_path, *others):
    return compare([RunDir(tmp_path / str(number)) for number in range(len(others))], others)


def test_each_run_is_compared_with_the_first(tmp_path):
    first, second, third = (predictions(answers) for answers in ([0, 0, 1, 1, 0], [0, 0, 0, 1, 1], LABELS))
    comparison = compared(tmp_path, first, second, third)
    assert [(run.run, run.correct, run.total) for run in comparison.runs] == [("A", 3, 5), ("B", 5, 5), ("C", 5, 5)]
    assert [(pair.run, pair.counts.only_other) for pair in comparison.pairs] == [("B", 2), ("C", 2)]
    assert comparison.pairs[0].by_class["square"].only_other == 1
    assert comparison.pairs[0].p_holm >= comparison.pairs[0].counts.p
    assert comparison.images == "all of shapes (5 images)"


def test_the_record_keeps_its_keys(tmp_path):
    record = json.loads(
        json.dumps(compared(tmp_path, predictions(LABELS), predictions([1, *LABELS[1:]])).to_record())
    )
    assert [*record] == ["images", "runs", "pairs", "config"]
    assert [*record["runs"][0]] == "run name folder correct total accuracy interval_95 parameters".split()
    counts = "total first_right other_right both_right only_first only_other both_wrong".split()
    assert [*record["pairs"][0]] == ["run", *counts, *"difference interval_95 p by_class p_holm verdict".split()]
    assert [*record["pairs"][0]["by_class"][0]] == ["class", *counts]


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (predictions(LABELS, part="train"), r"tested on different images: .* and all \(part=train\) of shapes"),
        (predictions(LABELS, digest="xyz"), r"but the data differs \(abc and xyz\)"),
        (predictions(LABELS, classes=CLASSES[::-1]), "the classes differ: 2 .circle, square. and 2"),
        (predictions(LABELS, labels=LABELS[::-1]), "but the labels differ"),
    ],
)
def test_runs_on_other_images_are_refused(other, message, tmp_path):
    with pytest.raises(UsageError, match=message):
        compared(tmp_path, predictions(LABELS), other)


def test_letters_go_on_as_numbers():
    assert [run_letter(position) for position in (0, 25, 26)] == ["A", "Z", "27"]


def test_only_images_on_which_the_runs_differ_are_listed():
    rows = [*disagreements([predictions(LABELS), predictions([1, *LABELS[1:]])])]
    assert [row[:2] + row[2::2] for row in rows] == [[0, "circle", "circle", "square"]]
    assert float(str(rows[0][3])) == pytest.approx(np.e / (np.e + 1))


def test_tables_show_labels_verdicts_and_holm(tmp_path, capsys):
    card = DatasetCard("shapes", "Shapes.", labels={"circle": "○"})
    others = [predictions(answers) for answers in ([1, 1, 1, 1, 1], LABELS, LABELS)]
    comparison = compared(tmp_path, *others)
    print_comparison(comparison, card)
    printed = capsys.readouterr().out
    assert "○" in printed
    assert "+60.00" in printed
    assert "after Holm" in printed
    assert comparison.pairs[0].verdict in printed
    print_comparison(compared(tmp_path, *others[:2]), card)
    assert "after Holm" not in capsys.readouterr().out


def test_without_images_the_rest_is_written(tmp_path):
    both = [predictions(LABELS), predictions([1, *LABELS[1:]])]
    line = write_comparison(compared(tmp_path, *both), both, tmp_path / "out")
    assert line.startswith("no sheet of images: ")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["compare.csv", "compare.json"]
    assert (tmp_path / "out" / "compare.csv").read_text().splitlines()[0] == (
        "index,truth,prediction_A,confidence_A,prediction_B,confidence_B"
    )
