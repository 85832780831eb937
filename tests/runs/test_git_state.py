"""What a run records of the checkout that its code is from."""

import subprocess
from functools import partial

from akshar.runs import provenance
from akshar.runs.git_state import read_git_state, read_project_state, write_diff
from akshar.runs.provenance import Facts
from akshar.runs.run_dir import RunDir


def make_checkout(folder):
    folder.mkdir()

    def git(*words):
        identity = ("-c", "user.name=x", "-c", "user.email=x@y")
        subprocess.run(["git", "-C", str(folder), *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    (folder / "code.py").write_text("first\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    (folder / "code.py").write_text("second\n")
    return git


def test_no_program_that_a_checkout_names_is_run(tmp_path, monkeypatch):
    """A checkout in the working directory may come from someone else."""
    git, ran = make_checkout(tmp_path / "theirs"), tmp_path / "ran"
    program = tmp_path / "program"
    program.write_text(f"#!/bin/sh\ntouch {ran}\ncat\n")
    program.chmod(0o755)
    monkeypatch.chdir(tmp_path / "theirs")
    git("config", "diff.external", str(program))
    git("config", "core.fsmonitor", str(program))
    state = read_project_state()
    assert state is not None
    assert state.dirty
    write_diff(tmp_path / "diff", tmp_path / "theirs")
    assert "+second" in (tmp_path / "diff").read_text()
    git("config", "filter.theirs.clean", str(program))
    (tmp_path / "theirs" / ".gitattributes").write_text("*.py filter=theirs\n")
    assert read_project_state() is None
    assert not ran.exists()


def test_remotes_are_not_recorded(tmp_path, monkeypatch):
    checkout, run_dir = tmp_path / "checkout", RunDir(tmp_path / "run")
    run_dir.make()
    make_checkout(checkout)("remote", "add", "origin", "https://me:hunter22@host.example/code.git")
    monkeypatch.setattr(provenance, "read_git_state", partial(read_git_state, checkout))
    monkeypatch.setattr(provenance, "write_diff", partial(write_diff, folder=checkout))
    monkeypatch.chdir(checkout)
    facts = Facts(
        name="small", config_hash="a", precision="32-true", data_digest="d", split_digest="s", init_digest=None
    )
    content = provenance.begin(run_dir, facts)
    assert content.git.dirty
    assert content.project == content.git
    assert (run_dir.path / "project_uncommitted.diff").read_text().startswith("diff --git")
    assert provenance.changes_since(content) == []
    (checkout / "code.py").write_text("third\n")
    changed = f"{content.git.diff}, now {read_git_state(checkout).diff}"
    assert provenance.changes_since(content) == [
        f"uncommitted changes {changed}",
        f"uncommitted changes of the project {changed}",
    ]
    record, diff = run_dir.provenance.read_text(), (run_dir.path / "uncommitted.diff").read_text()
    assert "+second" in diff
    for text in (record, diff):
        for part in ("origin", "host.example", "me:", "hunter22"):
            assert part not in text
