"""The vowels: many drawn forms, some kept out of training, marks that stay apart; and those pasted from scans."""

from dataclasses import replace

import numpy as np
import torch
from scipy import ndimage

from akshar.devanagari.glyph_drawing import TRAIN_FAMILIES, draw_class
from akshar.devanagari.glyphs import Glyphs
from akshar.devanagari.letters import VOWELS
from akshar.devanagari.pasted_vowels import first_half, pasted_vowels
from akshar.devanagari.pen import draw_strokes, parse_form
from akshar.devanagari.vowels import HELD_OUT_FORMS, VOWEL_FORMS


def pieces(pixels):
    """Number of separate pieces of ink in each image, uint8 (N, 1, 32, 32)."""
    return [ndimage.label(image > 100, np.ones((3, 3)))[1] for image in pixels[:, 0].numpy()]


def test_every_vowel_has_many_forms_and_others_that_training_never_sees():
    assert list(VOWEL_FORMS) == list(HELD_OUT_FORMS) == [vowel.letter for vowel in VOWELS]
    for letter, forms in VOWEL_FORMS.items():
        assert len({*forms}) >= 20, letter
        assert not {*forms} & {*HELD_OUT_FORMS[letter]}, letter
        for form in (*forms, *HELD_OUT_FORMS[letter]):
            _, corner, size = parse_form(form)
            assert corner.min() >= -12, form
            assert size.max() <= 34, form


def test_a_form_larger_than_the_grid_is_drawn_whole():
    steady = draw_strokes("H/26,-8 26,20", 1, torch.Generator().manual_seed(1), jitter=0, drift=0)[0, 0]
    inked = steady > 0.1
    rows, columns = (torch.nonzero(inked.any(axis)).flatten() for axis in (1, 0))
    assert 43 <= int(rows[-1] - rows[0]) <= 46  # FILLED: the longer side
    assert 39 <= int(columns[-1] - columns[0]) <= 46


def test_dots_survive_pen_and_framing():
    """Dots of अं and अः are pieces of their own, and so tell them from अ."""
    drawn = {
        vowel.letter: draw_class(vowel, TRAIN_FAMILIES, VOWEL_FORMS, 120, torch.Generator().manual_seed(1), 1.0)
        for vowel in VOWELS
        if vowel.letter in ("अ", "अं", "अः")
    }
    one, dot, colon = (np.array(pieces(drawn[letter])) for letter in ("अ", "अं", "अः"))
    assert (dot > one.mean()).mean() > 0.8
    assert colon.mean() > one.mean() + 1.3


def test_a_character_is_drawn_alike_in_every_subset():
    few, all_signs = (Glyphs(subset, 10, 2).load().train for subset in ("digits", "letters58"))
    assert few is not None
    assert all_signs is not None
    assert torch.equal(few.pixels, all_signs.of_classes(few.classes).pixels)


def test_vowels_are_pasted_from_the_first_half_of_the_scans(tmp_path):
    scans = Glyphs(train_per_class=10, test_per_class=2).load().train
    assert scans is not None
    pasted = pasted_vowels(scans, 3, seed=1, cache_dir=str(tmp_path))
    assert pasted.labels.bincount().tolist() == [3] * 12
    assert len(pasted.pixels.flatten(1).unique(dim=0)) == 36
    inside = pasted.pixels[:, 0, 2:-2, 2:-2] > 60
    assert not pasted.pixels[:, 0, :2].any()
    assert all(inside.any(axis)[:, edge].all() for axis in (1, 2) for edge in (0, -1))
    used = first_half(scans)
    assert torch.equal(scans.labels[used].bincount(), torch.full((46,), 5))
    others = scans.pixels.clone()
    others[~used] = 255
    again = pasted_vowels(replace(scans, pixels=others), 3, seed=1, cache_dir=str(tmp_path / "again"))
    assert torch.equal(again.pixels, pasted.pixels)
