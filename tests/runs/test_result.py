"""`result.json`: written and read by one type, also one of akshar 0.1; a later one is refused."""

import json

import pytest
from results import FIT
from small_files import CLASSES, change_json, finished_run, old_run, predictions, small_result

from akshar.errors import UsageError
from akshar.metrics.summary import evaluate_predictions
from akshar.runs.result import SCHEMA_VERSION, keep_result, read_result, read_result_file
from akshar.runs.run_dir import RunDir


def test_what_is_written_is_read(tmp_path):
    result = small_result()
    result.write(tmp_path / "result.json")
    assert read_result_file(tmp_path / "result.json") == result
    content = json.loads((tmp_path / "result.json").read_text())
    assert content["schema_version"] == SCHEMA_VERSION
    assert content["status"] == "completed"
    assert content["test"]["accuracy"] == result.test.accuracy
    assert content["test"]["by_class"][0]["name"] == CLASSES[0]


def test_the_card_and_the_title_are_those_of_the_run():
    result = small_result()
    assert result.dataset_card.label("digit_2") == "२"
    assert result.title == "small, seed 3"
    assert small_result(seed=None).title == "small"


def test_keys_of_a_later_version_are_kept(tmp_path):
    path = tmp_path / "result.json"
    small_result().write(path)
    change_json(path, novelty={"x": 1})
    read_result_file(path).write(path)
    assert json.loads(path.read_text())["novelty"] == {"x": 1}


def test_a_result_of_akshar_0_1_is_read(tmp_path):
    run_dir, (logits, labels) = old_run(tmp_path / "old")
    result = read_result(run_dir)
    assert (result.name, result.seed, result.model.parameters) == ("compact", 1, 172_270)
    assert result.best.val_accuracy == pytest.approx(0.99322, abs=1e-5)
    assert result.fit is not None
    assert result.fit.steps == 2750
    assert result.test == evaluate_predictions(logits, labels, result.classes, result.best.temperature)
    assert result.test.loss != result.test.calibrated_loss
    assert result.config["data"]["_target_"] == "akshar.devanagari.dhcd.DHCD"
    assert result.config["chance_warning_epochs"] == 3
    assert result.dataset_card.label("digit_2") == "२"
    result.write(run_dir.result)
    assert read_result(run_dir) == result


def test_a_result_of_akshar_0_1_without_a_test_needs_no_predictions(tmp_path):
    run_dir, _ = old_run(tmp_path / "old")
    (run_dir.predictions / "test.npz").unlink()
    with pytest.raises(UsageError, match=r"written by akshar 0.1, and its predictions/test.npz cannot be read"):
        read_result(run_dir)
    change_json(run_dir.result, test=None)
    assert read_result(run_dir).test is None


@pytest.mark.parametrize("version", [SCHEMA_VERSION + 1, 99])
def test_a_later_version_is_refused_with_one_line(version, tmp_path):
    run_dir = finished_run(tmp_path)
    change_json(run_dir.result, schema_version=version)
    with pytest.raises(UsageError) as caught:
        read_result(run_dir)
    (line,) = caught.value.problems
    assert line.endswith(
        f"result.json: written by a later version of akshar (schema {version}); upgrade akshar to read it"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "cannot be read or is damaged"),
        ("[" * 100_000, "cannot be read or is damaged"),
        ("[1]", "not a result of akshar"),
        ('{"schema_version": 2}', "not a result of akshar, or a damaged one"),
        ('{"schema_version": "2"}', "written by a later version"),
        ("{}", "not a result of akshar, or a damaged one"),
    ],
)
def test_anything_else_is_refused_with_one_line(text, message, tmp_path):
    path = tmp_path / "result.json"
    path.write_text(text)
    with pytest.raises(UsageError, match=message) as caught:
        read_result_file(path)
    assert str(path) in str(caught.value)
    assert len(caught.value.problems) == 1
    assert "\n" not in str(caught.value)


def test_a_wrong_value_is_named(tmp_path):
    run_dir = finished_run(tmp_path)
    change_json(run_dir.result, model={"name": "compact", "parameters": "many"})
    with pytest.raises(UsageError, match=r"\(its model.parameters is wrong\)"):
        read_result(run_dir)


def test_a_run_that_is_not_completed_is_reported(tmp_path):
    run_dir = RunDir(tmp_path)
    with pytest.raises(UsageError, match=r"is not a run's folder: it has no result\.json"):
        read_result(run_dir)
    run_dir.write_status("interrupted", 1, 5)
    with pytest.raises(UsageError, match="is interrupted, not completed"):
        read_result(run_dir)


def test_metrics_of_a_result_are_those_of_its_predictions():
    assert small_result().test == evaluate_predictions(*predictions(), CLASSES, 1.5)


def test_the_result_of_a_run_that_is_made_longer_is_kept(tmp_path):
    run_dir = finished_run(tmp_path, config={"trainer": {"max_epochs": 2}}, fit=FIT)
    keep_result(run_dir, 2)
    assert run_dir.result.exists()
    keep_result(run_dir, 5)
    assert not run_dir.result.exists()
    kept = tmp_path / f"result-{FIT.epochs}-epochs.json"
    assert kept.exists()
    keep_result(run_dir, 9)  # nothing to keep
    change_json(kept, fit={"epochs": "/../../away"})
    kept.rename(run_dir.result)
    keep_result(run_dir, 9)  # not a result
    assert run_dir.result.exists()
