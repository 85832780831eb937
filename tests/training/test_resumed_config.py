"""The config with which a run continues: its own, but for a few keys."""

from pathlib import Path

import pytest
import yaml

from akshar.config.compose import compose, composing
from akshar.config.schema import TrainConfig
from akshar.config.tree import to_record
from akshar.errors import UsageError
from akshar.runs.run_dir import RunDir
from akshar.training.resume import change, find_run, read_config, resumed_config

OLD = Path(__file__).parents[1] / "runs" / "akshar_0_1"


@pytest.fixture(scope="module")
def records():
    with composing("train"):
        return {
            name: to_record(
                compose("train", [f"scheduler={name}", "data=glyphs", "trainer.max_epochs=4"], TrainConfig).tree
            )
            for name in ("none", "onecycle")
        }


@pytest.fixture
def make_run(records, tmp_path):
    def make(scheduler="none", status="interrupted"):
        run_dir = RunDir(tmp_path)
        run_dir.config.write_text(yaml.safe_dump(records[scheduler]))
        run_dir.write_status(status, 2, 20)
        if status == "completed":
            run_dir.result.write_text("{}")
        return run_dir

    return make


def test_a_run_keeps_its_config(make_run, records):
    assert resumed_config(make_run(), []).to_record() == records["none"]


def test_what_does_not_change_the_result_may_be_given(make_run):
    config = resumed_config(
        make_run(), ["data.cache_dir=/some where", "traceback=true", "checkpoint.every_n_steps=3"]
    )
    assert config.data.arguments["cache_dir"] == "/some where"
    assert config.traceback
    assert config.checkpoint.every_n_steps == 3


def test_another_logger_may_be_given_even_if_the_recorded_one_is_not_trusted(make_run, records):
    run_dir = make_run()
    own = {"mine": {"_target_": "my_package.Logger"}}
    run_dir.config.write_text(yaml.safe_dump(records["none"] | {"logger": own}))
    with pytest.raises(UsageError, match="--trust my_package"):
        resumed_config(run_dir, [])
    config = resumed_config(run_dir, ["logger=[csv,tensorboard]", "logger.csv.name=rows", "traceback=true"])
    assert [*config.logger] == ["csv", "tensorboard"]
    assert config.logger["csv"].arguments == {"name": "rows"}
    assert config.traceback
    assert resumed_config(run_dir, ["logger=none"]).logger == {}


@pytest.mark.parametrize(
    ("words", "messages"),
    [
        (["seed=2"], ["seed: a resumed run keeps its config; only these can be given: trainer.max_epochs"]),
        (["seed=2", "optimizer.lr=1"], ["seed: ", "optimizer.lr: "]),
        (["traceback=true,false"], ["traceback=true,false: takes one value here"]),
        (["traceback=(x"], ["traceback: Hydra cannot read"]),
        (["trainer.max_epochs=0"], ["trainer.max_epochs=0: must be greater than 0"]),
        (
            ["trainer.max_epochs=3"],
            ["trainer.max_epochs=3: the run was started with 4; it can only be made longer"],
        ),
    ],
)
def test_what_would_make_it_another_run_is_refused(make_run, words, messages):
    with pytest.raises(UsageError) as caught:
        resumed_config(make_run(), words)
    assert len(caught.value.problems) == len(messages)
    for line, message in zip(caught.value.problems, messages, strict=True):
        assert line.startswith(message)


def test_only_a_schedule_without_an_end_can_be_made_longer(make_run):
    assert resumed_config(make_run("none"), ["trainer.max_epochs=9"]).trainer.max_epochs == 9
    with pytest.raises(
        UsageError, match="cannot be raised, because the schedule OneCycleLR was planned for 4 epochs"
    ):
        resumed_config(make_run("onecycle"), ["trainer.max_epochs=9"])


def test_a_completed_run_is_only_made_longer(make_run):
    run_dir = make_run("none", "completed")
    with pytest.raises(UsageError, match=r"is completed; trainer\.max_epochs=N trains it longer"):
        resumed_config(run_dir, [])
    assert resumed_config(run_dir, ["trainer.max_epochs=9"]).trainer.max_epochs == 9
    with pytest.raises(UsageError, match="its schedule OneCycleLR ends there; start a new run"):
        resumed_config(make_run("onecycle", "completed"), [])


def test_a_diverged_run_is_not_continued(make_run):
    with pytest.raises(UsageError, match="the loss became NaN or infinite, and would do so again"):
        resumed_config(make_run(status="diverged"), [])


def test_the_config_of_a_run_of_akshar_0_1_is_read_and_valid():
    config = read_config(RunDir(OLD))
    assert config["data"]["_target_"] == "akshar.devanagari.dhcd.DHCD"
    assert "source" not in config["data"]
    TrainConfig.model_validate(config)


@pytest.mark.parametrize("text", ["{", "[1, 2]", "a: ["])
def test_a_damaged_config_is_reported(text, tmp_path):
    run_dir = RunDir(tmp_path)
    run_dir.config.write_text(text)
    with pytest.raises(UsageError, match=r"config.yaml: (cannot be read|not a config)"):
        read_config(run_dir)


def test_a_run_is_found_by_its_folder_or_as_the_latest(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UsageError, match="resume=latest: no run in outputs/train; name its folder"):
        find_run("latest")
    for name in ("2026-01-01", "2026-01-02"):
        folder = tmp_path / "outputs" / "train" / name
        folder.mkdir(parents=True)
        (folder / "config.yaml").write_text("")
    assert find_run("latest").path == tmp_path / "outputs/train/2026-01-02"
    assert find_run("outputs/train/2026-01-01").path == tmp_path / "outputs/train/2026-01-01"
    for named, message in (
        ("", "resume: name a run's folder"),
        ("nowhere", "nowhere: no such run folder"),
        ("outputs", "outputs: not a run, or one that had not begun"),
    ):
        with pytest.raises(UsageError, match=message):
            find_run(named)


def test_old_keys_can_be_given_too():
    assert change({"chance_warning_epochs": 3}, ["dead_after=5"], ["chance_warning_epochs"], "") == {
        "chance_warning_epochs": 5
    }
