"""The real data set: its digests, its cache, and the figures that the README claims."""

import pytest
import torch
from conftest import TINY

from akshar.devanagari.dhcd import DHCD, DHCD_LAYOUT

pytestmark = pytest.mark.dhcd


@pytest.fixture
def real(dhcd_archive, monkeypatch):
    monkeypatch.setenv("AKSHAR_DHCD", dhcd_archive)


def test_every_image_is_read_and_verified_and_afterwards_comes_from_the_cache(real, monkeypatch):
    dataset = DHCD().load()
    monkeypatch.setattr("akshar.devanagari.dhcd.read_archive", None)  # nothing is decoded again
    again = DHCD().load()
    assert torch.equal(again.test.pixels, dataset.test.pixels)
    assert (len(dataset.train), len(dataset.test), len(dataset.classes)) == (78_200, 13_800, 46)
    assert dataset.train.pixels.float().mean() == pytest.approx(61.20, abs=0.01)
    assert torch.bincount(dataset.train.labels).tolist() == [1700] * 46
    assert dataset.test.classes == DHCD_LAYOUT.classes
    assert dataset.train.numbers.unique().numel() > 1700


@pytest.mark.parametrize(("subset", "classes"), [("digits", 10), ("letters", 36)])
def test_subsets_are_parts_of_the_whole(real, subset, classes):
    whole, part = DHCD().load(), DHCD(subset=subset).load()
    assert len(part.classes) == classes
    assert part.test.digest() == whole.test.of_classes(part.classes).digest()


def test_a_small_run_on_the_digits(real, train):
    result, _ = train(*TINY[3:], "data=dhcd", "data.subset=digits", "data.split=blocks", "optimizer.lr=0.01")
    assert result["data"]["test"] == 3000
    assert result["test"]["accuracy"] > 0.5  # chance is 0.1


@pytest.mark.slow
def test_fast98_reads_97_percent_of_the_46_classes(real, train):
    result, _ = train("experiment=fast98")
    assert result["test"]["total"] == 13_800
    assert 0.97 <= result["test"]["accuracy"] < 0.9988  # more would be a leak
    assert result["model"]["parameters"] <= 500_000


@pytest.mark.slow
def test_the_tutorials_network_learns_the_digits(real, train):
    """A fifth of an epoch, at ten times the tutorial's learning rate; `docs/sweeps.md` has the whole recipe."""
    result, folder = train(
        "experiment=tutorial", "trainer.max_epochs=1", "trainer.limit_train_batches=0.2", "optimizer.lr=0.01"
    )
    assert result["model"]["parameters"] == 25_676_322
    assert result["test"]["total"] == 3000
    assert result["test"]["accuracy"] >= 0.7  # chance is 0.1
    sizes = [path.stat().st_size for path in (folder / "checkpoints").iterdir()]
    assert len(sizes) == 2
    assert max(sizes) < 210e6
