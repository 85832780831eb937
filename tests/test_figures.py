"""The figures of an error report: what they compute, and that they can be drawn of any outcome."""

from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from akshar.devanagari.letters import SUBSETS
from akshar.plots.confusion import confused_pairs, confusion_order, draw_confusion
from akshar.plots.coverage import draw_coverage
from akshar.plots.labels import letter_image
from akshar.plots.per_class import draw_per_class
from akshar.plots.reliability import draw_reliability

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
