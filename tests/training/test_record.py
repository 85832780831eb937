"""The record that a run begins with."""

import json
from types import SimpleNamespace

import torch
import yaml

from akshar.data.splits import Split
from akshar.runs import provenance
from akshar.runs.provenance import Facts
from akshar.runs.run_dir import RunDir
from akshar.training.left_behind import LeftBehind
from akshar.training.record import start_record

SPLIT = Split(torch.arange(4), torch.tensor([4, 6]), {"method": "random", "seed": 1})
CONFIG = SimpleNamespace(to_record=lambda: {"seed": 1})


def setup(run_dir, before=None, step=0):
    facts = Facts(
        name="x", config_hash="h", precision="32-true", data_digest="d", split_digest="s", init_digest=None
    )
    left = None
    if before:
        checkpoint = SimpleNamespace(lightning={"global_step": step}, history=[{}])
        left = LeftBehind(before, "best", checkpoint, {"trainer.max_epochs": (2, 4)})
    summary = SimpleNamespace(split=SPLIT)
    return SimpleNamespace(run_dir=run_dir, summary=summary, facts=facts, left=left, config=CONFIG)


def test_a_new_run_records_its_split_and_its_environment(tmp_path):
    run_dir = RunDir(tmp_path)
    content = start_record(setup(run_dir))
    assert json.loads(run_dir.split.read_text()) == {
        "method": "random",
        "seed": 1,
        "digest": SPLIT.digest(),
        "val": [4, 6],
    }
    assert provenance.read(run_dir) == content
    assert content.resumed == []


def test_a_resume_is_added_and_a_lost_split_is_written_again(tmp_path):
    run_dir = RunDir(tmp_path)
    before = start_record(setup(run_dir))
    run_dir.split.unlink()
    content = start_record(setup(run_dir, before, step=9))
    assert [(resume.step, resume.checkpoint) for resume in content.resumed] == [(9, "best")]
    assert content.resumed[0].changes == {"trainer.max_epochs": (2, 4)}
    assert json.loads(run_dir.split.read_text()) == SPLIT.to_record()
    assert yaml.safe_load(run_dir.config.read_text()) == {"seed": 1}
    status = run_dir.read_status()
    assert (status.epoch, status.step) == (1, 9)
