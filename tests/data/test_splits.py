"""The split: every image in one part, equal shares, no leak, reproducible."""

import pytest
import torch
from conftest import make_images
from hypothesis import given
from hypothesis import strategies as st

from akshar.data.splits import split_images
from akshar.errors import UsageError

METHODS = st.sampled_from(["random", "blocks"])


@given(per_class=st.integers(10, 120), fraction=st.floats(0.1, 0.6), seed=st.integers(0, 1000), method=METHODS)
def test_every_image_is_in_exactly_one_part_and_shares_are_alike(per_class, fraction, seed, method):
    images = make_images(per_class, classes=3)
    split = split_images(images, val_fraction=fraction, seed=seed, method=method)
    together = torch.cat([split.train, split.val]).sort().values
    assert torch.equal(together, torch.arange(len(images)))
    counts = torch.bincount(images.labels[split.val], minlength=3)
    block = -(-per_class // 50) if method == "blocks" else 1
    assert ((counts - fraction * per_class).abs() <= block / 2 + 0.51).all()


@given(folds=st.integers(2, 10), per_class=st.integers(20, 60), method=METHODS)
def test_folds_are_disjoint_and_cover_everything(folds, per_class, method):
    images = make_images(per_class, classes=2)
    parts = [split_images(images, folds=folds, fold=fold, method=method).val for fold in range(folds)]
    assert torch.equal(torch.cat(parts).sort().values, torch.arange(len(images)))


def test_the_default_holds_out_a_tenth_of_every_class_of_dhcd_s_size():
    images = make_images(1700, classes=2)
    split = split_images(images)
    assert torch.bincount(images.labels[split.val]).tolist() == [170, 170]
    assert len(split_images(images, method="blocks").val) == 340


def test_the_split_follows_from_its_seed_and_its_digest_tells_it():
    images = make_images(50)
    again = split_images(images, seed=1)
    assert torch.equal(split_images(images, seed=1).val, again.val)
    assert split_images(images, seed=1).digest() == again.digest() != split_images(images, seed=2).digest()


def test_a_class_is_split_alike_in_every_subset():
    images = make_images(50, classes=4)
    two = images.of_classes(("class_1", "class_3"))
    whole, part = split_images(images), split_images(two)
    of_class_3 = whole.val[images.labels[whole.val] == 3]
    assert torch.equal(images.numbers[of_class_3], two.numbers[part.val[two.labels[part.val] == 1]])


def test_blocks_hold_out_runs_of_neighbours():
    images = make_images(500, classes=1)
    numbers = images.numbers[split_images(images, val_fraction=0.2, method="blocks").val]
    starts = int((numbers.diff() != 1).sum()) + 1
    assert starts <= len(numbers) / 10


@pytest.mark.parametrize("fold", [-1, 5])
def test_a_fold_beyond_the_folds_is_refused(fold):
    with pytest.raises(UsageError, match=r"data.fold=-?\d: must be from 0 to 4"):
        split_images(make_images(50), folds=5, fold=fold)


def test_a_class_too_small_to_split_is_named():
    with pytest.raises(UsageError, match=r"data.val_fraction: class class_0 has 4 images, too few for both"):
        split_images(make_images(4), val_fraction=0.1)
