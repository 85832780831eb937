"""The figures of an error report: what they compute, and that they can be drawn of any outcome."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from akshar.devanagari.letters import SUBSETS
from akshar.plots.confusion import confused_pairs, confusion_order, draw_confusion
from akshar.plots.coverage import coverage_curve, draw_coverage, kept_at
from akshar.plots.labels import letter_image
from akshar.plots.per_class import draw_per_class
from akshar.plots.reliability import calibration_error, draw_reliability, equal_bins

NAMES = {
    2: ["a name that is much too long for a label", "Ωμέγα"],
    10: [f"animal {number}" for number in range(10)],
    46: [character.folder for character in SUBSETS["all"]],
}


def planted(groups: list[list[int]], classes: int, noise: int = 0) -> np.ndarray:
    """Counts in which classes of a group are confused, and `noise` others besides."""
    counts = np.diag(np.full(classes, 300))
    for group in groups:
        for one in group:
            for other in group:
                counts[one, other] += 8 * (one != other)
    draw = np.random.default_rng(0)
    np.add.at(counts, (draw.integers(classes, size=noise), draw.integers(classes, size=noise)), 1)
    return counts


def outcome(classes: int, images: int, wrong: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Counts, confidence and whether right, of random answers."""
    draw = np.random.default_rng(classes + images)
    labels = draw.integers(classes, size=images)
    predicted = np.where(draw.random(images) < wrong, draw.integers(classes, size=images), labels)
    counts = np.zeros((classes, classes), dtype=np.int64)
    np.add.at(counts, (labels, predicted), 1)
    right = predicted == labels
    return counts, np.clip(1 - draw.random(images) ** np.where(right, 4, 1), 1 / classes, 1), right


@pytest.mark.parametrize("noise", [0, 25])
def test_classes_that_are_confused_stand_side_by_side(noise: int) -> None:
    groups = [[0, 17, 44], [3, 30], [8, 9, 21, 40]]
    order = confusion_order(planted(groups, 46, noise)).tolist()
    assert sorted(order) == list(range(46))
    for group in groups:
        places = sorted(order.index(label) for label in group)
        assert places == list(range(places[0], places[0] + len(group)))


def test_a_chain_of_confusions_is_laid_out_as_a_chain() -> None:
    counts = np.diag([50] * 6)
    chain = [4, 0, 3, 5, 1, 2]
    for weight, (one, other) in enumerate(pairwise(chain), start=5):
        counts[one, other] = weight
    order = confusion_order(counts).tolist()
    assert order in (chain, chain[::-1])


def test_the_order_is_the_classes_own_without_errors_and_the_input_is_left_alone() -> None:
    counts = np.diag([5, 6, 7])
    assert confusion_order(counts).tolist() == [0, 1, 2]
    assert counts.tolist() == np.diag([5, 6, 7]).tolist()
    assert confusion_order(np.array([[3]])).tolist() == [0]


def test_pairs_are_ranked_and_ties_stand_in_the_classes_order() -> None:
    counts = np.array([[90, 2, 0], [5, 80, 2], [2, 0, 70]])
    assert confused_pairs(counts) == [(1, 0, 5), (0, 1, 2), (1, 2, 2), (2, 0, 2)]
    assert confused_pairs(counts, most=2) == [(1, 0, 5), (0, 1, 2)]
    assert confused_pairs(np.diag([4, 4])) == []


def test_calibration_error_is_none_where_confidence_is_accuracy() -> None:
    confidence = np.repeat([0.25, 0.5, 0.75, 1.0], 8)
    right = np.concatenate([np.arange(8) < 8 * share for share in (0.25, 0.5, 0.75, 1.0)])
    for bins in (1, 4, 15):
        assert calibration_error(confidence, right, bins) == pytest.approx(0, abs=1e-12)


def test_calibration_error_matches_a_sum_by_hand() -> None:
    confidence = np.array([0.9, 0.5, 0.6, 0.8])
    right = np.array([True, False, True, False])
    # Bins {0.5, 0.6} with accuracy 0.5 and {0.8, 0.9} with 0.5: (2 * 0.05 + 2 * 0.35) / 4.
    assert calibration_error(confidence, right, bins=2) == pytest.approx(0.2)
    assert calibration_error(confidence, right, bins=1) == pytest.approx(0.2)
    # A bin for each: 0.5, 0.4, 0.8 and 0.1.
    assert calibration_error(confidence, right) == pytest.approx(0.45)


def test_equal_confidences_give_the_same_figures_in_any_order() -> None:
    confidence = np.repeat([0.7, 0.9], 10)
    right = np.tile([True, False], 10)
    mixed = np.random.default_rng(1).permutation(20)
    assert calibration_error(confidence, right, 3) == pytest.approx(
        calibration_error(confidence[mixed], right[mixed], 3), abs=1e-12
    )
    assert np.allclose(coverage_curve(confidence, right)[1], coverage_curve(confidence[mixed], right[mixed])[1])


def test_bins_hold_equal_numbers() -> None:
    bins = equal_bins(np.random.default_rng(0).random(100), np.ones(100, dtype=bool))
    assert bins.size.sum() == 100
    assert set(bins.size.tolist()) == {6, 7}
    assert (np.diff(bins.confidence) > 0).all()
    assert equal_bins(np.array([0.5, 0.6]), np.array([True, True])).size.tolist() == [1, 1]
    with pytest.raises(ValueError, match="no images"):
        calibration_error(np.zeros(0), np.zeros(0, dtype=bool))


def test_coverage_rises_to_all_images_and_ends_at_their_accuracy() -> None:
    _, confidence, right = outcome(10, 500, 0.2)
    share, accuracy = coverage_curve(confidence, right)
    assert (np.diff(share) > 0).all()
    assert share[-1] == 1
    assert accuracy[-1] == pytest.approx(right.mean())
    surest = np.argsort(-confidence)[:100]
    assert accuracy[99] == pytest.approx(right[surest].mean())


def test_the_largest_share_of_a_wanted_accuracy() -> None:
    confidence = np.array([0.9, 0.8, 0.7, 0.6])
    assert kept_at(confidence, np.array([True, True, False, True]), 1.0) == 0.5
    assert kept_at(confidence, np.array([True, True, False, True]), 0.75) == 1.0
    assert kept_at(confidence, np.array([False, True, True, True]), 0.9) is None


@pytest.mark.parametrize(("classes", "images"), [(2, 5), (2, 900), (10, 5), (10, 900), (46, 5), (46, 5000)])
@pytest.mark.parametrize("wrong", [0.0, 0.1, 1.0], ids=["perfect", "good", "guessing"])
def test_every_figure_is_drawn(classes: int, images: int, wrong: float, tmp_path: Path) -> None:
    counts, confidence, right = outcome(classes, images, wrong)
    names = NAMES[classes]
    draw_confusion(counts, names, tmp_path / "confusion.png")
    draw_per_class(counts.diagonal(), counts.sum(1), names, tmp_path / "per_class.png")
    draw_reliability((confidence, right), (confidence**1.5, right), tmp_path / "reliability.png")
    draw_coverage(confidence, right, tmp_path / "coverage.png")
    for path in tmp_path.iterdir():
        with Image.open(path) as picture:
            width, height = picture.size
            pixels = np.asarray(picture.convert("L"))
        assert 700 <= width <= 1400, path.name
        assert 200 <= height <= 1500, path.name
        assert (pixels < 128).mean() > 0.001, path.name
        for edge in (pixels[0], pixels[-1], pixels[:, 0], pixels[:, -1]):
            assert edge.min() > 200, f"{path.name} is cut off"


def test_a_perfect_class_is_not_marked_as_a_bad_one(tmp_path: Path) -> None:
    def marked(right: list[int]) -> bool:
        draw_per_class(np.array(right), np.array([126, 300, 108]), ["a", "b", "c"], tmp_path / "figure.png")
        with Image.open(tmp_path / "figure.png") as picture:
            pixels = np.asarray(picture.convert("RGB"))
        return bool((pixels == (0xD5, 0x5E, 0)).all(2).any())

    assert not marked([126, 300, 108])
    assert marked([126, 300, 60])


def test_conjuncts_are_shaped_and_are_no_boxes() -> None:
    conjunct, ka, ssa = (letter_image(text, 60) for text in ("क्ष", "क", "ष"))
    assert conjunct.shape[1] < ka.shape[1] + ssa.shape[1]
    box = letter_image("\U000f0000", 60)  # a private character that no font has
    for text in (character.letter for character in SUBSETS["all"]):
        image = letter_image(text, 60)
        assert image.shape[2] == 4
        assert image.shape != box.shape or (image != box).any()
        ink = image[..., 3] > 128
        assert 0.05 < ink.mean() < 0.75
    shaped = {text: letter_image(text, 60).tobytes() for text in ("क्ष", "त्र", "ज्ञ")}
    assert len({*shaped.values()}) == 3


def test_a_letter_has_its_colour_and_a_blank_none() -> None:
    image = letter_image("cat", 30, "#d55e00")
    assert (image[..., :3] == (0xD5, 0x5E, 0)).all()
    assert image[..., 3].max() == 255
    assert letter_image(" ", 30)[..., 3].max() == 0
