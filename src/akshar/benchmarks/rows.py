"""How well rows are cut and read: composed as people write them, of images that no network was trained on.

Run: `python -m akshar.benchmarks.rows [MODEL ...] [--rows 200] [--seed 1] [--half check] [--only PART]`. Half of
the images is for choices ("tuning"), the other half for the final figures ("check"). Columns: rows read without an
error, in per cent; of the others those cut wrongly, and those cut rightly and read wrongly; rows of which each
character is read rightly when it is alone; wrong characters, in per cent; milliseconds per row.
"""

import argparse
import time
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from akshar.benchmarks.robustness import validation_images
from akshar.benchmarks.written_rows import STEADY, Hand, Images, WrittenRow, dhcd_inks, drawn_inks, write_row
from akshar.devanagari.letters import CONSONANTS, DIGITS, VOWELS
from akshar.devanagari.other_hands import UNCLEAR
from akshar.devanagari.strokes import FORMS, INDIAN_FORMS
from akshar.devanagari.vowels import HELD_OUT_FORMS, VOWEL_FORMS
from akshar.errors import UsageError
from akshar.reader.reader import Answer, Reader, load
from akshar.seeds import derive_seed

HALVES = ("tuning", "check")
BORDER = 0.2  # greatest distance of a cell's side to the character's, share of the height of a character
DRAWN = 30  # drawings of each digit and vowel
NUMBERS: dict[str, Hand] = {
    "even": Hand(),
    "uneven": Hand(gaps=(0.03, 0.8), sizes=0.15, heights=0.1),
    "touching": Hand(gaps=(0.02, 0.2), touching=0.3, sizes=0.08, heights=0.05),
    "climbing": Hand(gaps=(0.05, 0.35), climb=12),
    "slanted": Hand(gaps=(0.05, 0.3), slant=0.45),
    "thin pen": Hand(pen=(-3, -1)),
    "thick pen": Hand(gaps=(0.05, 0.3), pen=(2, 5)),
    "black and white": Hand(gaps=(0.02, 0.4), binary=True, sizes=0.08, heights=0.05),
    "broken strokes": Hand(gaps=(0.05, 0.4), binary=True, broken=True, sizes=0.08, heights=0.05),
    "all at once": Hand(gaps=(0.0, 0.5), touching=0.15, sizes=0.1, heights=0.06, climb=6, slant=0.25, pen=(-1, 3)),
}
DATES = {"dates, telephones": Hand(gaps=(0.05, 0.35), sizes=0.05, heights=0.03)}
HOUSES = {"house numbers": Hand(gaps=(0.05, 0.35), sizes=0.05, heights=0.03)}  # the last is a letter
LETTERS = {
    "letters": Hand(gaps=(0.1, 0.4), sizes=0.05, heights=0.03),
    "letters, all at once": Hand(
        gaps=(0.05, 0.5), sizes=0.1, heights=0.06, climb=6, slant=0.2, pen=(-1, 3), binary=True
    ),
    "one headline": Hand(gaps=(0.0, 0.15), headline=True),
}
VOWEL_SHARES = {"vowels": 1.0, "vowels and consonants": 0.4}  # of drawn vowels
VOWEL_ROWS = {
    f"{name}{ending}": (share, LETTERS[f"letters{ending}"])
    for name, share in VOWEL_SHARES.items()
    for ending in ("", ", all at once")
}


@dataclass(frozen=True)
class Outcome:
    """Shares of rows, [0, 1], and the cost.

    Attributes:
        right: read without an error.
        cut_wrong, read_wrong: the others: cut wrongly; cut rightly and read wrongly.
        alone: rows of which each character is read rightly when it is alone.
        errors: wrong, missing and additional characters, share of all characters.
        milliseconds: per row.
    """

    right: float
    cut_wrong: float
    read_wrong: float
    alone: float
    errors: float
    milliseconds: float


def main(arguments: Sequence[str] | None = None) -> None:
    """Print a table for each model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", metavar="MODEL", nargs="*", default=["letters58"], help="see `akshar predict`")
    parser.add_argument("--rows", type=int, default=200, help="of each kind")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--half", choices=HALVES, default="check", help="of the images")
    parser.add_argument("--only", metavar="PART", help="for rows of digits, see `akshar predict`")
    args = parser.parse_args(arguments)
    try:
        readers = {model: load(model, threshold=0) for model in args.models}
    except UsageError as error:
        parser.error(str(error))
    kinds = compose(args.half, args.rows, args.seed)
    for model, reader in readers.items():
        print(f"{model:32} right    cut   read  alone  errors      ms")
        for name, rows in kinds.items():
            if args.only and name in HOUSES | LETTERS | VOWEL_ROWS:
                continue
            outcome = measure(reader, rows, args.only)
            shares = outcome.right, outcome.cut_wrong, outcome.read_wrong, outcome.alone
            columns = "".join(f"{100 * share:7.1f}" for share in shares)
            print(f"{name:30}{columns}{100 * outcome.errors:8.2f}{outcome.milliseconds:8.1f}", flush=True)


def compose(half: str, count: int, seed: int) -> dict[str, list[WrittenRow]]:
    """Rows of each kind, of DHCD's images and of drawn digits and vowels; the same for the same arguments."""
    images = validation_images()
    chosen = slice(HALVES.index(half), None, 2)
    inks = dhcd_inks(images.pixels[chosen, 0].numpy(), images.labels[chosen].tolist())
    return {
        **compose_of(inks, half, count, seed),
        **compose_drawn(half, count, seed),
        **compose_vowels(inks, half, count, seed),
    }


def compose_of(inks: Images, half: str, count: int, seed: int) -> dict[str, list[WrittenRow]]:
    """Rows of each kind of some images."""
    rows = {}
    for name, hand in (NUMBERS | DATES | HOUSES | LETTERS).items():
        draw = np.random.default_rng(derive_seed(seed, name, half))
        rows[name] = [write_row(_text(name, draw), hand, inks, draw) for _ in range(count)]
    return rows


def compose_drawn(half: str, count: int, seed: int) -> dict[str, list[WrittenRow]]:
    """Rows of digits drawn with a round pen in Nepali and Indian forms, but those that look like another digit."""
    draw = np.random.default_rng(derive_seed(seed, "drawn digits", half))
    forms = {digit.letter: FORMS[digit.letter] + INDIAN_FORMS.get(digit.letter, ()) for digit in DIGITS}
    clear = {letter: [form for form in known if form not in UNCLEAR] for letter, known in forms.items()}
    inks = drawn_inks(clear, DRAWN, draw)
    return {
        f"drawn: {name}": [write_row(_text(name, draw), NUMBERS[name], inks, draw) for _ in range(count)]
        for name in ("even", "touching", "black and white", "all at once")
    }


def compose_vowels(inks: Images, half: str, count: int, seed: int) -> dict[str, list[WrittenRow]]:
    """Rows of drawn vowels, alone and among the consonants of some images; for "check" in forms held out."""
    draw = np.random.default_rng(derive_seed(seed, "vowels", half))
    forms = VOWEL_FORMS if half == "tuning" else HELD_OUT_FORMS
    vowels = drawn_inks({vowel.letter: forms[vowel.letter] for vowel in VOWELS}, DRAWN, draw, STEADY)

    def letter(share: float) -> str:
        kind = VOWELS if draw.random() < share else CONSONANTS
        return kind[draw.integers(len(kind))].letter

    return {
        name: [
            write_row([letter(share) for _ in range(draw.integers(3, 7))], hand, {**inks, **vowels}, draw)
            for _ in range(count)
        ]
        for name, (share, hand) in VOWEL_ROWS.items()
    }


def measure(reader: Reader, rows: Sequence[WrittenRow], only: str | None = None) -> Outcome:
    """Cut and read rows, and compare with the truth."""
    right = cut_wrong = alone = wrong = characters = 0
    seconds = 0.0
    for row in rows:
        start = time.perf_counter()
        answers = reader.read_line(row.picture, only)
        seconds += time.perf_counter() - start
        read = [_letter(answer) for answer in answers]
        if read == list(row.text):
            right += 1
        elif not is_cut_right(row, [answer.box for answer in answers]):
            cut_wrong += 1
        singles = zip(row.text, reader.read_many(row.cells, only), strict=True)
        alone += all(letter in "/-." or _letter(answer) == letter for letter, answer in singles)
        wrong += edits(read, row.text)
        characters += len(row.text)
    shares = (count / len(rows) for count in (right, cut_wrong, len(rows) - right - cut_wrong, alone))
    return Outcome(*shares, errors=wrong / characters, milliseconds=1000 * seconds / len(rows))


def is_cut_right(row: WrittenRow, boxes: Sequence[tuple[int, int, int, int] | None]) -> bool:
    """Whether there is one cell for each character, and its sides are where the character's are."""
    far = BORDER * row.height
    return len(boxes) == len(row.boxes) and all(
        box is not None and max(abs(box[0] - true[0]), abs(box[2] - true[2])) <= far
        for box, true in zip(boxes, row.boxes, strict=True)
    )


def edits(read: Sequence[str], text: Sequence[str]) -> int:
    """Least number of characters to change, add or leave out (Levenshtein)."""
    costs = list(range(len(text) + 1))
    for position, letter in enumerate(read, start=1):
        corner, costs[0] = costs[0], position
        for column, true in enumerate(text, start=1):
            cheapest = min(costs[column] + 1, costs[column - 1] + 1, corner + (letter != true))
            corner, costs[column] = costs[column], cheapest
    return costs[-1]


def _letter(answer: Answer) -> str:
    return answer.guesses[0].letter if answer.guesses else ""


def _text(name: str, draw: np.random.Generator) -> list[str]:
    def digits(count: int) -> str:
        return "".join(DIGITS[number].letter for number in draw.integers(0, 10, count))

    if name in LETTERS:
        count = int(draw.integers(3, 7))
        return [CONSONANTS[number].letter for number in draw.integers(0, len(CONSONANTS), count)]
    if name in DATES:
        sign = str(draw.choice(list("/-.")))
        forms = (
            f"{digits(2)}{sign}{digits(2)}{sign}{digits(4)}",
            f"{digits(1)}{sign}{digits(2)}{sign}{digits(2)}",
            f"{digits(4)}-{digits(6)}",
        )
        return list(forms[draw.integers(len(forms))])
    if name in HOUSES:
        return [*digits(int(draw.integers(1, 4))), CONSONANTS[draw.integers(len(CONSONANTS))].letter]
    return list(digits(6))


if __name__ == "__main__":
    main()
