"""A run that goes on longer than it was begun, one that is repeated, and what is refused of both."""

import json
import math

import pytest
import torch
from conftest import TINY
from test_resume import figures

from akshar.cli import main

CONSTANT = [*TINY, "scheduler=none", "model.dropout=0.2"]


@pytest.mark.parametrize("words", [["callbacks=ema"], ["scheduler=plateau", "scheduler.patience=0"]])
def test_a_finished_run_can_be_made_longer_where_the_schedule_is_constant(words, workplace):
    assert main(["train", *CONSTANT, *words, "hydra.run.dir=run"]) == 0
    first = json.loads((workplace / "run" / "result.json").read_text())
    assert main(["train", "resume=run", "trainer.max_epochs=4"]) == 0
    assert main(["train", *CONSTANT, *words, "trainer.max_epochs=4", "hydra.run.dir=whole"]) == 0
    assert figures(workplace / "run") == figures(workplace / "whole")
    assert json.loads((workplace / "run" / "result-2-epochs.json").read_text()) == first


def test_what_cannot_go_on_is_refused_with_the_reason(train, refused, workplace):
    _, folder = train(*TINY, "trainer.max_epochs=1")
    for words, reason in [
        ((), "is completed; its schedule OneCycleLR ends there; start a new run"),
        (("trainer.max_epochs=3",), "the schedule OneCycleLR was planned for 1 epochs; start a new run"),
        (("trainer.max_epochs=0",), "trainer.max_epochs=0: must be greater than 0"),
        (("optimizer.lr=1",), "optimizer.lr: a resumed run keeps its config"),
        (("-m",), "-m: cannot be combined with resume="),
        (("repeat=x",), "give one of them"),
        (("trainer.max_epochs=4,5",), "trainer.max_epochs=4,5: takes one value here"),
    ]:
        assert reason in refused("train", f"resume={folder}", *words)[0]
    (workplace / "empty").mkdir()
    assert "it has no config.yaml" in refused("train", "resume=empty")[0]
    assert "no such run folder" in refused("train", "resume=nowhere")[0]
    assert "name a run's folder" in refused("train", "resume=")[0]
    (workplace / "record.json").write_text('{"config": {}}')
    assert "not a result of akshar, or a damaged one" in refused("train", "repeat=record.json")[0]
    assert "only a completed run can be repeated" in refused("train", "repeat=empty")[0]
    (folder / "config.yaml").write_text("a: [")
    assert "config.yaml: cannot be read" in refused("train", f"resume={folder}")[0]
    (workplace / "outputs").rename(workplace / "elsewhere")
    assert "no run in outputs/train" in refused("train", "resume=latest")[0]


def content(folder):
    """Every file of a run but its lock."""
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file() and path.name != ".lock"}


def edited(path, **changes):
    before = json.loads(path.read_text())
    path.write_text(json.dumps(before | changes))
    return before


def test_a_run_that_is_not_gone_on_with_is_left_as_it_is(train, refused, workplace, finished):
    _, folder = train(*CONSTANT)
    longer = ("train", f"resume={folder}", "trainer.max_epochs=3")
    provenance, last, best = (
        folder / name for name in ("provenance.json", "checkpoints/last.ckpt", "checkpoints/best.ckpt")
    )

    def refusal(*words, removed=None):
        kept = removed.read_bytes() if removed else b""
        if removed:
            removed.unlink()
        before = content(folder)
        text = "\n".join(refused(*longer, *words))
        log = folder / "run.log"
        assert {**content(folder), log: b""} == {**before, log: b""}
        if removed:
            removed.write_bytes(kept)
        return text

    assert "last.ckpt: missing; to continue after epoch" in refusal(removed=last)
    assert "best.ckpt: no such checkpoint" in refusal(removed=best)
    assert "provenance.json: missing, and the run cannot be resumed" in refusal(removed=provenance)
    assert "its initial weights changed since it started" in refusal(f"init_from={finished[1]}")
    for changes, message in [
        ({"data_digest": "another"}, "its images changed since it started"),
        ({"split_digest": "another"}, "its split changed since it started"),
        ({"versions": None}, "provenance.json: missing or damaged"),
    ]:
        whole = edited(provenance, **changes)
        assert message in refusal()
        provenance.write_text(json.dumps(whole))
    whole = last.read_bytes()
    last.write_bytes(whole[:1000])
    assert "last.ckpt: not a checkpoint of plain data" in refusal()
    last.write_bytes(whole)
    # And after all of that it goes on.
    assert main([*longer]) == 0


def test_a_run_whose_result_was_lost_is_finished_again(train):
    result, folder = train(*CONSTANT)
    (folder / "result.json").unlink()
    assert main(["train", f"resume={folder}"]) == 0
    again = json.loads((folder / "result.json").read_text())
    assert (again["best"], again["test"]) == (result["best"], result["test"])
    assert again["fit"]["interrupted"]


def test_another_thread_count_is_said(train):
    _, folder = train(*CONSTANT)
    record = json.loads((folder / "provenance.json").read_text())
    edited(folder / "provenance.json", host=record["host"] | {"threads": 64})
    assert main(["train", f"resume={folder}", "trainer.max_epochs=3"]) == 0
    assert "threads 64, now " in (folder / "run.log").read_text()


def test_a_repeated_run_matches_and_says_so(finished, workplace, capfd):
    result, folder = finished
    (workplace / "record.json").write_text(json.dumps(result))
    assert main(["train", "repeat=record.json"]) == 0
    assert "every metric is the same" in capfd.readouterr().err
    (again,) = workplace.glob("outputs/train/*/result.json")
    assert json.loads(again.read_text())["repeats"] == {
        "run": "record.json", "matches": True, "differences": {}, "others": [],
    }  # fmt: skip
    assert main(["train", f"repeat={folder}", "seed=1"]) == 2
    assert "seed: a repeated run keeps its config" in capfd.readouterr().err


def test_a_record_that_is_not_true_is_found_out(finished, workplace, capfd):
    result, _ = finished
    forged = result | {"test": result["test"] | {"correct": 230, "accuracy": 1.0}}
    (workplace / "record.json").write_text(json.dumps(forged))
    assert main(["train", "repeat=record.json"]) == 1
    said = capfd.readouterr().err
    assert "does not repeat record.json" in said
    assert f"test.accuracy was 1.0, is {result['test']['accuracy']}" in said


def test_a_loss_that_is_no_number_leaves_what_replays_it(workplace, refused, monkeypatch, fault):
    words = [*TINY, "optimizer=sgd", "scheduler=none", "optimizer.lr=1e20"]
    line = refused("train", *words, exit_code=1)[-1]
    (folder,) = workplace.glob("outputs/train/*")
    report = json.loads((folder / "diverged.json").read_text())
    assert f"step {report['step']}" in line
    assert report["lr"] == 1e20
    assert len(report["batch"]["indices"]) == 64
    assert json.loads((folder / "status.json").read_text())["status"] == "diverged"
    # The batch and the weights before it give that loss again.
    from akshar.config.schema import TrainConfig
    from akshar.runs.checkpoint import read_checkpoint
    from akshar.runs.rebuild_network import rebuild_network
    from akshar.runs.run_dir import RunDir
    from akshar.training.parts import build_data
    from akshar.training.resume import read_config

    data = build_data(TrainConfig.model_validate(read_config(RunDir(folder))))
    checkpoint = read_checkpoint(folder / "checkpoints" / "diverged.ckpt")
    net = rebuild_network(
        "it", checkpoint.contents.network, checkpoint.weights, 46, data.dataset.input_spec, trust=()
    ).train()
    loader = data.train_dataloader()
    loader.set_epoch(report["epoch"] - 1)
    for number, batch in enumerate(loader):
        if number == report["batch"]["number"]:
            assert data.train.labels[report["batch"]["indices"]].tolist() == batch.labels.tolist()
            prepared = data.prepare(batch, augmented=True)
            loss = torch.nn.functional.cross_entropy(net(prepared.images), batch.labels)
            assert not math.isfinite(loss.item())
    assert "would do so again" in refused("train", f"resume={folder}")[0]
    fault("a loss that is no number", "stops at that step; its batch and the weights before it are kept for replay")


def test_a_run_that_learns_nothing_is_named(train):
    still = ["optimizer=sgd", "optimizer.lr=1e-12", "scheduler=none"]
    _, folder = train(*TINY, *still, "chance_warning_epochs=2")
    assert "after 2 epochs validation is no better than guessing (loss " in (folder / "run.log").read_text()


def test_deterministic_runs_are_bit_equal(workplace):
    for name in ("one", "two"):
        assert main(["train", *TINY, "deterministic=true", f"hydra.run.dir={name}"]) == 0
    assert figures(workplace / "one") == figures(workplace / "two")
