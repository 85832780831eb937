"""Accuracy on the vowels, which DHCD lacks: in forms and fonts that no training draws, and pasted from scans.

Run: `python -m akshar.benchmarks.vowels MODEL ...`, with models that know the vowels. Answers are among all of a
model's classes. The pictures decide between recipes, so a figure of the chosen one is slightly too good.
"""

import argparse
from collections import Counter
from collections.abc import Sequence

import numpy as np
import torch

from akshar.benchmarks.damage import mouse_drawing
from akshar.benchmarks.models import load_models
from akshar.benchmarks.robustness import validation_images
from akshar.data.image_set import ImageSet
from akshar.devanagari.glyph_drawing import TEST_FAMILIES, draw_class
from akshar.devanagari.letters import VOWELS
from akshar.devanagari.pasted_vowels import PastedVowels, first_half
from akshar.devanagari.vowels import HELD_OUT_FORMS
from akshar.reader.reader import Reader
from akshar.seeds import derive_seed, generator

EACH = 80  # pictures of each vowel and kind
MISTAKES = 12  # most frequent ones, shown for each model


def main() -> None:
    """Print the accuracies in per cent, one row per kind of picture, and each model's most frequent mistakes."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    args, readers = load_models(parser)
    scans = validation_images()
    mistakes: list[Counter[tuple[str, str]]] = [Counter() for _ in readers]
    for kind, pictures in vowel_pictures(scans).items():
        letters = [vowel.letter for vowel in VOWELS for _ in range(EACH)]
        read = [letters_read(reader, pictures) for reader in readers]
        print(_row(kind, [np.mean([a == b for a, b in zip(letters, answers, strict=True)]) for answers in read]))
        for counter, answers in zip(mistakes, read, strict=True):
            counter.update(pair for pair in zip(letters, answers, strict=True) if pair[0] != pair[1])
    others = [letters_read(reader, list(scans.pixels[:, 0].numpy())) for reader in readers]
    vowels = {vowel.letter for vowel in VOWELS}
    print(_row("others read as vowels", [np.mean([letter in vowels for letter in answers]) for answers in others]))
    for model, counter in zip(args.models, mistakes, strict=True):
        pairs = (
            f"{letter} as {other or 'nothing'}: {count}" for (letter, other), count in counter.most_common(MISTAKES)
        )
        print(f"{model}: {', '.join(pairs)}")


def vowel_pictures(scans: ImageSet) -> dict[str, list[np.ndarray]]:
    """EACH pictures of each vowel, in the order of VOWELS, by their kind."""
    paste = PastedVowels(scans.part(~first_half(scans)), np.random.default_rng(derive_seed(1, "pasted")))
    mouse = np.random.default_rng(derive_seed(1, "vowels", "mouse"))
    return {
        "forms held out, pen": _drawn(strokes=1.0),
        "forms held out, mouse": [
            mouse_drawing(HELD_OUT_FORMS[vowel.letter][number % len(HELD_OUT_FORMS[vowel.letter])], mouse)
            for vowel in VOWELS
            for number in range(EACH)
        ],
        "fonts held out": _drawn(strokes=0.0),
        "pasted from scans": [paste.picture(vowel.letter) for vowel in VOWELS for _ in range(EACH)],
    }


def _drawn(strokes: float) -> list[np.ndarray]:
    drawn = [
        draw_class(vowel, TEST_FAMILIES, HELD_OUT_FORMS, EACH, generator(1, "vowels", vowel.folder), strokes)
        for vowel in VOWELS
    ]
    return list(torch.cat(drawn)[:, 0].numpy())


def letters_read(reader: Reader, pictures: Sequence[np.ndarray]) -> list[str]:
    """The letter that a model reads on each picture; "" for a blank one."""
    return [answer.guesses[0].letter if answer.guesses else "" for answer in reader.read_many(pictures)]


def _row(name: str, shares: Sequence[np.floating]) -> str:
    return f"{name:<24}{''.join(f'{100 * share:8.2f}' for share in shares)}"


if __name__ == "__main__":
    main()
