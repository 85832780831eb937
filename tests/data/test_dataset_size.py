"""The number of training images, known before loading, is the one that the split leaves."""

from conftest import make_images
from hypothesis import given
from hypothesis import strategies as st

from akshar.data.dataset_size import expected_class_sizes, training_images
from akshar.data.splits import split_images
from akshar.devanagari.broad import Broad
from akshar.devanagari.dhcd import DHCD
from akshar.devanagari.glyphs import Glyphs


@given(per_class=st.integers(10, 80), fraction=st.floats(0.1, 0.6), seed=st.integers(0, 9))
def test_it_is_that_of_a_share(per_class, fraction, seed):
    split = split_images(make_images(per_class, classes=3), val_fraction=fraction, seed=seed)
    assert training_images([per_class] * 3, fraction, None, 0) == len(split.train)


@given(per_class=st.integers(20, 80), folds=st.integers(2, 10))
def test_it_is_that_of_every_fold(per_class, folds):
    images = make_images(per_class, classes=2)
    for fold in (0, folds - 1):
        assert training_images([per_class] * 2, 0.1, folds, fold) == len(
            split_images(images, folds=folds, fold=fold).train
        )


def test_data_sets_know_their_sizes():
    assert expected_class_sizes(DHCD(subset="digits")) == [1700] * 10
    assert expected_class_sizes(Broad(drawn_per_class=50)) == [1750] * 46
    assert expected_class_sizes(Glyphs("letters", 30)) == [30] * 36
    assert expected_class_sizes(object()) is None
