"""What asking for a part of the alphabet does to accuracy, to confidence, and to pictures of something else.

Run: `python -m akshar.benchmarks.only [MODEL]` (default: letters58). The images are those that
`experiment=letters58` validates on: DHCD's, the drawn ones with vowels that are pasted together, and DHCD-C
made of those that `data=dhcd` does not train on either; and drawings of what is no class: Latin letters and
scribbles. Parts are the groups, and 60 random choices of a few classes.
"""

import argparse
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import torch
from PIL import Image, ImageDraw

from akshar.benchmarks.robustness import damaged, validation_images
from akshar.data.image_set import ImageSet
from akshar.data.splits import split_images
from akshar.devanagari.broad import Broad
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.glyph_drawing import load_font
from akshar.devanagari.pen import draw_glyph, handwrite
from akshar.errors import UsageError
from akshar.metrics.accuracy import cross_entropy
from akshar.metrics.calibration import calibration_error, fit_temperature, softmax
from akshar.pictures.characters import read_character
from akshar.pictures.decode import Picture
from akshar.pictures.text import font_files
from akshar.reader.reader import THRESHOLD, Reader, load
from akshar.reader.restriction import OUTSIDE, restrict
from akshar.seeds import derive_seed, generator

SHIPPED = Broad(subset="letters58", forms="other_hands", jitter=0.9)  # what the shipped weights are trained on
WEIGHTS = (1.0, 0.5, OUTSIDE, 0.1, 0.05, 0.0)  # of the classes outside
CHOICES = 60  # random parts of each size
SIZES = (1, 3, 10)  # classes in them
SEVERITIES = ("2", "3")  # of DHCD-C
LEAST = 1e-12  # a probability whose logarithm is taken
HEADING = (
    "part           outside   right  and sure |  unsure: before  inside  others |   ECE  log loss | not a class"
)


@dataclass(frozen=True)
class Answers:
    """A network's calibrated probabilities, float64 (N, K), for images of known classes, int (N,), -1 for none."""

    probabilities: np.ndarray
    labels: np.ndarray


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each set of images: one row for each part and each weight of the classes outside it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", metavar="MODEL", nargs="?", default="letters58")
    args = parser.parse_args(arguments)
    try:
        reader = load(args.model)
    except UsageError as error:
        parser.error(str(error))
    others = classify(reader, [*latin_letters(), *scribbles()], [])
    unsure = 100 * (others.probabilities.max(1) < THRESHOLD).mean()
    print(f"not a class: {len(others.labels):,} drawings, of which {unsure:.1f} % are unsure if all is asked for")
    for name, answers in answer_sets(reader):
        print(f"{name}: {len(answers.labels):,} images", HEADING, sep="\n")
        for part, choices in parts(reader, answers):
            for weight in WEIGHTS:
                print(f"{part:<15}{weight:7.2f}  {row(answers, choices, weight, others)}", flush=True)
            if len(choices) == 1:
                print(f"{part:<15}   {refitted(answers, choices[0])}", flush=True)


def parts(reader: Reader, answers: Answers) -> Iterator[tuple[str, list[np.ndarray]]]:
    """Name parts of the alphabet, each with the choices of classes that are averaged."""
    shown = np.unique(answers.labels)
    for name in reader.groups:
        if np.isin(chosen := reader.choose(name), shown).any():
            yield name, [chosen]
    draw = np.random.default_rng(derive_seed(1, "parts"))
    for size in SIZES:
        yield f"{size} of them", [np.sort(draw.choice(shown, size, replace=False)) for _ in range(CHOICES)]


def row(answers: Answers, choices: list[np.ndarray], weight: float, others: Answers) -> str:
    """Per cent over the choices: right answers, right ones above the threshold, unsure ones, calibration."""
    inside, sure, right, losses, plain, outside, no_class = [], [], [], [], [], [], []
    for chosen in choices:
        confidence = restrict(answers.probabilities, chosen, weight)
        best = chosen[confidence.argmax(1)]
        own = np.isin(answers.labels, chosen)
        inside.append(confidence.max(1)[own])
        right.append((best == answers.labels)[own])
        sure.append(right[-1] & (inside[-1] >= THRESHOLD))
        columns = np.searchsorted(chosen, answers.labels[own])
        losses.append(-np.log(np.maximum(confidence[own, columns], LEAST)))
        plain.append(answers.probabilities.max(1)[own] < THRESHOLD)
        outside.append(confidence.max(1)[~own] < THRESHOLD)
        no_class.append(restrict(others.probabilities, chosen, weight).max(1) < THRESHOLD)
    confident, correct = np.concatenate(inside), np.concatenate(right)
    shares = [100 * np.concatenate(part).mean() for part in (right, sure, plain, outside, no_class)]
    unsure = 100 * (confident < THRESHOLD).mean()
    error, loss = 100 * calibration_error(confident, correct), np.concatenate(losses).mean()
    return (
        f"{shares[0]:6.2f}    {shares[1]:6.2f} |          {shares[2]:6.2f}  {unsure:6.2f}  {shares[3]:6.2f} "
        f"|{error:6.2f}    {loss:6.4f} |      {shares[4]:6.1f}"
    )


def refitted(answers: Answers, chosen: np.ndarray) -> str:
    """Calibration of the chosen classes alone with a temperature fitted anew, on one half for the other."""
    own = np.isin(answers.labels, chosen)
    logits = np.log(np.maximum(answers.probabilities[own][:, chosen], LEAST))
    labels = np.searchsorted(chosen, answers.labels[own])
    first = np.arange(len(labels)) % 2 == 0
    fitted = [fit_temperature(logits[part], labels[part]) for part in (first, ~first)]
    temperatures = np.where(first, fitted[1], fitted[0])[:, None]
    confidence = softmax(logits / temperatures)
    error = 100 * calibration_error(confidence.max(1), confidence.argmax(1) == labels)
    loss = cross_entropy(logits / temperatures, labels)
    return f"0.00, with temperatures {fitted[0]:.2f} and {fitted[1]:.2f} fitted anew {error:20.2f}    {loss:6.4f}"


def answer_sets(reader: Reader) -> Iterator[tuple[str, Answers]]:
    """Name the sets of images, with the network's answers."""
    images = SHIPPED.load().train
    assert images is not None
    held_out = split_images(images, val_fraction=0.1, seed=1).val
    scanned = sum(DHCD().class_sizes())  # which come first
    yield "DHCD", _classify_images(reader, images.part(held_out[held_out < scanned]))
    yield "drawn", _classify_images(reader, images.part(held_out[held_out >= scanned]))
    kinds = [kind for kind in damaged(validation_images()) if kind[0].endswith(SEVERITIES)]
    names = [name for _, _, names in kinds for name in names]
    yield "DHCD-C", classify(reader, [picture for _, pictures, _ in kinds for picture in pictures], names)


def _classify_images(reader: Reader, images: ImageSet) -> Answers:
    """Answers to the images of classes that the network knows."""
    known = torch.tensor([name in reader.classes for name in images.classes])[images.labels]
    images = images.part(known)
    return classify(reader, list(images.pixels[:, 0].numpy()), [images.classes[i] for i in images.labels.tolist()])


def classify(reader: Reader, pictures: Sequence[Picture], names: Sequence[str]) -> Answers:
    """Answers to the pictures that show a character; `names` of their classes, or none."""
    framed = [read_character(picture, reader.predictor.input_spec) for picture in pictures]
    rows = reader.classify(framed)
    positions = {name: position for position, name in enumerate(reader.classes)}
    labels = [positions[name] for name in names] or [-1] * len(rows)
    kept = [(row, label) for row, label in zip(rows, labels, strict=True) if row is not None]
    return Answers(np.array([row for row, _ in kept], np.float64), np.array([label for _, label in kept]))


def latin_letters() -> list[np.ndarray]:
    """Latin letters in a hand like that of the drawn characters, five of each."""
    draws = generator(1, "latin")
    fonts = [load_font(path) for path in font_files("fontpkg_kalam")]
    letters = [letter for letter in "ABCDEFGHJKMNPQRSTUVWXYZabdefghkmnqrty" for _ in range(5)]
    canvases = torch.stack([draw_glyph(fonts[number % 3], letter, "en") for number, letter in enumerate(letters)])
    return list(handwrite(canvases, torch.zeros(len(letters), dtype=torch.bool), draws)[:, 0].numpy())


def scribbles(count: int = 200) -> list[np.ndarray]:
    """Random walks of a pen, 120x120 pixels, dark on light."""
    draw, images = np.random.default_rng(derive_seed(1, "scribbles")), []
    for _ in range(count):
        points = np.cumsum(draw.normal(0, 1, (draw.integers(4, 14), 2)), 0)
        points = (points - points.min(0)) / max(np.ptp(points, 0).max(), 1e-6) * 90 + 15
        image = Image.new("L", (120, 120), 255)
        line = [(float(x), float(y)) for x, y in points]
        ImageDraw.Draw(image).line(line, fill=0, width=int(draw.integers(3, 9)), joint="curve")
        images.append(np.asarray(image))
    return images


if __name__ == "__main__":
    main()
