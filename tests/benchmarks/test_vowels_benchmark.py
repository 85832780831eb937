"""`python -m akshar.benchmarks.vowels`, on few pictures."""

import sys

from conftest import OLD_WEIGHTS

from akshar.benchmarks import vowels
from akshar.devanagari.glyphs import Glyphs


def test_every_kind_of_picture_is_read_and_a_network_without_vowels_reads_none_right(monkeypatch, capsys):
    drawn = Glyphs("all", 10, 2).load().train
    monkeypatch.setattr(vowels, "validation_images", lambda: drawn)
    monkeypatch.setattr(vowels, "EACH", 1)
    monkeypatch.setattr(sys, "argv", ["vowels", str(OLD_WEIGHTS)])
    vowels.main()
    *rows, mistakes = capsys.readouterr().out.splitlines()
    kinds = ("forms held out, pen", "forms held out, mouse", "fonts held out", "pasted from scans")
    assert [row.rsplit(maxsplit=1) for row in rows] == [
        [kind, "0.00"] for kind in (*kinds, "others read as vowels")
    ]
    assert mistakes.startswith(f"{OLD_WEIGHTS}: ")
    assert mistakes.count(" as ") == vowels.MISTAKES
