"""What a run records of the checkout that its code is from."""

import subprocess
from functools import partial

from akshar.runs import provenance
from akshar.runs.git_state import read_git_state, write_diff
from akshar.runs.provenance import Facts
from akshar.runs.run_dir import RunDir


def test_remotes_are_not_recorded(tmp_path, monkeypatch):
    checkout, run_dir = tmp_path / "checkout", RunDir(tmp_path / "run")
    checkout.mkdir()
    run_dir.make()

    def git(*words):
        identity = ("-c", "user.name=x", "-c", "user.email=x@y")
        subprocess.run(["git", "-C", str(checkout), *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    git("remote", "add", "origin", "https://me:hunter22@host.example/code.git")
    (checkout / "code.py").write_text("first\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    (checkout / "code.py").write_text("second\n")
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
