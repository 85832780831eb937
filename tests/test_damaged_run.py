"""A run whose files were damaged or edited between stop and resume: refused, with the way out."""

import json
import os
import random
import shutil
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from conftest import TINY
from damage import flip_bit
from test_resume import BOMBED, figures

from akshar import runs
from akshar.cli import main
from akshar.errors import UsageError
from akshar.runs import provenance
from akshar.runs.checkpoint import content_digest, read_checkpoint
from akshar.runs.run_dir import RunDir
from akshar.training.callbacks.checkpointing import AtomicCheckpointIO


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """Figures of `BOMBED` without a bomb."""
    with pytest.MonkeyPatch.context() as patch:
        patch.syspath_prepend(os.path.dirname(__file__))
        patch.chdir(tmp_path_factory.mktemp("undisturbed"))
        assert main(["train", *BOMBED, "hydra.run.dir=run"]) == 0
        return figures(Path("run"))


@pytest.fixture(scope="module")
def stopped_runs(tmp_path_factory):
    """Folders of `BOMBED` that stopped somewhere, by what went off; not to be changed."""
    known = {}

    def stop(bomb):
        if bomb not in known:
            with pytest.MonkeyPatch.context() as patch:
                patch.syspath_prepend(os.path.dirname(__file__))
                patch.chdir(tmp_path_factory.mktemp("stopped"))
                patch.setenv("BOMB", bomb)
                assert main(["train", *BOMBED, "hydra.run.dir=run"]) == 1
                known[bomb] = Path("run").absolute()
        return known[bomb]

    return stop


@pytest.fixture
def stopped(stopped_runs, workplace, monkeypatch):
    """Copies such a folder to `run`, hard links and all."""
    monkeypatch.syspath_prepend(os.path.dirname(__file__))

    def copy(bomb):
        source, copied = RunDir(stopped_runs(bomb)), RunDir(workplace / "run")
        shutil.copytree(source.path, copied.path)
        if source.last.exists() and source.last.samefile(source.best):
            copied.last.unlink()
            copied.last.hardlink_to(copied.best)
        return copied

    return copy


MIDDLE = "end 2 6 crash"  # within the third epoch: last.ckpt is of its fourth step, best.ckpt of an epoch's end
BETWEEN = "start 2 0 crash"  # after the second epoch, the best so far: last.ckpt and best.ckpt are one file
EARLY = "start 0 2 crash"  # before the first checkpoint


def damage_weight(path):
    """Flip a bit of a weight. The inode stays: hard links to the file are damaged too, as by a disk."""
    content = path.read_bytes()
    weight = read_checkpoint(path).weights["classifier.weight"].numpy().tobytes()
    path.write_bytes(flip_bit(content, content.index(weight)))


def test_no_flipped_bit_reaches_training(finished, tmp_path, fault):
    content = (finished[1] / "checkpoints" / "last.ckpt").read_bytes()
    path = tmp_path / "last.ckpt"
    path.write_bytes(content)
    whole = content_digest(read_checkpoint(path).lightning)
    draw, refused = random.Random(1), 0
    for _ in range(200):
        path.write_bytes(flip_bit(content, draw.randrange(len(content)), draw.randrange(8)))
        try:
            lightning = AtomicCheckpointIO().load_checkpoint(path)  # what Lightning calls
        except UsageError:
            refused += 1
        else:  # a byte without a meaning, as padding
            assert content_digest(lightning) == whole
    assert refused > 100
    fault("one of 200 random bits of `last.ckpt` flipped", "refused, or the content is the same")


@pytest.mark.parametrize(
    ("bomb", "offered"), [(MIDDLE, "best"), pytest.param(BETWEEN, "previous", marks=pytest.mark.slow)]
)
def test_a_damaged_checkpoint_offers_another(stopped, refused, undisturbed, fault, bomb, offered):
    run = stopped(bomb)
    epochs = len(read_checkpoint(run.checkpoint(offered)).history)
    damage_weight(run.last)
    before = run.last.read_bytes()
    (line,) = refused("train", "resume=run", "--trust", "bomb")
    command = f"akshar train resume=run resume_from={offered} --trust bomb"
    assert "last.ckpt: " in line
    assert line.endswith(f"; to continue after epoch {epochs}: {command}")
    assert run.last.read_bytes() == before
    assert main(command.split()[1:]) == 0
    assert figures(run.path) == undisturbed
    assert provenance.read(run).resumed[0].checkpoint == offered
    fault(
        "a flipped bit in `last.ckpt`",
        "`to continue after epoch 2: akshar train resume=RUN resume_from=best` (or `previous`), which leads to the "
        "same end, bit for bit",
    )


def test_two_whole_checkpoints_are_there_from_the_second_best_epoch_on(stopped):
    run = stopped(BETWEEN)
    assert run.last.samefile(run.best)
    assert read_checkpoint(run.previous).history[-1]["epoch"] == 1
    assert not stopped_elsewhere(stopped, MIDDLE).previous.exists()


def stopped_elsewhere(stopped, bomb):
    shutil.rmtree("run")
    return stopped(bomb)


def test_without_another_checkpoint_a_new_run_is_the_way_out(stopped, refused):
    run = stopped(MIDDLE)
    for path in (run.last, run.best):
        damage_weight(path)
    for words in ((), ("resume_from=best",), ("resume_from=previous",)):
        (line,) = refused("train", "resume=run", "--trust", "bomb", *words)
        assert line.endswith("no other checkpoint of the run is whole; start a new run")
    assert (
        "resume_from=first: must be one of last, best, previous"
        in refused("train", "resume=run", "--trust", "bomb", "resume_from=first")[0]
    )


def test_a_wrong_diverged_can_be_overridden(stopped, refused, undisturbed, fault):
    run = stopped(MIDDLE)
    run.write_status("diverged", error="the loss is nan")
    (line,) = refused("train", "resume=run", "--trust", "bomb")
    assert "where a damaged file or machine was the cause, add resume_from=last" in line
    assert main(["train", "resume=run", "--trust", "bomb", "resume_from=last"]) == 0
    assert figures(run.path) == undisturbed
    fault(
        "a run that is marked as diverged because of a damaged file or machine",
        "`where a damaged file or machine was the cause, add resume_from=last`; it resumes to the same end",
    )


def edit_config(run, **changes):
    """Edit `config.yaml`; return its content before."""
    before = run.config.read_text()
    record = yaml.safe_load(before)
    for key, value in changes.items():
        *path, name = key.split("__")
        node = record
        for part in path:
            node = node[part]
        node[name] = value
    run.config.write_text(yaml.safe_dump(record))
    return before


@pytest.mark.parametrize("bomb", [MIDDLE, pytest.param(EARLY, marks=pytest.mark.slow)])
def test_an_edited_config_is_refused(stopped, refused, undisturbed, fault, bomb):
    run = stopped(bomb)
    before = edit_config(run, seed=7, optimizer__lr=0.5)
    lines = refused("train", "resume=run", "--trust", "bomb")
    if bomb == MIDDLE:
        assert [line.split(":")[1].strip() for line in lines] == ["seed=7", "optimizer.lr=0.5"]
        assert "run/config.yaml since the run was started with 0.02; restore it" in lines[1]
    else:
        assert "run/config.yaml: changed since the run was started (its hash is " in lines[0]
    assert provenance.read(run).resumed == []
    run.config.write_text(before)
    edit_config(run, chance_warning_epochs=2)  # decides no result
    assert main(["train", "resume=run", "--trust", "bomb"]) == 0
    run.config.write_text(before)
    assert figures(run.path) | {"config": None} == undisturbed | {"config": None}
    fault(
        "`seed` and `optimizer.lr` in `config.yaml` edited before a resume",
        "each key is one line with both values; nothing is changed",
    )


def test_a_length_edited_in_the_config_is_checked_as_one_on_the_command_line(stopped, refused):
    run = stopped(MIDDLE)
    for epochs, reason in (
        (9, "the schedule OneCycleLR was planned for 3 epochs"),
        (2, "it can only be made longer"),
    ):
        before = edit_config(run, trainer__max_epochs=epochs)
        assert reason in refused("train", "resume=run", "--trust", "bomb")[0]
        run.config.write_text(before)
    edit_config(stopped_elsewhere(stopped, EARLY), trainer__max_epochs=9)
    assert "config.yaml: changed since the run was started" in refused("train", "resume=run", "--trust", "bomb")[0]


def test_an_edited_split_is_refused(stopped, refused, undisturbed, fault):
    run = stopped(MIDDLE)
    whole = run.split.read_text()
    record = json.loads(whole)
    for text in (json.dumps(record | {"val": record["val"][1:]}), whole[:100], ""):
        run.split.write_text(text)
        (line,) = refused("train", "resume=run", "--trust", "bomb")
        assert (
            "split.json: damaged or changed: not the validation images of this run; restore it, or remove it"
            in line
        )
    run.split.unlink()
    assert main(["train", "resume=run", "--trust", "bomb"]) == 0
    assert run.split.read_text() == whole
    assert figures(run.path) == undisturbed
    fault(
        "`split.json` edited or cut short before a resume",
        "`split.json: damaged or changed: not the validation images of this run`",
    )


def test_what_a_resume_changes_is_recorded_and_the_first_hash_stays(workplace):
    assert main(["train", *TINY, "scheduler=none", "hydra.run.dir=run"]) == 0
    run = RunDir(workplace / "run")
    first = provenance.read(run)
    assert main(["train", "resume=run", "trainer.max_epochs=3"]) == 0
    result = json.loads(run.result.read_text())
    assert provenance.read(run).config_hash == first.config_hash
    (resume,) = result["provenance"]["resumed"]
    assert resume["changes"] == {"trainer.max_epochs": [2, 3]}
    assert resume["config_hash"] == result["config_hash"] != first.config_hash
    assert result["provenance"]["config_hash"] == first.config_hash
    assert "trainer.max_epochs is 3 from now on; it was 2" in run.log.read_text()


def test_a_clock_that_was_set_back_loses_nothing(stopped, undisturbed, monkeypatch, fault):
    run = stopped(MIDDLE)
    before = provenance.read(run)

    class Yesterday(datetime):
        @classmethod
        def now(cls, tz=None):
            return datetime.now(tz) - timedelta(days=1)

    now, clock = datetime.now(UTC), time.time
    for module in (runs.run_dir, provenance):
        monkeypatch.setattr(module, "datetime", Yesterday)
    monkeypatch.setattr("time.time", lambda: clock() - 86400)
    assert main(["train", "resume=run", "--trust", "bomb"]) == 0
    assert figures(run.path) == undisturbed
    result = json.loads(run.result.read_text())
    seconds = [row["seconds"] for row in read_checkpoint(run.last).history]
    assert 0 < seconds[0] < seconds[1] < seconds[2] <= result["fit"]["seconds"]
    record = provenance.read(run)
    assert record.started == before.started
    assert datetime.fromisoformat(record.resumed[0].at) < now - timedelta(hours=23)
    fault(
        "the clock set back by a day between stop and resume", "the same end; times are positive, no point is lost"
    )


def test_too_few_steps_for_a_schedule_are_said_to_be(refused, fault):
    line = refused("train", *TINY, "trainer.limit_train_batches=5", "trainer.max_epochs=1")[-1]
    reason = "scheduler: cannot be planned for the 5 optimizer steps of this run (float division by zero); raise "
    assert reason + "trainer.max_epochs, lower data.batch_size, or set scheduler=none" in line
    fault("a run of 5 steps with the one-cycle schedule", f"`{reason}trainer.max_epochs, ...`")
