"""Candidate cells of a row: what may be one character."""

from dataclasses import replace

import numpy as np
import pytest

from akshar.errors import DataError, UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.line.cells import SHAPE, find_cells

# DHCD's: images of 32x32 with a border of 2.
SPEC = InputSpec(1, 32, 32, "light on dark", "ink", 2, 0.5, 0.5)


def boxes(paper):
    return [cell.framed.box for cell in find_cells(paper, SPEC)]


def stems(*lefts, height=80):
    """Paper with an L for each column."""
    paper = np.ones((height + 40, max(lefts) + 90), np.float32)
    for left in lefts:
        paper[20 : height + 20, left : left + 10] = paper[height + 10 : height + 20, left : left + 40] = 0
    return paper


def test_a_detached_dot_may_belong_to_the_letter_before_it():
    paper = stems(20, 150)
    paper[60:70, 68:78] = 0  # as in ङ
    assert {(20, 20, 60, 100), (20, 20, 78, 100), (68, 60, 78, 70), (150, 20, 190, 100)} <= {*boxes(paper)}


def test_a_mark_above_a_letter_is_part_of_it():
    paper = stems(20, 150)
    paper[2:10, 30:40] = 0
    assert boxes(paper)[0] == (20, 2, 60, 100)


def test_touching_characters_are_cut_where_little_ink_joins_them():
    paper = stems(20, 60)  # the foot of the first ends at the second
    cells = find_cells(paper, SPEC)
    assert (20, 20, 100, 100) in [cell.framed.box for cell in cells]
    cut = [cell for cell in cells if cell.first == 0 and 50 <= cell.framed.box[2] <= 62]
    assert cut
    assert [cell.framed.box for cell in cells if cell.first == cut[0].stop and cell.framed.box[2] == 100]
    assert cut[0].shape[SHAPE.index("ink of the cut")] < 1.5


@pytest.mark.parametrize(
    ("stroke", "sign"),
    [
        ((slice(90, 100), slice(80, 90)), "."),
        ((slice(55, 65), slice(75, 110)), "-"),
        ((slice(20, 30), slice(80, 90)), None),
    ],
)
def test_signs_have_a_shape_and_a_place(stroke, sign):
    paper = stems(20, 150)
    paper[stroke] = 0
    cells = find_cells(paper, SPEC)
    (mark,) = [cell for cell in cells if 60 < cell.framed.box[0] < 100 and cell.framed.box[2] < 120]
    assert mark.framed.sign == sign


def test_signs_keep_to_a_row_that_climbs():
    paper = np.ones((330, 620), np.float32)
    for number in range(6):
        left, top = 20 + 100 * number, 200 - 30 * number
        paper[top : top + 80, left : left + 10] = paper[top + 70 : top + 80, left : left + 40] = 0
    paper[222:232, 175:185] = 0  # at the foot of the second letter, as high as the middle of the first
    (mark,) = [cell for cell in find_cells(paper, SPEC) if cell.framed.box == (175, 222, 185, 232)]
    assert mark.framed.sign == "."


def test_the_pieces_divide_the_row():
    cells = find_cells(stems(20, 60, 100, 200), SPEC)
    assert [cell.first for cell in cells] == sorted(cell.first for cell in cells)
    last = max(cell.stop for cell in cells)
    assert {cell.first for cell in cells if cell.stop == cell.first + 1} == {*range(last)}


def test_a_blank_row_has_no_characters():
    assert find_cells(np.ones((40, 200), np.float32), SPEC) == []


def test_a_page_of_dots_is_no_row():
    paper = np.ones((300, 300), np.float32)
    paper[::6, ::6] = paper[1::6, ::6] = 0
    with pytest.raises(DataError, match="too many for a row of characters"):
        find_cells(paper, SPEC)


def test_a_row_needs_framing_by_ink():
    with pytest.raises(UsageError, match=r"input_spec\.framing=none"):
        find_cells(np.ones((40, 200), np.float32), replace(SPEC, framing="none"))
