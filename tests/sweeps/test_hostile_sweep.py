"""Sweeps and runs that come from someone else: nothing is run or written elsewhere, and each is read or named."""

import json
import math
import os
import time
from pathlib import Path

import pytest
from sweep_files import write_run

from akshar.cli import main
from akshar.sweeps.sweep_dir import CHOICES, override_keys, read_choices
from akshar.untrusted import MAX_YAML, read_json, read_yaml

LAUGHS = "a0: &a0 [x, x]\n" + "".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
MERGES = "a0: &a0 {x: 1}\n" + "".join(
    f"a{n}: &a{n} {{<<: [{', '.join([f'*a{n - 1}'] * 9)}]}}\n" for n in range(1, 12)
)
DEEP = "[" * 90_000 + "]" * 90_000
CONFIGS = {
    "references that multiply (a billion laughs)": (LAUGHS, "more than 100,000 values"),
    "merges that multiply": (MERGES, "could not determine a constructor"),
    "90,000 nested lists": (DEEP, "nested too deeply"),
    "a list within itself": ("a: &a [*a]", "more than 100,000 values"),
    "a Python object": ("a: !!python/object/apply:os.system [touch harm]", "could not determine a constructor"),
    "1 MB": ("a: " + "x" * 1_000_000, f"larger than {MAX_YAML:,} bytes"),
    "a number of 10,000 digits": ("a: " + "9" * 10_000, "Exceeds the limit"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_yaml_of_somebody_else_is_bounded(name, workplace, capfd, fault):
    content, message = CONFIGS[name]
    for run in ("0", "1"):
        write_run(workplace / "sweep" / run, {"seed": int(run)})
    (workplace / "sweep" / "1" / "config.yaml").write_text(content)
    (workplace / "sweep" / "multirun.yaml").write_text(content)
    started = time.thread_time()
    with pytest.raises(ValueError, match=message):
        read_yaml(workplace / "sweep" / "1" / "config.yaml")
    assert time.thread_time() - started < 20  # of processor time: one that follows all references does not end
    assert override_keys(workplace / "sweep") is None
    assert main(["sweep", "sweep"]) == 0
    assert main(["runs", "--root", "sweep"]) == 0
    assert len(json.loads((workplace / "sweep" / "sweep.json").read_text())) == 1
    assert not (workplace / "harm").exists()
    assert "Traceback" not in capfd.readouterr().err
    fault(f"`config.yaml` or `multirun.yaml` of somebody else: {name}", "the run is left out of the table")


def test_deep_json_and_pipes_are_no_results(workplace, capfd, fault):
    deep = "[" * 200_000 + "]" * 200_000
    for number, name in enumerate(("result.json", "status.json", "provenance.json", "choices.json")):
        run = write_run(workplace / "sweep" / f"{number}", {"seed": number}).path
        (run / name).write_text(deep)
        pipe = write_run(workplace / "sweep" / f"{number + 10}", {"seed": number + 10}).path / name
        pipe.unlink(missing_ok=True)
        os.mkfifo(pipe)
    with pytest.raises(ValueError, match="nested too deeply"):
        read_json(workplace / "sweep" / "0" / "result.json")
    assert read_choices(workplace / "sweep" / "3") == {}
    assert main(["sweep", "sweep"]) == 1
    assert main(["runs", "--root", "sweep"]) == 0
    said = capfd.readouterr()
    assert "Traceback" not in said.err
    assert "died: job 0" in said.err
    fault("JSON of 200,000 nested lists, or a pipe, in place of a run's records", "they count as missing")


def test_odd_metrics_are_shown(workplace, capfd):
    for number, value in enumerate((math.nan, math.inf, -math.inf, 1e308, 1e308, -5.0)):
        run = write_run(workplace / "sweep" / str(number), {"optimizer": {"lr": 0.1 + number // 2}}, val_loss=value)
        result = json.loads(run.result.read_text())
        result["best"]["val_accuracy"] = value
        result["test"]["accuracy"] = value
        result["model"]["parameters"] = -(10**30) * number
        run.result.write_text(json.dumps(result))
    assert main(["sweep", "sweep"]) == 0
    assert main(["runs", "--root", "sweep"]) == 0
    shown = capfd.readouterr().out
    assert "nan" in shown
    assert "inf" in shown


def test_names_cannot_move_the_cursor(workplace, capfd, fault):
    evil = "\x1b[2J\nevil\udcff"
    run = write_run(workplace / "sweep" / evil, {"seed": 2, evil[:-1]: evil[:-1]}, "failed", error=f"{evil[:-1]}x")
    (run.path / CHOICES).write_text('{"model": "\\ud800\\u001b[2J"}')
    write_run(workplace / "sweep" / "0", {})
    assert main(["sweep", "sweep"]) == 1
    assert main(["runs", "--root", "sweep"]) == 0
    (workplace / evil).mkdir()
    assert main(["sweep", evil]) == 2
    said = capfd.readouterr()
    assert "\x1b" not in said.out + said.err
    assert r"failed: job \x1b[2J\nevil\udcff" in said.err
    for name in ("sweep.md", "sweep.csv", "sweep.json"):
        assert "\x1b" not in (workplace / "sweep" / name).read_text(encoding="utf-8")
    fault("escape sequences in the names of folders, in keys, values and errors", "shown as `\\x1b`")


@pytest.mark.parametrize("link", ["sweep.md", ".sweep.md.partial", "sweep.png", "labels.csv", "figures"])
@pytest.mark.parametrize("verb", ["sweep", "inspect"])
def test_links_do_not_lead_out_of_the_folder(link, verb, workplace, refused, fault):
    write_run(workplace / "sweep" / "0", {})
    mine = workplace / "mine"
    if link == "figures":
        mine.mkdir()
    else:
        mine.write_text("mine")
    (workplace / "sweep" / link).symlink_to(mine)
    (line,) = refused(verb, "sweep")
    assert f"sweep/{link}: a link out of this folder, to what would be overwritten; remove it" in line
    assert (list(mine.iterdir()) == []) if link == "figures" else (mine.read_text() == "mine")
    fault(
        "a folder with a link to one's own file where `akshar sweep` or `inspect` writes", "refused, with its name"
    )


def contents(folder):
    return {path: path.read_bytes() for path in folder.glob("**/*") if path.is_file()}


def test_linked_runs_are_read_and_not_written_to(workplace):
    write_run(workplace / "elsewhere", {})
    before = contents(workplace / "elsewhere")
    (workplace / "sweep").mkdir()
    Path("sweep/0").symlink_to(workplace / "elsewhere")
    assert main(["sweep", "sweep"]) == 0
    assert contents(workplace / "elsewhere") == before
    assert len(json.loads((workplace / "sweep" / "sweep.json").read_text())) == 1
