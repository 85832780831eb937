"""Proxies for other people's hands: pictures of forms and fonts that no training draws, by other pens.

They decide between recipes, so a figure of the chosen one is slightly too good. Nothing here is of DHCD's test set.
"""

import numpy as np
import torch
from PIL import Image, ImageDraw
from scipy import ndimage
from scipy.interpolate import CubicSpline

from akshar.benchmarks.damage import BORDER, Kind
from akshar.devanagari.glyphs import Glyphs
from akshar.devanagari.letters import SUBSETS
from akshar.devanagari.other_hands import HELD_OUT_FORMS
from akshar.devanagari.pen import GRID, draw_strokes, handwrite, parse_form
from akshar.seeds import derive_seed, generator

EACH = 30  # pictures of each form, and of each character of the fonts
JITTER, DRIFT = 0.9, 0.5  # see `draw_strokes`; so small that people read nearly all pictures

# What the network of November 2026 (`robust`) took for what, in handwriting that was kept apart
PAIRS = "५र ९ड ६छ ६९ ८ट ८७ ५९ ५१ ५७ टर ठढ धघ धछ ङड णग भम मभ यप थय थध जञ"
CONFUSIONS = (*((pair[0], pair[1]) for pair in PAIRS.split()), ("क्ष", "भ"))


def other_hands() -> list[Kind]:
    """Draw all kinds of pictures; the same every time."""
    fonts = Glyphs(train_per_class=10, test_per_class=EACH).load().test
    assert fonts is not None
    names = [fonts.classes[label] for label in fonts.labels.tolist()]
    draw = np.random.default_rng(derive_seed(1, "other hands"))
    forms = [(character, form) for character in SUBSETS["all"] for form in HELD_OUT_FORMS[character.letter]]
    labels = [character.folder for character, _ in forms for _ in range(EACH)]
    penned = [image for _, form in forms for image in _penned(form)]
    digits = [index for index, name in enumerate(labels) if name.startswith("digit")]
    return [
        ("forms held out, pen", penned, labels),
        ("forms held out, mouse", [mouse_line(form, draw) for _, form in forms for _ in range(EACH)], labels),
        ("digits, black and white", [ragged(penned[index], draw) for index in digits], [labels[i] for i in digits]),
        ("fonts held out", list(fonts.pixels[:, 0].numpy()), names),
    ]


def mouse_line(form: str, draw: np.random.Generator) -> np.ndarray:
    """Draw a form as with a mouse: a thin line through few, trembling points; uint8 (side, side), dark on light."""
    side, width = int(draw.integers(140, 320)), int(draw.integers(3, 8))
    image = Image.new("L", (side, side), 255)
    pen = ImageDraw.Draw(image)
    size = side * draw.uniform(0.5, 0.8, 2)
    for stroke in parse_form(form)[0]:
        points = stroke.numpy()
        moved = points + draw.normal(0, JITTER, points.shape)
        steps = np.linspace(0, len(points) - 1, int(draw.integers(4, 9)) * len(points))
        curve = CubicSpline(np.arange(len(points)), moved)(steps) * size / GRID + side * 0.1
        tremble = ndimage.gaussian_filter1d(draw.normal(0, side * 0.012, curve.shape), 0.7, axis=0)
        pen.line([(round(x), round(y)) for x, y in curve + tremble], fill=0, width=width, joint="curve")
    return np.asarray(image)


def ragged(pixels: np.ndarray, draw: np.random.Generator) -> np.ndarray:
    """Turn a framed image into coarse black and white with ragged edges: uint8 (40, 40), dark on light."""
    box = Image.fromarray(pixels[BORDER:-BORDER, BORDER:-BORDER]).resize((40, 40), Image.Resampling.BICUBIC)
    grain = ndimage.gaussian_filter(draw.normal(0, 0.5, (40, 40)), 0.8)
    black = np.asarray(box, np.float32) / 255 + grain > draw.uniform(0.35, 0.6)
    return np.where(black, 0, 255).astype(np.uint8)


def _penned(form: str) -> list[np.ndarray]:
    draws = generator(1, "other hands", form)
    images = handwrite(draw_strokes(form, EACH, draws, JITTER, DRIFT), torch.ones(EACH, dtype=torch.bool), draws)
    return list(images[:, 0].numpy())
