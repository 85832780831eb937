"""Provenance: written at the start and at every resume, compared with the machine of a resume."""

import pytest
from small_files import OLD

from akshar.errors import UsageError
from akshar.runs import provenance
from akshar.runs.provenance import Facts, GitState
from akshar.runs.run_dir import RunDir

FACTS = Facts(
    name="small", config_hash="a", precision="32-true", data_digest="d", split_digest="s", init_digest=None
)


def test_what_is_written_is_read(tmp_path):
    run_dir = RunDir(tmp_path)
    written = provenance.begin(run_dir, FACTS)
    assert provenance.read(run_dir) == written
    assert written.started is not None
    assert written.versions.keys() >= {"python", "torch", "numpy"}
    assert (written.name, written.data_digest, written.init_digest) == ("small", "d", None)
    assert written.host.threads >= 1
    assert provenance.finished(written).finished is not None


def test_a_resume_is_added(tmp_path):
    run_dir = RunDir(tmp_path)
    provenance.begin(run_dir, FACTS)
    provenance.resume(run_dir, 5, config_hash="a")
    changes = {"trainer.max_epochs": (2, 4)}
    content = provenance.resume(run_dir, 9, checkpoint="best", config_hash="b", changes=changes)
    assert [resume.step for resume in content.resumed] == [5, 9]
    assert (content.config_hash, content.config_hashes) == ("a", {"a", "b"})
    assert (content.resumed[1].checkpoint, content.resumed[1].changes) == ("best", changes)
    assert provenance.read(run_dir) == content


def test_changes_are_listed_against_the_last_resume(tmp_path):
    run_dir = RunDir(tmp_path)
    before = provenance.begin(run_dir, FACTS)
    assert provenance.changes_since(before) == []
    before.versions["torch"] = "1.0"
    before.host.threads += 1
    changed = before.model_copy(update={"git": GitState(commit="abc")})
    lines = provenance.changes_since(changed)
    assert any(line.startswith("torch 1.0, now ") for line in lines)
    assert any(line.startswith("commit abc, now ") for line in lines)
    assert any(line.startswith("threads ") for line in lines)
    assert provenance.changes_since(provenance.resume(run_dir, 1, config_hash="a")) == []


def test_that_of_akshar_0_1_is_read():
    content = provenance.read(RunDir(OLD))
    assert content.versions["akshar"] == "0.1.0"
    assert content.config_hash == "46fa0d308df5"


@pytest.mark.parametrize("text", [None, "", "{}", "[]"])
def test_a_missing_or_damaged_one_is_reported(text, tmp_path):
    run_dir = RunDir(tmp_path)
    if text is not None:
        run_dir.provenance.write_text(text)
    with pytest.raises(UsageError, match=r"provenance.json: missing or damaged; the run cannot be resumed"):
        provenance.read(run_dir)
