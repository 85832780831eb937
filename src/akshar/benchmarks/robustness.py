"""Accuracy on pictures that are unlike DHCD's: DHCD-C on validation images, or the held-out benchmarks.

Run: `python -m akshar.benchmarks.robustness MODEL ... [--held-out]`. The held-out benchmarks (fonts, a
binarisation, a renderer of strokes that no training uses) are evaluated once, at the end, and never used for a
choice.
"""

import argparse
from collections.abc import Sequence

import numpy as np
import torch

from akshar.benchmarks.damage import DAMAGES, adaptive_binary, mouse_drawing
from akshar.data.image_set import ImageSet
from akshar.data.splits import split_images
from akshar.devanagari.broad import Broad
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.glyphs import Glyphs
from akshar.devanagari.letters import SUBSETS
from akshar.devanagari.strokes import FORMS
from akshar.errors import UsageError
from akshar.memory import keep_freed_memory
from akshar.reader.reader import Reader, load
from akshar.seeds import derive_seed

DRAWN = 40  # mouse drawings a class
SEVERITIES = (1, 2, 3)


def main() -> None:
    """Print a table of accuracies in per cent: one row per kind of damage, one column per model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODEL", nargs="+", help="a run's folder, a checkpoint, an exported file")
    parser.add_argument("--held-out", action="store_true", help="evaluate the held-out benchmarks instead")
    args = parser.parse_args()
    keep_freed_memory()
    try:
        readers = [load(model, threshold=0) for model in args.models]
    except UsageError as error:
        parser.error(str(error))
    images = validation_images()
    for name, pictures, labels in held_out(images) if args.held_out else damaged(images):
        shares = [f"{100 * share_right(reader, pictures, labels, images.classes):8.2f}" for reader in readers]
        print(f"{name:<24}{''.join(shares)}", flush=True)


def validation_images() -> ImageSet:
    """The images of DHCD that neither `data=dhcd` nor `data=broad` trains on by default: about 700."""
    train, broad = DHCD().load().train, Broad().load().train
    assert train is not None
    assert broad is not None
    held_out = [split_images(images, val_fraction=0.1, seed=1).val for images in (train, broad)]
    return train.part(held_out[0][torch.isin(held_out[0], held_out[1])])  # DHCD's images come first in both


Kind = tuple[str, list[np.ndarray], list[int]]


def damaged(images: ImageSet) -> list[Kind]:
    """DHCD-C: one kind per damage and severity, undamaged pictures first."""
    pixels, labels = list(images.pixels[:, 0].numpy()), images.labels.tolist()
    kinds: list[Kind] = [("as they are", pixels, labels)]
    for name, damage in DAMAGES.items():
        for severity in SEVERITIES:
            draw = np.random.default_rng(derive_seed(1, name, severity))
            kinds.append((f"{name} {severity}", [damage(image, draw, severity) for image in pixels], labels))
    return kinds


def held_out(images: ImageSet) -> list[Kind]:
    """Held-out benchmarks: pictures unlike any that training or model selection uses."""
    fonts = Glyphs(train_per_class=10, test_per_class=50).load().test
    assert fonts is not None
    draw = np.random.default_rng(derive_seed(1, "held out"))
    digit_labels = [images.classes.index(character.folder) for character in SUBSETS["digits"]]
    kinds: list[Kind] = [("fonts", list(fonts.pixels[:, 0].numpy()), fonts.labels.tolist())]
    binary = [adaptive_binary(image, draw) for image in images.pixels[:, 0].numpy()]
    kinds.append(("binarised by neighbours", binary, images.labels.tolist()))
    drawn = [
        (mouse_drawing(form, draw), images.classes.index(character.folder))
        for character in SUBSETS["all"]
        for form in (FORMS[character.letter] * DRAWN)[:DRAWN]
    ]
    kinds.append(("mouse drawings", [picture for picture, _ in drawn], [label for _, label in drawn]))
    return [part for kind in kinds for part in (kind, _digits(kind, digit_labels))]


def _digits(kind: Kind, digit_labels: Sequence[int]) -> Kind:
    pictures, labels = kind[1:]
    chosen = [(picture, label) for picture, label in zip(pictures, labels, strict=True) if label in digit_labels]
    return f"  their digits ({len(chosen)})", [picture for picture, _ in chosen], [label for _, label in chosen]


def share_right(
    reader: Reader, pictures: Sequence[np.ndarray], labels: Sequence[int], classes: Sequence[str]
) -> float:
    """The share of pictures read correctly, [0, 1]; a blank picture counts as wrong."""
    answers = reader.read_many(pictures)
    names = [answer.guesses[0].class_name if answer.guesses else None for answer in answers]
    return float(np.mean([name == classes[label] for name, label in zip(names, labels, strict=True)]))


if __name__ == "__main__":
    main()
