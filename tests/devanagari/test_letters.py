"""The 58 signs and the cards of their data sets."""

import unicodedata

from akshar.devanagari.cards import (
    BROAD_CARD,
    DHCD_CARD,
    GLYPHS_CARD,
    INPUT_SPEC,
    LABELS,
    LETTERS58_CARD,
    folder_card,
)
from akshar.devanagari.letters import CONSONANTS, DIGITS, SUBSETS, VOWELS


def test_names_and_letters_are_unique_and_digits_have_their_value():
    for field in ("folder", "letter", "name"):
        values = [getattr(character, field) for character in SUBSETS["letters58"]]
        assert len({*values}) == 58
    assert [unicodedata.digit(character.letter) for character in DIGITS] == list(range(10))
    assert [character.name for character in DIGITS] == [*map(str, range(10))]
    assert (len(CONSONANTS), SUBSETS["letters"], SUBSETS["digits"]) == (36, CONSONANTS, DIGITS)
    assert "".join(vowel.letter for vowel in SUBSETS["vowels"]) == "अआइईउऊएऐओऔअंअः"
    assert SUBSETS["letters58"] == (*SUBSETS["all"], *VOWELS)  # so labels are the same in both


def test_folders_are_those_of_dhcd():
    assert CONSONANTS[0].folder == "character_1_ka"
    assert CONSONANTS[35].folder == "character_36_gya"
    assert (CONSONANTS[0].letter, CONSONANTS[35].letter) == ("क", "ज्ञ")


def test_cards_show_letters_and_leave_other_names():
    for card in (DHCD_CARD, BROAD_CARD, GLYPHS_CARD, LETTERS58_CARD, folder_card()):
        assert card.label("digit_5") == "५"
        assert card.transliteration("character_2_kha") == "kha"
        assert card.label_with_latin("vowel_4_ii") == "ई ii"
        assert card.label("cat") == "cat"
    assert len(LABELS) == 58
    assert "nobody wrote them" in LETTERS58_CARD.limits[-1]


def test_images_are_stretched_to_28_pixels_inside_32():
    assert INPUT_SPEC.shape == (1, 32, 32)
    assert INPUT_SPEC.inner == (28, 28)
