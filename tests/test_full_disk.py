"""A disk that fills while a run trains: a clear line, nothing lost that was whole, and it goes on."""

import contextlib
import errno
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import TINY, write_picture
from PIL import Image
from test_resume import figures

from akshar import files
from akshar.cli import main
from akshar.runs.checkpoint import read_checkpoint
from akshar.training.callbacks import checkpointing

MEGABYTE = 1_000_000
WIDE = [*TINY, "model.widths=[128,256]", "trainer.max_epochs=4", "checkpoint.every_n_steps=4"]


def fill(path):
    """Writes until there is no room."""
    with path.open("wb", buffering=0) as file, contextlib.suppress(OSError):
        while file.write(b"x" * 4096):
            pass


@pytest.fixture
def small_disk(tmp_path):
    """A file system of 64 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", str(place)], capture_output=True, check=False
    )
    if mounted.returncode:
        pytest.skip("file systems cannot be mounted here")
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


@pytest.mark.slow
def test_a_disk_that_fills_loses_nothing(small_disk, workplace, fault):
    run = small_disk / "run"
    command = [sys.executable, "-m", "akshar", "train", *WIDE, f"hydra.run.dir={run}"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    said = []
    for line in process.stderr:
        said.append(line)
        if line.startswith("epoch 2/4"):
            fill(small_disk / "filler")
    assert process.wait(60) == 1
    (line,) = [line for line in said if "no space left for" in line]
    assert line.startswith(f"error: {run}/checkpoints/")
    assert "the last complete checkpoint is kept" in line
    assert not any("Traceback" in line or "Logging error" in line for line in said)
    assert read_checkpoint(run).lightning["epoch"] >= 0
    assert read_checkpoint(run / "checkpoints" / "last.ckpt").lightning["global_step"] >= 13
    assert not list(run.rglob(".*.partial"))
    assert json.loads((run / "status.json").read_text())["status"] == "failed"

    (small_disk / "filler").unlink()
    assert main(["train", f"resume={run}"]) == 0
    assert main(["train", *WIDE, "hydra.run.dir=other"]) == 0
    assert figures(run) == figures(workplace / "other")
    fault(
        "the disk fills while a run trains",
        "`no space left for it; the last complete checkpoint is kept`; with space again it resumes to the same end",
    )


@pytest.mark.parametrize(
    ("command", "room"),
    [
        ("predict RUN picture.png --csv DISK/out.csv", 0),
        ("predict RUN picture.png --sheet DISK/out.png", 0),
        ("export RUN --format safetensors --output DISK/out.safetensors", 12_000),
        ("compare RUN DISK/runs/1 --out DISK/out", 0),
        ("sweep DISK/runs", 12_000),
        ("test checkpoint=RUN hydra.run.dir=DISK/out", 0),
        ("test checkpoint=RUN hydra.run.dir=DISK/out", 40_000),
        ("train TINY hydra.run.dir=DISK/out", 0),
        pytest.param("inspect RUN", 40_000, marks=pytest.mark.slow),
    ],
)
def test_a_full_disk_leaves_no_output_half_written(command, room, small_disk, finished, refused, fault):
    for number in range(2):
        shutil.copytree(finished[1], small_disk / "runs" / str(number))
    write_picture(Path("picture.png"))
    (small_disk / "out.csv").write_text("old")
    before = contents(small_disk)
    fill(small_disk / "filler")
    os.truncate(small_disk / "filler", (small_disk / "filler").stat().st_size - room)
    places = {"RUN": f"{small_disk}/runs/0", "DISK": str(small_disk), "TINY": " ".join(TINY)}
    for name, place in places.items():
        command = command.replace(name, place)
    lines = refused(*command.split(), exit_code=1)
    assert any("no space left" in line or "disk is full" in line for line in lines), lines
    assert not any(line.startswith(("Exception ignored", "--- Logging", "Error exec")) for line in lines), lines
    (small_disk / "filler").unlink()
    after = contents(small_disk)
    assert {path: after[path] for path in before} == before
    for path in after.keys() - before.keys():
        assert not path.name.endswith(".partial")
        if path.suffix == ".png":
            with Image.open(path) as picture:
                picture.load()
        if path.suffix == ".json":
            json.loads(path.read_text())
    fault("a full disk for the outputs of a command", "`out.csv: no space left for it`; what was there is kept")


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_full_disk_for_the_cache_is_said(small_disk, refused, monkeypatch, fault):
    monkeypatch.setenv("AKSHAR_CACHE", str(small_disk / "cache"))
    fill(small_disk / "filler")
    line = refused("train", *TINY, "data.subset=digits", exit_code=1)[-1]
    assert "the cache cannot be written (no space left for it); free some space, or choose another folder" in line
    assert not list((small_disk / "cache").rglob("*.partial*"))
    fault(
        "a full disk for the cache",
        "one line names `data.cache_dir` and AKSHAR_CACHE; nothing is left of it",
    )


@pytest.mark.slow
def test_every_write_may_fail(workplace, monkeypatch, capfd):
    """Each of a run's writes fails once: every time it ends with one line, and goes on."""
    real, calls, failing = os.fsync, [0], [0]

    def fsync(descriptor):
        calls[0] += 1
        if calls[0] == failing[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        real(descriptor)

    monkeypatch.setattr(files.os, "fsync", fsync)
    assert main(["train", *TINY, "hydra.run.dir=whole"]) == 0
    assert calls[0] > 10
    codes = []
    for number in range(1, calls[0] + 1, 2):  # every other call syncs a folder
        failing[0], calls[0] = number, 0
        capfd.readouterr()
        words = [*TINY, f"hydra.run.dir=fails{number}"]
        code = main(["train", *words])
        codes.append(code)
        errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error")]
        assert "Traceback" not in "".join(errors)
        assert any("full" in line or "no space" in line for line in errors) == (code == 1), (number, errors)
        failing[0] = 0
        run = workplace / f"fails{number}"
        if code and (run / "config.yaml").exists():
            assert main(["train", f"resume={run}"]) == 0
            assert figures(run) == figures(workplace / "whole")
    assert {*codes} == {0, 1}  # what is only shown may fail without ending the run


def test_a_disk_without_room_is_found_before_training(refused, workplace, monkeypatch, fault):
    usage = type("Usage", (), {"free": 9 * MEGABYTE})()
    monkeypatch.setattr(checkpointing.shutil, "disk_usage", lambda _: usage)
    lines = refused("train", *TINY, exit_code=1)
    assert "9 MB are free, and the checkpoints may take 10 MB; free some space" in lines[-1]
    (folder,) = workplace.glob("outputs/train/*")
    assert json.loads((folder / "status.json").read_text())["status"] == "failed"
    fault("a disk without room for the checkpoints", "said before training begins, with both figures")
