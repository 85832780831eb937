"""Cutting a row into its characters."""

from dataclasses import replace

import numpy as np
import pytest

from akshar.errors import DataError, UsageError
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.line import cut_line

# DHCD's: images of 32x32 with a border of 2.
SPEC = InputSpec(1, 32, 32, "light on dark", "ink", 2, 0.5, 0.5)


def test_a_detached_dot_stays_with_its_letter():
    paper = np.ones((120, 300), np.float32)
    paper[20:100, 20:30] = paper[20:30, 20:60] = 0
    paper[60:70, 68:78] = 0  # a dot at its right, as in ङ
    paper[20:100, 150:160] = paper[20:30, 130:180] = 0
    first, second = cut_line(paper, SPEC)
    assert first.box == (20, 20, 78, 100)
    assert second.box == (130, 20, 180, 100)


def test_an_upright_stays_with_its_letter():
    paper = np.ones((120, 420), np.float32)
    for left in (20, 150, 300):
        paper[20:100, left : left + 10] = paper[90:100, left : left + 50] = 0
    paper[20:100, 208:218] = 0  # the upright of श
    assert [one.box for one in cut_line(paper, SPEC)] == [
        (20, 20, 70, 100),
        (150, 20, 218, 100),
        (300, 20, 350, 100),
    ]


def test_a_blank_row_has_no_characters():
    assert cut_line(np.ones((40, 200), np.float32), SPEC) == []


def test_a_page_of_dots_is_no_row():
    paper = np.ones((300, 300), np.float32)
    paper[::6, ::6] = paper[1::6, ::6] = 0
    with pytest.raises(DataError, match="too many for a row of characters"):
        cut_line(paper, SPEC)


def test_a_row_needs_framing_by_ink():
    with pytest.raises(UsageError, match=r"input_spec\.framing=none"):
        cut_line(np.ones((40, 200), np.float32), replace(SPEC, framing="none"))
