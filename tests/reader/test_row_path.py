"""The path through a row's candidate cells, and rows as people write them."""

from itertools import pairwise

import numpy as np
import pytest
from conftest import WEIGHTS

import akshar
from akshar.benchmarks.row_weights import path_shares
from akshar.benchmarks.rows import NUMBERS, edits, is_cut_right
from akshar.benchmarks.written_rows import STEADY, Hand, drawn_inks, write_row
from akshar.devanagari.strokes import FORMS
from akshar.devanagari.vowels import HELD_OUT_FORMS
from akshar.pictures.framing import FramedPicture
from akshar.pictures.line.cells import SHAPE, Cell
from akshar.reader.row_path import best_path, longest_path

DIGITS = "०१२३४५६७८९"


@pytest.fixture(scope="module")
def reader():
    return akshar.load(WEIGHTS, threshold=0)


@pytest.fixture(scope="module")
def inks():
    return drawn_inks(
        {letter: FORMS[letter][:3] for letter in [*DIGITS, *"गणङकतमनप"]}, 12, np.random.default_rng(0)
    )


def text(answers):
    return "".join(answer.guesses[0].letter if answer.guesses else "?" for answer in answers)


def read_rows(reader, inks, hand, texts, only=None):
    """Shares of rows that are cut and read rightly."""
    draw = np.random.default_rng(1)
    rows = [write_row(row, hand, inks, draw) for row in texts]
    answers = [reader.read_line(row.picture, only) for row in rows]
    cut = [is_cut_right(row, [answer.box for answer in one]) for row, one in zip(rows, answers, strict=True)]
    read = [text(one) == "".join(row.text) for row, one in zip(rows, answers, strict=True)]
    return float(np.mean(cut)), float(np.mean(read))


def numbers(count, length=6):
    draw = np.random.default_rng(2)
    return ["".join(DIGITS[number] for number in draw.integers(0, 10, length)) for _ in range(count)]


def every_path(cells, pieces, place=0):
    if place == pieces:
        yield []
    for number, cell in enumerate(cells):
        if cell.first == place:
            yield from ([number, *rest] for rest in every_path(cells, pieces, cell.stop))


def test_the_best_path_is_found_and_the_sum_is_over_all_paths():
    draw = np.random.default_rng(0)
    framed = FramedPicture(np.zeros((1, 1), np.uint8), None)
    spans = [(first, stop) for first in range(6) for stop in range(first + 1, min(first + 3, 6) + 1)]
    cells = [Cell(first, stop, framed, np.zeros(0)) for first, stop in spans]
    scores = draw.normal(0, 1, len(cells))
    paths = list(every_path(cells, 6))
    sums = np.array([scores[path].sum() for path in paths])
    assert longest_path(cells, scores) == paths[int(sums.argmax())]
    logarithm, shares = path_shares(cells, scores)
    assert logarithm == pytest.approx(np.log(np.exp(sums).sum()))
    used = [
        sum(np.exp(sums[number] - logarithm) for number, path in enumerate(paths) if cell in path)
        for cell in range(len(cells))
    ]
    assert shares == pytest.approx(used)


def test_a_letter_among_digits_needs_more_evidence_than_one_at_the_end():
    kinds = np.array([0, 1]), np.array([2, 3])  # two digits, then two letters
    digit, unsure, letter = (np.array(row) for row in ([0.98, 0.01, 0.01, 0], [0.03, 0, 0.97, 0], [0, 0, 0, 1.0]))
    framed = FramedPicture(np.zeros((1, 1), np.uint8), None)

    def read(*rows):
        cells = [Cell(number, number + 1, framed, np.zeros(len(SHAPE))) for number in range(len(rows))]
        path = best_path(cells, rows, kinds)
        return "".join("dl"[int(one.classes[0] > 1)] for one in path)

    assert read(digit, unsure, digit) == read(digit, digit, unsure) == "ddd"
    assert read(digit, digit, letter) == "ddl"
    assert read(digit, letter, digit) == "dld"
    assert read(letter, unsure, None) == "lll"


def test_a_row_is_composed_with_the_truth_of_each_cell(inks):
    rows = [write_row("१२-३/४.५", Hand(), inks, np.random.default_rng(4)) for _ in range(2)]
    assert np.array_equal(rows[0].picture, rows[1].picture)
    ink = rows[0].picture < rows[0].picture.max() - 60
    assert all(first[2] <= second[0] for first, second in pairwise(rows[0].boxes))
    for left, top, right, bottom in rows[0].boxes:
        assert ink[top:bottom, left:right].any(axis=0).mean() > 0.9
        ink[top:bottom, left - 2 : right + 2] = False
    assert not ink[:, 2:-2].any()


@pytest.mark.parametrize(("name", "cut"), [("even", 1.0), ("uneven", 0.95), ("climbing", 0.95), ("touching", 0.6)])
def test_numbers_are_cut_as_they_are_written(reader, inks, name, cut):
    share, read = read_rows(reader, inks, NUMBERS[name], numbers(20), only="digits")
    assert share >= cut
    assert read >= cut - 0.2


def test_letters_under_one_headline_are_cut(reader, inks):
    cut, _ = read_rows(reader, inks, Hand(gaps=(0.05, 0.1), headline=True), ["कतम", "नपक", "मकतन", "तपनक"] * 3)
    assert cut >= 0.7


def test_a_detached_upright_and_a_dot_stay_with_their_letters(reader, inks):
    cut, read = read_rows(reader, inks, Hand(gaps=(0.25, 0.5)), ["कगत", "मणन", "पङक", "गगण"] * 3)
    assert cut >= 0.9
    assert read >= 0.7


def test_the_parts_of_a_vowel_stay_together(reader):
    """The uprights of आ, the dots of अः, and the marks over ऐ are further from it than a usual letter's parts."""
    draw = np.random.default_rng(0)
    inks = drawn_inks({letter: HELD_OUT_FORMS[letter] for letter in HELD_OUT_FORMS}, 6, draw, STEADY)
    rows = [[str(letter) for letter in draw.choice(list(inks), 4)] for _ in range(25)]
    cut, read = read_rows(reader, inks, Hand(gaps=(0.1, 0.4)), rows)
    assert cut >= 0.85
    assert read >= 0.8


@pytest.mark.parametrize("reach", [0, 6])  # from side to side of the picture, or of the row alone
def test_a_line_under_a_row_is_not_read(reach, reader, inks):
    draw = np.random.default_rng(1)
    same = []
    for written in [*numbers(12), *["कतम", "नपक"]]:
        row = write_row(written, Hand(), inks, draw).picture
        plain = np.pad(row, ((4, 20), (8, 8)), constant_values=row.max())
        ruled = plain.copy()
        ruled[-14:-12, reach : plain.shape[1] - reach] = row.min() + 40
        same.append(text(reader.read_line(ruled)) == text(reader.read_line(plain)))
    assert np.mean(same) >= 0.9


def test_only_restricts_a_row(reader, inks):
    picture = write_row("१२३", Hand(), inks, np.random.default_rng(0)).picture
    assert text(reader.read_line(picture)) == text(reader.read_line(picture, "digits")) == "१२३"
    answers = reader.read_line(picture, "क,ख,ग")
    assert answers
    assert all(answer.guesses[0].letter in "कखग" for answer in answers)


def test_errors_of_a_row_are_counted():
    assert [edits(read, "१२३") for read in ("१२३", "१३", "१२२३", "४२३", "")] == [0, 1, 1, 1, 3]
