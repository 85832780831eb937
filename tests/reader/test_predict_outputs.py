"""What `akshar predict` writes for programs: JSON, CSV and sheets, to files, pipes and devices."""

import csv
import io
import json
import os
import stat
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest
from conftest import write_picture
from PIL import Image
from small_files import write_small_checkpoint

from akshar.cli import main


def test_json_lines_hold_all_guesses(digit_run, pictures, capsys):
    assert main(["predict", str(digit_run), "pictures/3.png", "pictures/7.png", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["file"], second["file"]) == ("pictures/3.png", "pictures/7.png")
    assert len(first["guesses"]) == 5
    assert first["guesses"][0]["class_name"].startswith("digit_")
    assert first["confidence"] == first["guesses"][0]["confidence"] >= first["guesses"][1]["confidence"]
    left, top, right, bottom = first["box"]
    assert 20 <= left < right <= 52
    assert 20 <= top < bottom <= 52


def test_csv_is_printed_in_place_of_the_table(digit_run, pictures, capsys):
    assert main(["predict", str(digit_run), "pictures", "--csv", "-"]) == 0
    printed = capsys.readouterr().out
    assert main(["predict", str(digit_run), "pictures", "--csv", "read.csv", "--threshold", "1"]) == 0
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert [row["file"] for row in rows] == [str(path) for path in sorted(Path("pictures").iterdir())]
    unsure = list(csv.DictReader(io.StringIO(Path("read.csv").read_text(encoding="utf-8"))))
    assert {(row["letter"], row["problem"]) for row in unsure} == {("", "unsure")}
    assert [row["first"] for row in unsure] == [row["first"] for row in rows]
    assert {row["letter"] == (row["first"] if not row["problem"] else "") for row in rows} == {True}
    assert not Path("-").exists()


def test_json_has_a_line_also_for_a_file_that_cannot_be_read(digit_run, pictures, capsys):
    Path("broken.png").write_bytes(b"PNG")
    assert main(["predict", str(digit_run), "broken.png", "missing.png", "--json"]) == 1
    shown = capsys.readouterr()
    records = [json.loads(line) for line in shown.out.splitlines()]
    assert [record["file"] for record in records] == ["broken.png", "missing.png"]
    assert [sorted(record) for record in records] == [["error", "file"]] * 2
    assert [f"error: {record['error']}" for record in records] == shown.err.splitlines()


def test_csv_and_sheet(digit_run, pictures, capsys):
    words = ("--csv", "read.csv", "--sheet", "saw.png")
    assert main(["predict", str(digit_run), "pictures", *words]) == 0
    rows = list(csv.DictReader(io.StringIO((pictures.parent / "read.csv").read_text(encoding="utf-8"))))
    assert [row["file"] for row in rows] == [f"pictures/{digit}.png" for digit in range(10)]
    assert all(0 <= float(row["confidence"]) <= 1 and row["second"] for row in rows)
    with Image.open("saw.png") as sheet:
        assert sheet.width > 12 * 96
        assert np.asarray(sheet).std() > 20  # not an empty page


def test_a_blank_row_is_in_every_output(digit_run, workplace, capsys):
    Image.new("L", (90, 40), 255).save("blank.png")
    words = ("predict", str(digit_run), "blank.png", "--line")
    assert main([*words, "--csv", "-"]) == 0
    (row,) = csv.DictReader(io.StringIO(capsys.readouterr().out))
    assert (row["file"], row["position"], row["problem"], row["error"]) == ("blank.png", "", "blank", "")
    assert main([*words, "--json", "--sheet", "saw.png"]) == 0
    shown = capsys.readouterr()
    assert json.loads(shown.out) == {"file": "blank.png", "text": "", "problem": "blank", "characters": []}
    assert shown.err == "--sheet: nothing was read, so no sheet is drawn\n"
    assert not (workplace / "saw.png").exists()


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_csv_goes_to_a_pipe_or_a_device_and_leaves_it_one(kind, workplace):
    out, read = Path("out"), []
    if kind == "pipe":
        os.mkfifo(out)
    else:
        try:
            os.mknod(out, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # another /dev/null
            out.open("wb").close()
        except PermissionError:
            pytest.skip("devices cannot be made here")
    before = stat.S_IFMT(out.stat().st_mode)
    write_picture(Path("picture.png"))
    model = write_small_checkpoint(Path("model.ckpt"))
    reader = threading.Thread(target=lambda: read.append(out.read_text(encoding="utf-8")), daemon=True)
    reader.start()
    assert main(["predict", str(model), "picture.png", "--csv", "out"]) == 0
    reader.join(60)
    assert stat.S_IFMT(out.stat().st_mode) == before
    assert {path.name for path in workplace.iterdir()} == {"out", "picture.png", "model.ckpt"}
    (text,) = read
    assert [row["file"] for row in csv.DictReader(io.StringIO(text))] == (["picture.png"] if kind == "pipe" else [])


@pytest.mark.slow
def test_letters_reach_an_output_that_knows_only_ascii(finished, workplace, fault):
    write_picture(Path("छः.png"))
    code = "import sys; from akshar.cli import main; sys.exit(main() or main([*sys.argv[1:], '--json']))"
    command = [sys.executable, "-c", code, "predict", str(finished[1]), "छः.png"]
    environment = {**os.environ, "PYTHONIOENCODING": "ascii"}
    done = subprocess.run(command, env=environment, capture_output=True, check=True)
    as_table, as_json = done.stdout.splitlines()
    assert b"\\u091b" in as_table
    assert b"\\u091b" in as_json
    assert json.loads(as_json)["file"] == "छः.png"
    fault("an output that can only be ASCII", r"Devanagari is printed as `\u0915`; JSON stays the same")
