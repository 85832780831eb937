"""The record that a run begins with."""

import json
from types import SimpleNamespace

import torch

from akshar.data.splits import Split
from akshar.runs import provenance
from akshar.runs.provenance import Facts
from akshar.runs.run_dir import RunDir
from akshar.training.record import start_record

SPLIT = Split(torch.arange(4), torch.tensor([4, 6]), {"method": "random", "seed": 1})


def setup(run_dir, before=None, step=0):
    facts = Facts(
        name="x", config_hash="h", precision="32-true", data_digest="d", split_digest="s", init_digest=None
    )
    resumed = SimpleNamespace(lightning={"global_step": step}) if step else None
    return SimpleNamespace(
        run_dir=run_dir, split=SPLIT, facts=facts, provenance_before=before, resumed_from=resumed
    )


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


def test_a_resume_is_added_and_the_split_left_alone(tmp_path):
    run_dir = RunDir(tmp_path)
    before = start_record(setup(run_dir))
    run_dir.split.unlink()
    content = start_record(setup(run_dir, before, step=9))
    assert [resume.step for resume in content.resumed] == [9]
    assert not run_dir.split.exists()
