"""`akshar predict`: what it prints, writes and refuses."""

import csv
import html
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from conftest import write_picture
from hostile_pictures import slow_pgm
from PIL import Image

import akshar
from akshar.cli import main
from akshar.errors import DataError, UsageError
from akshar.files import write_atomic
from akshar.reader.picture_files import BATCH
from akshar.reader.reader import Answer


def test_the_table_names_each_file_letter_and_confidence(digit_run, pictures, capsys):
    assert main(["predict", str(digit_run), "pictures"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines] == [f"pictures/{digit}.png" for digit in range(10)]
    reader = akshar.load(digit_run)
    for digit, line in enumerate(lines):
        answer = reader.read(f"pictures/{digit}.png")
        best, second, third = answer.guesses[:3]
        assert f"{100 * best.confidence:.1f} %" in line
        for guess in (best, second, third):
            assert guess.letter in line
        assert ("not sure" in line) == (answer.letter is None)


def test_links_to_nothing_and_pipes_in_a_folder_are_said(digit_run, pictures, capsys):
    (pictures / "lost.png").symlink_to("nothing.png")
    os.mkfifo(pictures / "pipe.png")
    assert main(["predict", str(digit_run), "pictures"]) == 1
    first, second = capsys.readouterr().err.splitlines()
    assert first == "error: pictures/lost.png: no such file or folder"
    assert second.startswith("error: pictures/pipe.png: not a regular file")


def test_a_line_is_a_string(digit_run, workplace, digit_images, capsys):
    reader = akshar.load(digit_run)
    chosen = [digit_images[30 * digit + k] for digit, k in ((4, 1), (4, 2), (6, 3), (0, 1), (0, 2))]
    Image.fromarray(255 - np.pad(np.hstack([np.pad(one, 4) for one in chosen]), 15)).save("line.png")
    expected = "".join(reader.read(one).letter or "\N{REPLACEMENT CHARACTER}" for one in chosen)
    assert main(["predict", str(digit_run), "line.png", "--line"]) == 0
    assert expected in capsys.readouterr().out
    assert main(["predict", str(digit_run), "line.png", "--line", "--json"]) == 0
    read = json.loads(capsys.readouterr().out)
    assert read["text"] == expected
    assert len(read["characters"]) == 5


def test_what_is_no_character_is_said_and_what_is_unsure_too(digit_run, workplace, capsys):
    Image.new("L", (40, 40), 255).save("blank.png")
    assert main(["predict", str(digit_run), "blank.png"]) == 0
    assert "not a character: blank" in capsys.readouterr().out
    draw = np.random.default_rng(0)
    Image.fromarray(np.kron(draw.integers(0, 2, (9, 9), np.uint8) * 255, np.ones((6, 6), np.uint8))).save("x.png")
    assert main(["predict", str(digit_run), "x.png", "--threshold", "1"]) == 0
    assert "not sure" in capsys.readouterr().out
    assert main(["predict", str(digit_run), "blank.png", "--line"]) == 0
    assert "blank" in capsys.readouterr().out


def test_a_broken_file_does_not_stop_the_others(digit_run, pictures, capsys):
    (pictures / "5.png").write_bytes(b"no picture")
    assert main(["predict", str(digit_run), "pictures", "missing.png", "--csv", "read.csv"]) == 1
    out, err = capsys.readouterr()
    assert len(out.splitlines()) == 9
    assert err.splitlines()[0].startswith("error: pictures/5.png: not an image in a supported format")
    assert err.splitlines()[1] == "error: missing.png: no such file or folder"
    rows = list(csv.DictReader(io.StringIO((pictures.parent / "read.csv").read_text(encoding="utf-8"))))
    assert sum(bool(row["error"]) for row in rows) == 2


def test_a_pipe_or_a_device_is_refused_and_not_waited_for(finished, workplace, capsys, fault):
    os.mkfifo("pipe.png")
    write_picture(Path("picture.png"))
    assert main(["predict", str(finished[1]), "pipe.png", "/dev/zero", "picture.png"]) == 1
    out, err = capsys.readouterr()
    pipe, device = err.splitlines()
    assert pipe == "error: pipe.png: not a regular file; pass its content, or pipe it to  akshar predict MODEL -"
    assert device.startswith("error: /dev/zero: not a regular file")
    assert len(out.splitlines()) == 1
    fault("a pipe or a device given to `predict` as a picture", f"`{pipe}`")


def test_the_standard_input(digit_run, pictures):
    command = [sys.executable, "-m", "akshar", "predict", str(digit_run), "-", "--json"]
    done = subprocess.run(command, input=(pictures / "6.png").read_bytes(), capture_output=True, check=True)
    expected = akshar.load(digit_run).read(pictures / "6.png")
    assert json.loads(done.stdout)["guesses"][0]["letter"] == expected.guesses[0].letter


@pytest.mark.slow
def test_a_reader_that_has_seen_enough_is_no_error(digit_run, pictures):
    command = [sys.executable, "-m", "akshar", "predict", str(digit_run), *["pictures"] * 3]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=pictures.parent) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141  # as of a process that SIGPIPE ended


# `akshar` that decodes pictures whose work is longer than its limit allows.
WITHOUT_TIME_LIMIT = """
import sys
from akshar.cli import main
from akshar.pictures import work_limits

work_limits.DECODING_SECONDS = 1000.0
sys.exit(main())
"""


@pytest.mark.slow
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, -signal.SIGTERM)])
def test_a_signal_ends_it_while_it_decodes(number, code, digit_run, pictures, fault):
    for letter in "ab":
        (pictures / f"{letter}.pgm").write_bytes(slow_pgm(7000, 7000))  # more than 20 seconds of work
    files = [*["pictures/0.png"] * BATCH, "pictures/a.pgm", "pictures/b.pgm"]
    command = [sys.executable, "-u", "-c", WITHOUT_TIME_LIMIT, "predict", str(digit_run), *files]
    with subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),  # noqa: PLW1509 (a CI may ignore it)
    ) as process:
        for _ in range(BATCH):
            process.stdout.readline()
        time.sleep(0.5)  # for the decoders to begin; where they have not, the signal ends it all the sooner
        start = time.monotonic()
        process.send_signal(number)
        rest = process.communicate(timeout=60)
    assert (process.returncode, rest) == (code, ("", ""))
    assert time.monotonic() - start < 40  # 0.2 to 2 s; longer where the decoders compete for Python's lock
    fault("Ctrl-C while `akshar predict` decodes a picture that takes long", "ends within seconds, exit code 130")


def test_refusals_say_the_way_out(digit_run, workplace, refused):
    assert "experiment=quickstart" in refused("predict")[0]
    assert "name pictures" in refused("predict", str(digit_run))[0]
    (workplace / "empty").mkdir()
    assert "contains no pictures" in refused("predict", str(digit_run), "empty")[0]
    assert refused("predict", str(digit_run), "") == ["error: PATH: is empty; . is the current folder"]
    assert refused("predict", str(digit_run), "x.png", "--csv", "") == ["error: --csv: name a file"]
    (line,) = refused("predict", str(digit_run), "x.png", "--csv", "a.png", "--sheet", "./a.png")
    assert line == "error: --sheet ./a.png: is the file of --csv too; name another one"
    assert "must end with .png" in refused("predict", str(digit_run), "x.png", "--sheet", "-")[0]
    os.mkfifo("model.onnx")
    assert "model.onnx: no regular file" in refused("predict", "model.onnx", "x.png")[0]
    assert "--threshold 2" in refused("predict", str(digit_run), "x.png", "--threshold", "2")[0]
    assert "no such file, run folder or shipped weights (letters58)" in refused("predict", "nowhere", "x.png")[0]


def test_the_python_api_as_the_readme_shows_it(digit_run, pictures):
    from akshar import load

    reader = load(digit_run)
    answer = reader.read("pictures/8.png")
    assert isinstance(answer, Answer)
    assert answer.guesses[0].letter in "०१२३४५६७८९"
    assert [type(one) for one in reader.read_many([pictures / "1.png", Image.open("pictures/2.png")])] == [
        Answer
    ] * 2
    for wrong, why in (("pictures", "a folder"), (None, "must be a path"), (bytearray(9), "must be a path")):
        with pytest.raises(DataError, match=why):
            reader.read(wrong)
    with pytest.raises(UsageError, match="MODEL: no regular file"):
        load("")
    with pytest.raises(UsageError, match="takes a list of pictures"):
        reader.read_many("pictures/1.png")
    with pytest.raises(UsageError, match="must be one text"):
        reader.read("pictures/1.png", only=["१"])
    with pytest.raises(AttributeError, match="has no attribute 'laod'"):
        _ = akshar.laod


PAGE = """<!doctype html><meta charset="utf-8"><style>
body {{ margin: 0; padding: 18px 22px; background: #fff; display: inline-block }}
pre {{ font: 15px/1.5 "Noto Sans Mono", "Noto Sans Devanagari", monospace; margin: 0 0 14px; color: #1f2328 }}
pre b {{ color: #0072b2 }}
</style><pre>{}</pre>{}"""


@pytest.mark.slow
def test_the_picture_of_the_page(digit_run, pictures, capsys, request):
    """What a person sees, as docs/predict.png; written with --write-screenshots."""
    from browser import DESKTOP, opened

    named = request.config.getoption("--write-screenshots")
    model = str(Path(request.config.invocation_params.dir, named)) if named else str(digit_run)
    line = np.hstack([np.asarray(Image.open(f"pictures/{digit}.png"))[12:-12, 14:-14] for digit in (4, 4, 6, 0, 0)])
    light = np.linspace(1, 0.45, line.shape[1])[None]
    Image.fromarray(np.uint8((line * 0.75 + 50) * light)).save("postcode.png")
    commands = ("predict RUN pictures --sheet saw.png", "predict RUN postcode.png --line")
    text = ""
    for command in commands:
        assert main([model if word == "RUN" else word for word in command.split()]) == 0
        out = html.escape(capsys.readouterr().out.replace(model, "RUN"))
        text += f"<b>$ akshar {command}</b>\n{out}\n"
    images = '<img src="postcode.png"> <br> <img src="saw.png" width="900">'
    Path("predict.html").write_text(PAGE.format(text, images), encoding="utf-8")
    with opened(Path("predict.html").resolve().as_uri(), DESKTOP) as page:
        content = page.locator("body").screenshot(path="predict.png")
        assert page.locator("pre").inner_text().count("$ akshar") == len(commands)
    if named:
        write_atomic(Path(__file__).parents[2] / "docs" / "predict.png", content)
