"""Exported files are read without torch."""

import os
import re
import subprocess
import sys
from importlib.metadata import distribution
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import akshar
from akshar.cli import main

README = Path(__file__).parents[2] / "README.md"
ALONE = (
    "onnxruntime",
    "numpy",
    "pillow",
    "flatbuffers",
    "protobuf",
    "packaging",
)  # what reads a file, and its needs


def linked(folder, *names):
    """A folder to import from that holds some installed distributions and nothing else."""
    for name in names:
        found = distribution(name)
        for top in {file.parts[0] for file in found.files or ()} - {"..", "__pycache__"}:
            if not (folder / top).exists():
                (folder / top).symlink_to(str(found.locate_file(top)))
    return folder


@pytest.fixture(scope="module")
def without_torch(tmp_path_factory):
    """Runs Python with some distributions alone; gives what it printed."""

    def run(names, folders, *words, cwd):
        place = linked(tmp_path_factory.mktemp("packages"), *names)
        for folder in folders:
            (place / folder.name).symlink_to(folder)

        def python(*words):
            environment = {"PYTHONPATH": str(place), "PATH": os.environ["PATH"], "PYTHONUTF8": "1"}
            command = [sys.executable, "-S", "-B", *words]
            return subprocess.run(command, cwd=cwd, env=environment, check=False, capture_output=True, text=True)

        for absent in ("torch", "pytorch_lightning", "onnx", *(() if folders else ("akshar", "scipy"))):
            assert "ModuleNotFoundError" in python("-c", f"import {absent}").stderr
        done = python(*words)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run


def clean_pictures(digit_images, folder):
    """Digits as a person would save them: larger, dark on light or light on dark, with room around them."""
    for position, pixels in enumerate(digit_images[15::60]):  # of ० २ ४ ६ ८
        large = Image.fromarray(pixels).resize((150, 150), Image.Resampling.BICUBIC)
        sheet = Image.new("L", (220, 200))
        sheet.paste(large, (40, 20))
        values = np.asarray(sheet) if position % 2 else 255 - np.asarray(sheet)
        place = folder / str(position)
        place.mkdir()
        Image.fromarray(values).convert("RGB").save(place / "letter.png")
        yield place


def test_the_pages_lines_read_a_picture_without_torch_and_akshar(
    model, digit_images, tmp_path, without_torch, monkeypatch
):
    page = README.parent / "docs" / "export.md"
    (block,) = re.findall(r"```python\n(import json\nimport numpy.*?)```", page.read_text(encoding="utf-8"), re.S)
    monkeypatch.chdir(tmp_path)
    assert main(["export", str(model), "--drawing", "--output", "drawing.onnx"]) == 0
    reader = akshar.load(model)
    for place in clean_pictures(digit_images, tmp_path):
        (place / "letters58-drawing.onnx").symlink_to(tmp_path / "drawing.onnx")
        (place / "read.py").write_text(block, encoding="utf-8")
        letter, confidence, _, problem = without_torch(ALONE, (), "read.py", cwd=place).split()
        answer = reader.read(place / "letter.png")
        assert (letter, problem) == (answer.guesses[0].letter, "0")
        assert float(confidence) / 100 == pytest.approx(answer.confidence, abs=0.002)


def test_akshar_reads_an_exported_file_without_torch(model, digit_images, tmp_path, without_torch):
    place = next(clean_pictures(digit_images, tmp_path))
    code = f"""
import akshar, sys
answer = akshar.load({str(model)!r}).read("letter.png")
print(answer.guesses[0].letter, answer.guesses[0].confidence)
print(*sorted(sys.modules.keys() & {{"torch", "pytorch_lightning", "hydra", "onnx", "matplotlib"}}))
"""
    package = Path(akshar.__file__).parent
    letter, confidence, *loaded = without_torch((*ALONE, "scipy"), (package,), "-c", code, cwd=place).split()
    answer = akshar.load(model).read(place / "letter.png")
    assert (letter, float(confidence)) == (answer.guesses[0].letter, answer.guesses[0].confidence)
    assert loaded == []
