"""Accuracy on pictures that are unlike DHCD's: damaged ones, and proxies for other people's hands.

Run: `python -m akshar.benchmarks.robustness MODEL ... [--held-out]`. The default pictures decide between recipes.
The held-out benchmarks (a binarisation, a renderer of strokes that no training uses) are evaluated once, at the
end, and never used for a choice.
"""

import argparse
from collections.abc import Iterable, Sequence

import numpy as np
import torch

from akshar.benchmarks.damage import DAMAGES, Kind, adaptive_binary, mouse_drawing
from akshar.benchmarks.models import load_models
from akshar.benchmarks.other_hands import CONFUSIONS, other_hands
from akshar.data.image_set import ImageSet
from akshar.data.splits import split_images
from akshar.devanagari.broad import Broad
from akshar.devanagari.cards import INPUT_SPEC
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.letters import SUBSETS
from akshar.devanagari.strokes import FORMS
from akshar.pictures.characters import read_character
from akshar.reader.reader import Reader
from akshar.seeds import derive_seed

DRAWN = 40  # mouse drawings a class
SEVERITIES = (1, 2, 3)
Read = list[list[str | None]]  # for each model, the class that it reads on each picture


def main() -> None:
    """Print a table of accuracies in per cent: one row per kind of picture, one column per model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--held-out", action="store_true", help="evaluate the held-out benchmarks instead")
    args, readers = load_models(parser)
    if args.held_out:
        for name, pictures, labels in held_out(validation_images()):
            _print_row(name, _shares(read_all(readers, pictures), labels))
    else:
        _decide(readers)


def _decide(readers: Sequence[Reader]) -> None:
    """Print the pictures that decide between recipes, the mean over their kinds, and the confusions to watch."""
    damage = []
    for name, pictures, labels in damaged(validation_images()):
        damage.append(_shares(read_all(readers, pictures), labels))
        _print_row(name, damage[-1])
    means = [np.mean(damage[1:], axis=0)]  # the first is undamaged
    _print_row("DHCD-C, mean", means[0])
    read: Read = [[] for _ in readers]
    truth: list[str] = []
    for name, pictures, labels in other_hands():
        answers = read_all(readers, pictures)
        means.append(_shares(answers, labels))
        _print_row(name, means[-1])
        truth += labels
        read = [before + new for before, new in zip(read, answers, strict=True)]
    _print_row("OTHER HANDS, mean of 5", np.mean(means, axis=0))
    print("\nread as another, % of the letter's pictures")
    folders = {character.letter: character.folder for character in SUBSETS["all"]}
    for letter, other in CONFUSIONS:
        chosen = [index for index, name in enumerate(truth) if name == folders[letter]]
        shares = [np.mean([answers[index] == folders[other] for index in chosen]) for answers in read]
        _print_row(f"{letter} as {other}", np.array(shares))


def read_all(readers: Sequence[Reader], pictures: Iterable[np.ndarray]) -> Read:
    """Read pictures with each model, framed as for DHCD; a picture without a character is None."""
    framed = [read_character(picture, INPUT_SPEC) for picture in pictures]
    answers = [reader.read_framed(framed) for reader in readers]
    return [[one.guesses[0].class_name if one.guesses else None for one in row] for row in answers]


def validation_images() -> ImageSet:
    """The images of DHCD that neither `data=dhcd` nor `data=broad` trains on by default: 803."""
    train, broad = DHCD().load().train, Broad().load().train
    assert train is not None
    assert broad is not None
    held_out = [split_images(images, val_fraction=0.1, seed=1).val for images in (train, broad)]
    return train.part(held_out[0][torch.isin(held_out[0], held_out[1])])  # DHCD's images come first in both


def damaged(images: ImageSet) -> list[Kind]:
    """DHCD-C: one kind per damage and severity, undamaged pictures first."""
    pixels, labels = list(images.pixels[:, 0].numpy()), _names(images)
    kinds: list[Kind] = [("as they are", pixels, labels)]
    for name, damage in DAMAGES.items():
        for severity in SEVERITIES:
            draw = np.random.default_rng(derive_seed(1, name, severity))
            kinds.append((f"{name} {severity}", [damage(image, draw, severity) for image in pixels], labels))
    return kinds


def held_out(images: ImageSet) -> list[Kind]:
    """Held-out benchmarks: pictures unlike any that training or model selection uses."""
    draw = np.random.default_rng(derive_seed(1, "held out"))
    binary = [adaptive_binary(image, draw) for image in images.pixels[:, 0].numpy()]
    drawn = [
        (mouse_drawing(form, draw), character.folder)
        for character in SUBSETS["all"]
        for form in (FORMS[character.letter] * DRAWN)[:DRAWN]
    ]
    kinds: list[Kind] = [
        ("binarised by neighbours", binary, _names(images)),
        ("mouse drawings", [picture for picture, _ in drawn], [name for _, name in drawn]),
    ]
    return [part for kind in kinds for part in (kind, _digits(kind))]


def _digits(kind: Kind) -> Kind:
    digits = {character.folder for character in SUBSETS["digits"]}
    chosen = [(picture, name) for picture, name in zip(*kind[1:], strict=True) if name in digits]
    return f"  their digits ({len(chosen)})", [picture for picture, _ in chosen], [name for _, name in chosen]


def _names(images: ImageSet) -> list[str]:
    return [images.classes[label] for label in images.labels.tolist()]


def _shares(read: Read, labels: Sequence[str]) -> np.ndarray:
    """The share of pictures that each model reads correctly, [0, 1]; a blank picture counts as wrong."""
    return np.array([np.mean([name == label for name, label in zip(row, labels, strict=True)]) for row in read])


def _print_row(name: str, shares: np.ndarray) -> None:
    print(f"{name:<24}" + "".join(f"{100 * share:8.2f}" for share in shares), flush=True)


if __name__ == "__main__":
    main()
