"""`akshar runs`: what lies in outputs, and the removal of some of it."""

import json
import shutil

import pytest

from akshar.cli import main
from akshar.runs.run_dir import RunDir


@pytest.fixture
def outputs(finished, workplace):
    """A completed run, one that failed, one that died, and folders that are none."""
    shutil.copytree(finished[1], workplace / "outputs" / "train" / "done")
    for name, status in (("bad", "failed"), ("gone", "running")):
        folder = RunDir(workplace / "outputs" / "multirun" / "sweep" / name)
        folder.make()
        folder.write_status(status, 3, 12)
    (workplace / "outputs" / "other").mkdir()
    (workplace / "outputs" / "other" / "status.json").write_text('{"status": 7}')
    (workplace / "outputs" / "other2").mkdir()
    (workplace / "outputs" / "other2" / "status.json").write_text("nothing")
    return workplace / "outputs"


def test_runs_are_listed_with_status_age_size_and_accuracy(outputs, finished, capfd):
    result, _ = finished
    assert main(["runs"]) == 0
    lines = capfd.readouterr().out.splitlines()
    done, bad, gone = (next(line for line in lines if f"/{name} " in line) for name in ("done", "bad", "gone"))
    assert f"{100 * result['test']['accuracy']:.2f} %" in done
    assert "glyphs-compact" in done
    assert "completed" in done
    assert " failed" in bad
    assert " died" in gone
    assert not any("other" in line for line in lines)


def test_an_odd_folder_does_not_spoil_the_list(outputs, finished, capfd):
    result, _ = finished
    for name, part, content in [
        ("infinite", "status.json", {"status": "failed", "epoch": float("inf"), "updated": "2026-01-01"}),
        ("[b]marked", "provenance.json", {"name": "[/red]x"}),
        ("worded", "result.json", {"best": "x"}),
        ("texts", "result.json", result | {"best": {"val_accuracy": "high"}}),
    ]:
        folder = RunDir(outputs / name)
        folder.make()
        folder.write_status("failed")
        (folder.path / part).write_text(json.dumps(content))
    assert main(["runs"]) == 0
    shown = capfd.readouterr().out
    assert "outputs/[b]marked" in shown
    assert "[/red]x" in shown
    assert "outputs/worded" in shown
    assert "infinite" not in shown


def test_runs_are_removed_when_asked_to(outputs, capfd):
    assert main(["runs", "rm", "--status", "failed,died", "--yes"]) == 0
    assert not (outputs / "multirun" / "sweep" / "bad").exists()
    assert not (outputs / "multirun" / "sweep" / "gone").exists()
    assert (outputs / "train" / "done" / "result.json").exists()
    assert main(["runs", "rm", str(outputs / "train" / "done"), "--yes"]) == 0
    assert not (outputs / "train" / "done").exists()
    assert (outputs / "other").exists()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["rm"], "name the runs to delete, or choose them with --status"),
        (["rm", "outputs/nothing"], "no such run in outputs"),
        (["rm", "outputs/train/done"], "pass --yes to delete without confirmation"),
        (["--root", "nowhere"], "--root nowhere: no such folder"),
        (["--status", "faild"], "--status faild: no such status; choose from running, completed"),
        (["list", "outputs/train/done"], "name runs after `rm`"),
    ],
)
def test_what_cannot_be_done_is_said(words, message, outputs, refused, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False, raising=False)
    assert message in refused("runs", *words)[0]
    assert (outputs / "train" / "done").exists()


def test_a_person_is_asked(outputs, monkeypatch):
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(["runs", "rm", "outputs/train/done"]) == 1
    assert (outputs / "train" / "done").exists()
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert main(["runs", "rm", "outputs/train/done"]) == 0
    assert not (outputs / "train" / "done").exists()


def test_no_outputs_is_no_error(workplace, capfd):
    assert main(["runs"]) == 0
    assert "no runs in outputs" in capfd.readouterr().out


def test_provenance_says_where_a_result_comes_from(finished):
    result, folder = finished
    record = json.loads((folder / "provenance.json").read_text())
    written = result["provenance"]
    assert record.items() <= written.items()
    assert written["argv"]
    assert written["versions"]["torch"]
    assert written["host"]["cpu"]
    assert written["data_digest"] == result["data"]["digest"]
    assert written["started"] <= written["finished"]
    if written["git"].get("dirty"):
        assert (folder / "uncommitted.diff").read_text().startswith("diff --git")
