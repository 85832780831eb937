"""Framing inside an exported graph, compared with akshar's own on clean drawings.

Run: `python -m akshar.benchmarks.drawings MODEL.onnx ... [--count 1000]`, with files of `akshar export`.
"""

import argparse
import time

import numpy as np
import onnx
import onnxruntime
from PIL import Image, ImageDraw
from scipy.interpolate import CubicSpline

from akshar.benchmarks.models import load_models
from akshar.benchmarks.other_hands import mouse_line
from akshar.devanagari.glyph_drawing import TEST_FAMILIES
from akshar.devanagari.letters import SUBSETS
from akshar.devanagari.other_hands import HELD_OUT_FORMS
from akshar.devanagari.pen import GRID, parse_form
from akshar.pictures.characters import read_character
from akshar.pictures.text import draw_text, font_files, load_font
from akshar.reader.export.graphs.drawing import with_framing
from akshar.reader.reader import Reader
from akshar.reader.shipped_weights import find_model
from akshar.seeds import derive_seed

SMOOTH = 4  # drawn this many times as large, then reduced: soft edges, as on a screen


def main() -> None:
    """Print a table: for each model how many answers agree, and the milliseconds of both ways."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=1000, help="number of drawings")
    args, readers = load_models(parser)
    drawings = clean_drawings(args.count)
    for name, reader in zip(args.models, readers, strict=True):
        differences, same, milliseconds = compare(reader, onnx.load(str(find_model(name))), drawings)
        within = ", ".join(f"{(differences <= limit).sum():,} within {limit:g}" for limit in (0, 1e-3, 1e-2))
        print(f"{name}: of {len(drawings):,} drawings {same:,} answers equal; probabilities {within}")
        print(f"median {milliseconds[0]:.1f} ms in Python, {milliseconds[1]:.1f} ms in the graph")


def compare(
    reader: Reader, network: onnx.ModelProto, drawings: list[np.ndarray]
) -> tuple[np.ndarray, int, tuple[float, float]]:
    """Read drawings in both ways.

    Args:
        reader: of the exported file.
        network: the graph of the same file.
        drawings: uint8 (H, W).

    Returns:
        The largest difference of a probability for each drawing; the number of equal answers, where neither finds a
        character, or both the same one; and the median milliseconds in Python and in the graph.
    """
    spec = reader.predictor.input_spec
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    model = with_framing(network, spec).SerializeToString()
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    differences, same, spent = np.zeros(len(drawings)), 0, np.zeros((len(drawings), 2))
    for number, drawing in enumerate(drawings):
        start = time.perf_counter()
        (row,) = reader.classify([read_character(drawing, spec)])
        between = time.perf_counter()
        got, problem = (
            np.asarray(value) for value in session.run(["probabilities", "problem"], {"drawing": drawing})
        )
        spent[number] = between - start, time.perf_counter() - between
        if row is None or problem:
            differences[number] = 0 if row is None and problem else 1
            same += bool(row is None and problem)
        else:
            differences[number] = np.abs(got - row).max()
            same += bool(got.argmax() == row.argmax())
    python, graph = 1e3 * np.median(spent, axis=0)
    return differences, same, (float(python), float(graph))


def clean_drawings(count: int) -> list[np.ndarray]:
    """Draw fonts and forms that no training draws, by pen and by mouse: uint8 (H, W), the same every time."""
    draw = np.random.default_rng(derive_seed(1, "clean drawings"))
    fonts = [load_font(path) for family in TEST_FAMILIES for path in font_files(family.package)]
    letters = [character.letter for character in SUBSETS["letters58"]]
    forms = [form for character in SUBSETS["all"] for form in HELD_OUT_FORMS[character.letter]]
    drawings = []
    for number in range(count):
        form = forms[int(draw.integers(len(forms)))]
        if number % 3 == 0:
            font, letter = fonts[int(draw.integers(len(fonts)))], letters[int(draw.integers(len(letters)))]
            drawings.append(np.pad(255 - draw_text(font, letter, draw.uniform(60, 320)), 20, constant_values=255))
        elif number % 3 == 1:
            drawings.append(mouse_line(form, draw))
        else:
            drawings.append(_penned(form, draw))
    return [255 - drawing if draw.random() < 0.2 else drawing for drawing in drawings]


def _penned(form: str, draw: np.random.Generator) -> np.ndarray:
    """Draw a form with a round pen, 256 pixels a side."""
    side, width = 256 * SMOOTH, int(draw.uniform(4, 24) * SMOOTH)
    image = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(image)
    strokes, corner, extent = parse_form(form)
    size = side * draw.uniform(0.4, 0.75, 2) / extent.numpy()
    for stroke in strokes:
        points = (stroke - corner).numpy() + draw.normal(0, GRID / 40, stroke.shape)
        steps = np.linspace(0, len(points) - 1, 12 * len(points))
        curve = CubicSpline(np.arange(len(points)), points)(steps) if len(points) > 1 else points
        line = [(float(x), float(y)) for x, y in curve * size + side * 0.1]
        pen.line(line, 0, width, joint="curve")
        for x, y in (line[0], line[-1]):
            pen.ellipse((x - width / 2, y - width / 2, x + width / 2, y + width / 2), 0)
    return np.asarray(image.reduce(SMOOTH))


if __name__ == "__main__":
    main()
