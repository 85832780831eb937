"""`python -m akshar.benchmarks.robustness`, on few pictures."""

import sys

from akshar.benchmarks import other_hands, robustness
from akshar.devanagari.glyphs import Glyphs


def test_an_exported_file_is_measured_on_every_kind_of_picture(monkeypatch, capsys):
    drawn = Glyphs("digits", 10, 2).load().test
    monkeypatch.setattr(robustness, "validation_images", lambda: drawn)
    monkeypatch.setattr(robustness, "SEVERITIES", (3,))
    monkeypatch.setattr(other_hands, "EACH", 1)
    monkeypatch.setattr(sys, "argv", ["robustness", "letters58"])
    robustness.main()
    rows = dict(
        line.rsplit(maxsplit=1) for line in capsys.readouterr().out.splitlines() if line and line[-1].isdigit()
    )
    kinds = (
        "DHCD-C, mean",
        "forms held out, pen",
        "forms held out, mouse",
        "digits, black and white",
        "fonts held out",
    )
    shares = [float(rows[kind]) for kind in kinds]
    assert min(shares) > 60
    assert abs(float(rows["OTHER HANDS, mean of 5"]) - sum(shares) / 5) < 0.01
    assert 0 <= float(rows["ट as र"]) <= 100
