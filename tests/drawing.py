"""A reader without training, a request to it, `akshar draw` as a process, and a hand that writes on its page."""

import contextlib
import io
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw

from akshar.data.card import DatasetCard
from akshar.devanagari.cards import GROUPS
from akshar.devanagari.letters import CONSONANTS, DIGITS
from akshar.devanagari.strokes import FORMS
from akshar.devanagari.vowels import VOWEL_FORMS
from akshar.pictures.input_spec import InputSpec

CLASSES = tuple(character.folder for character in (*CONSONANTS, *DIGITS))
LABELS = {character.folder: character.letter for character in (*CONSONANTS, *DIGITS)}
NAMES = {character.folder: character.name for character in (*CONSONANTS, *DIGITS)}

PNG = {"Content-Type": "image/png"}
LOCAL = "http://127.0.0.1:8000"


SHADES = DatasetCard(
    "shades", "grey squares", subject="square", labels={"dark": "D"}, transliterations={"dark": "d"}
)


class InkPredictor:
    """Classifies by the amount of ink: a predictable answer, different for different pictures.

    Attributes:
        batches: images in each call so far.
    """

    classes = CLASSES
    input_spec = InputSpec(1, 32, 32, "light on dark", "ink", 2, 0.5, 0.5)
    card = DatasetCard(
        "ink", "pictures with ink", labels=LABELS, transliterations=NAMES, groups=GROUPS, subject="<character>"
    )

    def __init__(self, sure: float = 0.9):
        self.sure = sure
        self.batches: list[int] = []

    def probabilities(self, pixels):
        self.batches.append(len(pixels))
        rows = np.full((len(pixels), len(CLASSES)), (1 - self.sure) / (len(CLASSES) - 1), np.float32)
        rows[np.arange(len(pixels)), self.labels(pixels)] = self.sure
        return rows

    @staticmethod
    def labels(pixels):
        return pixels.reshape(len(pixels), -1).astype(int).sum(1) // 255 % len(CLASSES)


def shade_model(path, spec):
    """A model of two classes, light and dark, by the mean of the pixels."""
    import onnx  # not in every environment
    from onnx import TensorProto, helper

    shape = spec.shape if spec.channels > 1 else spec.shape[1:]
    axes = list(range(1, len(shape) + 1))
    nodes = [
        helper.make_node("Cast", ["pixels"], ["float"], to=TensorProto.FLOAT),
        helper.make_node("ReduceMean", ["float", "axes"], ["mean"], keepdims=0),
        helper.make_node("Unsqueeze", ["mean", "last"], ["column"]),
        helper.make_node("Sub", ["column", "middle"], ["light"]),
        helper.make_node("Neg", ["light"], ["dark"]),
        helper.make_node("Concat", ["light", "dark"], ["logits"], axis=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [len(axes)], axes),
        helper.make_tensor("last", TensorProto.INT64, [1], [1]),
        helper.make_tensor("middle", TensorProto.FLOAT, [1], [127.0]),
    ]
    inputs = [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", *shape])]
    outputs = [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["batch", 2])]
    graph = helper.make_graph(nodes, "shades", inputs, outputs, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)
    values = {"classes": ["light", "dark"], "input_spec": spec.to_record(), "card": SHADES.to_record()}
    facts = {"akshar": "1"} | {key: json.dumps(value) for key, value in values.items()}
    helper.set_model_props(model, facts)
    onnx.save(model, path)
    return path


def picture(slant=40, size=96, kind="PNG"):
    """The file of a picture of a line, a different one for each slant."""
    image = Image.new("L", (size, size), 255)
    ImageDraw.Draw(image).line([(20, 12), (20 + slant, size - 12), (12, size // 2)], fill=0, width=7)
    file = io.BytesIO()
    image.save(file, kind)
    return file.getvalue()


def row_picture():
    """The file of a picture of three corners side by side."""
    image = Image.new("L", (240, 80), 255)
    for left in (30, 110, 190):
        ImageDraw.Draw(image).line([(left, 10), (left, 70), (left + 30, 70)], fill=0, width=5)
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def send(client, content, headers=PNG, path="/predict"):
    return client.post(path, content=content, headers=headers)


def wait_for(condition, seconds=20):
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def wait_until_read(port, seconds=60):
    """Wait until the server on a port of this machine has read everything that its clients have sent."""

    def unread():
        """Bytes in the system's queues from clients and to the server."""
        total = 0
        for line in Path("/proc/net/tcp").read_text().splitlines()[1:]:
            _, local, remote, _, queues, *_ = line.split()
            sending, arrived = (int(number, 16) for number in queues.split(":"))
            total += sending * remote.endswith(f":{port:04X}") + arrived * local.endswith(f":{port:04X}")
        return total

    wait_for(lambda: not unread(), seconds)


@dataclass
class Served:
    """A running `akshar draw`."""

    url: str
    process: subprocess.Popen

    def stop(self, number=signal.SIGINT):
        """Asks it to stop; gives its exit code and what it printed since."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=60)
        return self.process.returncode, out + err


@contextlib.contextmanager
def served(model: Path, *words: str, first: str = "") -> Iterator[Served]:
    """Runs `akshar draw` on a free port until it is left; `first` is Python that its process runs before."""
    start = ["-m", "akshar"]
    if first:
        start = ["-c", f"{first}\nimport sys\nfrom akshar.cli import main\nsys.exit(main())"]
    command = [sys.executable, *start, "draw", str(model), "--port", "0", "--no-open", *words]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
    )
    try:
        assert process.stdout
        line = process.stdout.readline()
        found = re.search(r"http://\S+", line)
        assert found, line + process.communicate(timeout=60)[1]
        yield Served(found[0], process)
    finally:
        process.kill()
        process.communicate()


def strokes_of(letter: str, form: int = 0, left: float = 0.22, top: float = 0.2, size: float = 0.56):
    """How a hand writes a letter: strokes of points, in shares of the sheet's side, along Catmull-Rom splines."""
    for stroke in ({**FORMS, **VOWEL_FORMS})[letter][form].split("/"):
        text = "0,0 20,0" if stroke == "H" else stroke
        points = np.array([[float(value) for value in point.split(",")] for point in text.split()])
        if len(points) == 1:  # a dot
            yield [(left + size * points[0, 0] / 20, top + size * points[0, 1] / 20)]
            continue
        knots = np.concatenate([[2 * points[0] - points[1]], points, [2 * points[-1] - points[-2]]])
        path = [
            (2 * b + (c - a) * u + (2 * a - 5 * b + 4 * c - d) * u**2 + (3 * b - a - 3 * c + d) * u**3) / 2
            for a, b, c, d in zip(knots, knots[1:], knots[2:], knots[3:], strict=False)
            for u in np.arange(8) / 8
        ]
        yield [(left + size * x / 20, top + size * y / 20) for x, y in [*path, points[-1]]]


def at(page, point):
    """Where a point of the sheet, in shares of its side, is on the page."""
    box = page.locator("#canvas").bounding_box()
    return box["x"] + point[0] * box["width"], box["y"] + point[1] * box["height"]


def write(page, letter, **where):
    """Writes with the mouse; see `strokes_of`."""
    for stroke in strokes_of(letter, **where):
        page.mouse.move(*at(page, stroke[0]))
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*at(page, point))
        page.mouse.up()


def wait_for_letter(page, letter):
    """Waits until a letter is the page's answer."""
    page.wait_for_function("letter => document.getElementById('letter').textContent === letter", arg=letter)
