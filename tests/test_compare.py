"""`akshar compare`: paired figures that hold against other ways to them, and runs that cannot be compared."""

import csv
import json
import re
import shutil

import pytest
from conftest import TINY

from akshar.cli import main


@pytest.fixture(scope="module")
def runs(finished, tmp_path_factory):
    """The folders of three runs: two that differ, and one that was tested on digits alone."""
    place = tmp_path_factory.mktemp("compared")
    shutil.copytree(finished[1], place / "one")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(place)
        more = ("optimizer.lr=0.05", "trainer.max_epochs=8")
        assert main(["train", *TINY, *more, "hydra.run.dir=other"]) == 0
        assert main(["train", *TINY, "data.subset=digits", "hydra.run.dir=digits"]) == 0
    return place


def test_two_runs_image_by_image(runs, workplace, capsys):
    assert main(["compare", str(runs / "one"), str(runs / "other"), "--out", "out"]) == 0
    shown = capsys.readouterr().out
    compared = json.loads((workplace / "out" / "compare.json").read_text())
    one, other = (json.loads((runs / name / "result.json").read_text())["test"] for name in ("one", "other"))
    (found,) = compared["pairs"]
    assert found["difference"] == pytest.approx(other["accuracy"] - one["accuracy"])
    assert found["only_other"] - found["only_first"] == other["correct"] - one["correct"]
    assert sum(row["only_other"] for row in found["by_class"]) == found["only_other"]
    assert found["verdict"] in " ".join(shown.split())
    assert {"key": "optimizer.lr", "A": 0.004, "B": 0.05} in compared["config"]
    assert [row["key"] for row in compared["config"]][:2] == ["seed", "optimizer.lr"]
    assert re.search(r"^trainer.max_epochs +2 +8 *$", shown, re.M)
    with (workplace / "out" / "compare.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    gained = [row for row in rows if row["prediction_B"] == row["truth"] != row["prediction_A"]]
    assert len(gained) == found["only_other"]
    assert (workplace / "out" / "compare.png").exists()
    # Three are told with Holm's correction, and the folder has a name of its own without --out.
    shutil.copytree(runs / "other", "third")
    assert main(["compare", str(runs / "one"), str(runs / "other"), "third"]) == 0
    assert "after Holm" in capsys.readouterr().out
    assert len([*workplace.glob("outputs/compare/*/compare.json")]) == 1


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda result: result["data"].update(digest="0" * 64), "but the data differs"),
        (lambda result: result.update(classes=result["classes"][::-1]), "the classes differ"),
        (lambda result: result.pop("classes"), "not a result of akshar, or a damaged one (its classes is wrong)"),
    ],
)
def test_a_record_that_tells_of_something_else_is_refused(change, message, runs, tmp_path, refused):
    shutil.copytree(runs / "other", tmp_path / "changed")
    result = json.loads((tmp_path / "changed" / "result.json").read_text())
    change(result)
    (tmp_path / "changed" / "result.json").write_text(json.dumps(result))
    (line,) = refused("compare", str(runs / "one"), str(tmp_path / "changed"))
    assert message in line


def test_a_data_set_of_the_user_s_own_is_loaded_if_trusted(runs, tmp_path, workplace, capsys, monkeypatch):
    (tmp_path / "own_data.py").write_text(
        "from akshar.devanagari.glyphs import Glyphs\n\n\nclass Mine(Glyphs):\n    pass\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    shutil.copytree(runs / "one", tmp_path / "own")
    result = json.loads((tmp_path / "own" / "result.json").read_text())
    result["config"]["data"]["_target_"] = "own_data.Mine"
    (tmp_path / "own" / "result.json").write_text(json.dumps(result))
    words = ["compare", str(tmp_path / "own"), str(runs / "other")]
    assert main(words) == 0
    assert "no sheet of images" in capsys.readouterr().out
    assert main([*words, "--trust", "own_data"]) == 0
    assert "no sheet of images: the first run" not in capsys.readouterr().out


def test_a_record_s_data_source_is_not_run_unless_it_is_ours(runs, tmp_path, workplace, capsys):
    shutil.copytree(runs / "one", tmp_path / "evil")
    result = json.loads((tmp_path / "evil" / "result.json").read_text())
    result["config"]["data"] = {"_target_": "os.system", "command": f"touch {tmp_path / 'harm'}"}
    (tmp_path / "evil" / "result.json").write_text(json.dumps(result))
    assert main(["compare", str(tmp_path / "evil"), str(runs / "other")]) == 0
    assert "names os.system, which no file may name" in capsys.readouterr().out
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (["one"], "needs at least two runs"),
        (["one", "one"], "one: the same run"),
        (
            ["one", "digits"],
            "tested on different images: all of glyphs (230 images) and digits of glyphs (50 images)",
        ),
        (["one", "nowhere"], "no such folder"),
    ],
)
def test_what_cannot_be_compared_is_said(names, message, runs, refused):
    (line,) = refused("compare", *(str(runs / name) for name in names))
    assert message in line
