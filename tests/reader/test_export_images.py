"""The comparison of an exported file with its checkpoint: on which images, and when they agree."""

import numpy as np
from conftest import write_picture

from akshar.cli import main
from akshar.devanagari.cards import INPUT_SPEC
from akshar.reader.export.agreement import FLOAT, INT8, agreement
from akshar.reader.export.images import export_images
from akshar.runs.load_checkpoint import load_checkpoint
from reader.conftest import left_in


def test_a_source_that_a_file_names_is_never_called(tmp_path):
    for node in (
        {"_target_": "os.mkdir", "path": str(tmp_path / "made")},
        {
            "_target_": "akshar.devanagari.glyphs.Glyphs",
            "subset": {"_target_": "os.mkdir", "path": str(tmp_path / "made")},
        },
        {"_target_": "akshar.devanagari.glyphs.Glyphs", "unknown": 1},
        {"_target_": "akshar.data.folder.Folder", "root": "gone"},
        "nothing",
    ):
        shown = export_images({"data": node}, INPUT_SPEC)
        assert shown.name == "validation images of glyphs"
        assert len(shown.compared) > 100
    assert left_in(tmp_path) == []


def test_dhcd_is_not_downloaded_for_an_export(no_network, tmp_path, monkeypatch):
    monkeypatch.setenv("AKSHAR_CACHE", str(tmp_path))  # where it is not
    assert (
        "glyphs"
        in export_images({"data": {"_target_": "akshar.devanagari.dhcd.DHCD", "archive": None}}, INPUT_SPEC).name
    )


def test_images_of_a_folder_are_compared_on(digit_run, workplace, capsys):
    for shape, name in enumerate(("bar", "cross")):
        for number in range(30):
            write_picture(workplace / "mine" / name / f"{number}.png", shape, size=40 + number)
    assert main(["export", str(digit_run), "--data", "mine", "--output", "a.onnx"]) == 0
    assert "validation images of folder" in capsys.readouterr().out


def test_calibration_and_comparison_share_no_image(digit_run):
    shown = export_images(load_checkpoint(str(digit_run)).config, INPUT_SPEC)
    assert (len(shown.compared), len(shown.calibrated)) == (500, 1000)
    rows = {row.tobytes() for row in shown.compared}
    assert not rows & {row.tobytes() for row in shown.calibrated}


def test_agreement_counts_ties_and_refuses_what_is_no_number():
    expected = np.array([[0.6, 0.4], [0.52, 0.48], [0.1, 0.9]])
    got = np.array([[0.7, 0.3], [0.49, 0.51], [0.1, 0.9]])
    found = agreement(expected, got, tie=0.1)
    assert (found.equal, found.equal_or_tied) == (2, 3)
    assert found.within(INT8)
    assert not found.within(FLOAT)
    assert not agreement(expected, got, tie=0.01).within(INT8)
    assert not agreement(expected, got * np.nan, tie=0.1).within(INT8)
