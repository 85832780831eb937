"""Figures as PNG files: each can be drawn for few and many classes and images, and nothing is cut off."""

import math
import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from akshar.data.card import DatasetCard
from akshar.devanagari.cards import GLYPHS_CARD
from akshar.devanagari.letters import SUBSETS
from akshar.plots import curves
from akshar.plots.confusion import draw_confusion
from akshar.plots.coverage import draw_coverage
from akshar.plots.curves import constant_rate, draw_curves, draw_schedule
from akshar.plots.feature_map import draw_feature_map
from akshar.plots.per_class import draw_per_class
from akshar.plots.reliability import draw_reliability, is_mostly_sure
from akshar.plots.study import TrialPoint, draw_study, usual_range
from akshar.plots.sweep import draw_sweep

NAMES = {
    2: ["a name that is much too long for a label", "Ωμέγα"],
    10: [f"animal {number}" for number in range(10)],
    46: [character.folder for character in SUBSETS["all"]],
}


def outcome(classes: int, images: int, wrong: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Confusion counts, confidence and correctness of random predictions."""
    draw = np.random.default_rng(classes + images)
    labels = draw.integers(classes, size=images)
    predicted = np.where(draw.random(images) < wrong, draw.integers(classes, size=images), labels)
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    right = predicted == labels
    return counts, np.clip(1 - draw.random(images) ** np.where(right, 4, 1), 1 / classes, 1), right


def check_pictures(folder: Path) -> None:
    """Every PNG of a folder has a sensible size, ink, and a margin."""
    for path in folder.iterdir():
        with Image.open(path) as picture:
            width, height = picture.size
            pixels = np.asarray(picture.convert("L"))
        assert 700 <= width <= 1400, path.name
        assert 200 <= height <= 1500, path.name
        assert (pixels < 128).mean() > 0.001, path.name
        for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
            assert edge.min() > 200, f"{path.name} is cut off"


@pytest.mark.parametrize(("classes", "images"), [(2, 5), (2, 900), (10, 5), (10, 900), (46, 5), (46, 5000)])
@pytest.mark.parametrize("wrong", [0.0, 0.1, 1.0], ids=["perfect", "good", "guessing"])
def test_every_figure_is_drawn(classes: int, images: int, wrong: float, tmp_path: Path) -> None:
    counts, confidence, right = outcome(classes, images, wrong)
    names = NAMES[classes]
    draw_confusion(counts, names, GLYPHS_CARD, tmp_path / "confusion.png")
    draw_per_class(counts.diagonal(), counts.sum(1), names, GLYPHS_CARD, tmp_path / "per_class.png")
    draw_reliability((confidence, right), (confidence**1.5, right), tmp_path / "reliability.png")
    draw_coverage(confidence, right, tmp_path / "coverage.png")
    check_pictures(tmp_path)


def test_a_perfect_class_is_not_marked_as_a_bad_one(tmp_path: Path) -> None:
    def marked(right: list[int]) -> bool:
        total, card = np.array([126, 300, 108]), DatasetCard("abc", "Three classes")
        draw_per_class(np.array(right), total, ["a", "b", "c"], card, tmp_path / "figure.png")
        with Image.open(tmp_path / "figure.png") as picture:
            pixels = np.asarray(picture.convert("RGB"))
        return bool((pixels == (0xD5, 0x5E, 0)).all(2).any())

    assert not marked([126, 300, 108])
    assert marked([126, 300, 60])


@pytest.mark.parametrize("epochs", [1, 40])
def test_curves_are_drawn_of_one_epoch_and_of_many(epochs: int, tmp_path: Path) -> None:
    keys = ("loss/train", "loss/val", "accuracy/train", "accuracy/val", "lr")
    rows = [
        {"epoch": epoch, "seconds": 2.0 * epoch, **dict.fromkeys(keys, 1 / epoch)} for epoch in range(1, epochs + 1)
    ]
    draw_curves(rows, epochs, tmp_path / "curves.png", "a run")
    draw_schedule(rows, epochs, tmp_path / "schedule.png")
    check_pictures(tmp_path)


def rows_of(losses: list[float], rates: list[float]) -> list[dict[str, float]]:
    return [
        {"epoch": at, "lr": rate, "loss/train": loss, "loss/val": loss, "accuracy/train": 0.5, "accuracy/val": 0.5}
        for at, (loss, rate) in enumerate(zip(losses, rates, strict=True), start=1)
    ]


@pytest.mark.parametrize(
    ("losses", "scale"),
    [([3.9, 0.05], "linear"), ([3.9, 0.03], "log"), ([3.9, 0.0], "linear"), ([math.nan, 1.0], "linear")],
)
def test_the_loss_has_a_logarithmic_scale_only_over_more_than_two_decades(
    losses: list[float], scale: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    drawn = []
    monkeypatch.setattr(curves, "save_figure", lambda figure, path: drawn.append(figure))
    draw_curves(rows_of(losses, [1.0, 1.0]), 1, tmp_path / "curves.png", "a run")
    axes = drawn[0].axes[0]
    assert axes.get_yscale() == scale
    drawn[0].draw_without_rendering()
    assert all(re.fullmatch(r"[\d.]*", label.get_text()) for label in axes.get_yticklabels())  # no powers of ten


def test_curves_are_drawn_of_what_was_logged(tmp_path: Path) -> None:
    draw_curves([{"epoch": 1, "loss/val": 0.5}, {"epoch": 2, "loss/val": 0.4}], 2, tmp_path / "curves.png", "a run")
    check_pictures(tmp_path)
    draw_curves([{"epoch": 1, "f1/val": 0.5}], 1, tmp_path / "none.png", "a run")
    assert not (tmp_path / "none.png").exists()


def test_a_constant_rate_is_known() -> None:
    assert constant_rate(rows_of([1.0, 0.5], [0.1, 0.1])) == 0.1
    assert constant_rate(rows_of([1.0, 0.5], [0.1, 0.2])) is None


@pytest.mark.parametrize(
    ("values", "minimised", "kept"),
    [
        ([0.5, 0.6, 0.7, 0.8, 400.0], True, (0.5, 0.8)),
        ([0.9, 0.92, 0.95, 0.94, 0.02], False, (0.9, 0.95)),
        ([0.5, 0.6, 0.7, 0.8, math.inf], True, (0.5, 0.8)),
        ([0.001, 0.6, 0.7, 0.8, 0.75], True, (0.001, 0.8)),  # far better is not cut off
        ([0.3], True, (0.3, 0.3)),
        ([0.3, 0.3, 0.3], True, (0.3, 0.3)),
    ],
)
def test_a_trial_far_worse_than_the_others_does_not_flatten_them(values, minimised, kept) -> None:
    assert usual_range(values, minimised) == kept


def test_a_search_with_a_diverged_trial_is_drawn(tmp_path: Path) -> None:
    trials = [
        TrialPoint(at, value, {"lr": 0.1 * at}) for at, value in enumerate([0.5, 0.6, 900.0, 0.55, 0.7, 0.52])
    ]
    draw_study(trials, {}, tmp_path / "study.png", objective="validation loss", minimised=True)
    check_pictures(tmp_path)


def test_the_scales_of_reliability_follow_the_confidence() -> None:
    assert is_mostly_sure([np.full(9, 0.999), np.full(9, 0.98)])
    assert not is_mostly_sure([np.full(9, 0.6), np.full(9, 0.7)])


@pytest.mark.parametrize("wrong", [0, 3])
def test_a_feature_map_is_drawn_with_and_without_errors(wrong: int, tmp_path: Path) -> None:
    draw = np.random.default_rng(0)
    labels, correct = np.arange(92) % 46, np.arange(92) >= wrong
    draw_feature_map(draw.normal(size=(92, 2)), labels, correct, NAMES[46], GLYPHS_CARD, tmp_path / "map.png")
    check_pictures(tmp_path)


@dataclass
class Spread:
    """A mean with its deviation."""

    mean: float
    sd: float | None


@dataclass
class Row:
    """A row of a sweep's table."""

    values: dict[str, object]
    val_accuracy: Spread | None
    test_accuracy: Spread | None


@pytest.mark.parametrize("values", [["a", "b"], [0.1, 0.2, True], [10.0**-power for power in range(7)]])
def test_a_sweep_is_drawn_for_choices_and_for_many_numbers(values: list[object], tmp_path: Path) -> None:
    rows = [Row({"model": value, "lr": 1}, Spread(0.9, 0.01), Spread(0.8, None)) for value in values]
    draw_sweep([*rows, Row({"model": values[0], "lr": 1}, None, None)], tmp_path / "sweep.png")
    check_pictures(tmp_path)


def test_the_picture_of_very_many_rows_keeps_its_size(tmp_path: Path) -> None:
    def draw(rows: int, keys: int) -> tuple[int, int]:
        named = [{"model": f"net {row}", **{f"k{key}": row * key for key in range(keys)}} for row in range(rows)]
        draw_sweep([Row(values, Spread(0.9, 0.01), Spread(0.8, None)) for values in named], tmp_path / "sweep.png")
        with Image.open(tmp_path / "sweep.png") as picture:
            return picture.size

    assert draw(1_100, 13) == draw(40, 11)
    draw(1_100, 2)
    check_pictures(tmp_path)


def test_a_search_is_drawn_with_trials_that_ended_early(tmp_path: Path) -> None:
    params = [{"lr": 10.0**-power, "model": "compact" if power % 2 else "tutorial"} for power in range(6)]
    trials = [TrialPoint(at, None if at == 3 else 0.1 * at + 0.01, one) for at, one in enumerate(params)]
    settings = {"objective": "loss/val", "minimised": True, "logarithmic": ["lr"]}
    draw_study(trials, {"lr": 0.7, "model": 0.3}, tmp_path / "study.png", **settings)
    draw_study(trials, {}, tmp_path / "without_importance.png", **settings)
    check_pictures(tmp_path)
