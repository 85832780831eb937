"""Labelled images in memory, and the normalisation of their pixels."""

from dataclasses import replace

import pytest
import torch
from conftest import make_data, make_images

from akshar.data.image_set import denormalise, normalise, to_unit
from akshar.devanagari.cards import INPUT_SPEC
from akshar.errors import UsageError
from akshar.pictures.input_spec import InputSpec


def test_classes_are_selected_and_labelled_by_their_position():
    images = make_images(3, classes=4)
    some = images.of_classes(("class_3", "class_1"))
    assert some.classes == ("class_3", "class_1")
    assert some.labels.tolist() == [1, 1, 1, 0, 0, 0]
    assert torch.equal(some.pixels[:3], images.pixels[3:6])
    assert images.of_classes(images.classes) is images


def test_a_class_that_is_not_there_is_named():
    with pytest.raises(UsageError, match="data: has no class cat; its classes are class_0, class_1"):
        make_images(1, classes=2).of_classes(("class_0", "cat"))


@pytest.mark.parametrize("chosen", [torch.tensor([False, True, True]), torch.tensor([1, 2])])
def test_a_part_keeps_labels_numbers_and_files(chosen):
    images = replace(make_images(3, classes=1), files=("a", "b", "c"))
    part = images.part(chosen)
    assert (len(part), part.numbers.tolist(), part.files) == (2, [2, 3], ("b", "c"))


def test_an_image_is_named_by_its_file_or_by_class_and_number():
    images = make_images(2, classes=2)
    assert images.name_of(3) == "class_1/2"
    assert replace(images, files=("a", "b", "c", "d")).name_of(3) == "d"


def test_the_digest_changes_with_every_part_but_not_with_files():
    images = make_images(3, classes=2)
    pixels = images.pixels.clone()
    pixels[0, 0, 0, 0] ^= 1
    changed = [
        replace(images, pixels=pixels),
        replace(images, labels=images.labels.flip(0)),
        replace(images, numbers=images.numbers + 1),
        replace(images, classes=("class_0", "other")),
    ]
    assert len({images.digest(), *(other.digest() for other in changed)}) == 5
    assert replace(images, files=tuple("abcdef")).digest() == images.digest()


def test_train_and_test_are_told_apart_in_the_digest():
    images = make_images(3)
    digests = {
        make_data(images, None).digest(),
        make_data(None, images).digest(),
        make_data(images, images).digest(),
    }
    assert len(digests) == 3
    assert make_data(None, images).classes == images.classes


def test_normalisation_goes_to_minus_one_and_one_and_back():
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16)
    unit = to_unit(pixels)
    assert (unit.min(), unit.max()) == (0, 1)
    normalised = normalise(unit, INPUT_SPEC)
    assert (normalised.min(), normalised.max()) == (-1, 1)
    assert torch.allclose(denormalise(normalised, INPUT_SPEC), unit, atol=1e-6)
    other = replace(INPUT_SPEC, mean=0.2, std=0.3)
    assert torch.allclose(normalise(unit, other), (unit - 0.2) / 0.3, atol=1e-5)


def test_each_channel_has_its_own_mean_and_deviation():
    spec = InputSpec(3, 4, 5, "light on dark", "none", 0, (0.4, 0.5, 0.6), (0.2, 0.3, 0.4))
    images = torch.rand(2, 3, 4, 5)
    normalised = normalise(images, spec)
    assert torch.allclose(normalised[:, 1], (images[:, 1] - 0.5) / 0.3, atol=1e-6)
    assert torch.allclose(denormalise(normalised, spec), images, atol=1e-6)
