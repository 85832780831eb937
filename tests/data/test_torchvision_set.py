"""Data sets of torchvision: parts by signature, classes, colours, and what is said where they are missing."""

import numpy as np
import pytest
from conftest import write_fashion
from PIL import Image

from akshar.data.torchvision_set import DATASETS, Torchvision
from akshar.errors import DataError, UsageError

FAKE = {"size": 60, "image_size": [3, 16, 20], "num_classes": 3}


@pytest.fixture
def make(tmp_path):
    """Return a function that makes a data set of torchvision with files in tmp_path."""

    def dataset(name, **settings):
        return Torchvision(dataset=name, root=str(tmp_path / "root"), cache_dir=str(tmp_path / "cache"), **settings)

    return dataset


def test_the_names_are_those_of_torchvision():
    from torchvision import datasets

    assert [name for name in DATASETS if not issubclass(getattr(datasets, name), datasets.VisionDataset)] == []


def test_fake_data_in_colour(make):
    data = make("FakeData", arguments=FAKE, test_fraction=0.25).load()
    assert data.input_spec.shape == (3, 16, 20)
    assert data.classes == ("0", "1", "2")
    assert len(data.train) + len(data.test) == 60
    again = make("FakeData", arguments=FAKE, test_fraction=0.25, size=[8, 10], channels=1).load()
    assert again.input_spec.shape == (1, 8, 10)
    assert again.changes == "images: 60 of 16x20 in colour are resized to 8x10 and made grey"
    assert again.train.labels.tolist() == data.train.labels.tolist()


def test_fashion_mnist_with_its_own_test_set(make, tmp_path):
    images, labels = write_fashion(tmp_path / "root", train=40, test=20)
    data = make("FashionMNIST").load()
    assert (len(data.train), len(data.test)) == (40, 20)
    assert data.classes[:2] == ("T-shirt/top", "Trouser")
    assert data.input_spec.shape == (1, 28, 28)
    assert np.array_equal(data.train.pixels[:, 0].numpy(), images)
    assert data.train.labels.tolist() == labels.tolist()


def test_a_data_set_that_is_missing_names_its_folder(make, tmp_path):
    for name, folder in (
        ("FashionMNIST", "FashionMNIST/raw"),
        ("CIFAR10", "cifar-10-batches-py"),
        ("SVHN", ""),
        ("SEMEION", ""),
    ):
        with pytest.raises(DataError) as caught:
            make(name).load()
        assert f"torchvision expects it in {tmp_path / 'root' / folder}, and akshar downloads nothing" in str(
            caught.value
        )
    assert not (tmp_path / "root").exists()


class Parts:
    """Stands for a data set with three splits, of which the test images have no labels."""

    def __init__(self, root, split):
        if split not in ("train", "val", "test"):
            raise ValueError(split)
        size = {"train": 6, "val": 4, "test": 2}[split]
        turned = Image.new("L", (8, 6), 100)
        turned.getexif()[0x0112] = 6  # to be turned by 90 degrees
        self.images = [(turned, None if split == "test" else number % 2) for number in range(size)]

    def __len__(self):
        return len(self.images)

    def __getitem__(self, position):
        return self.images[position]


def test_validation_images_are_the_test_set_where_test_images_have_no_labels(make, monkeypatch):
    monkeypatch.setattr("torchvision.datasets.CLEVRClassification", Parts)
    data = make("CLEVRClassification").load()
    assert (len(data.train), len(data.test)) == (6, 4)
    assert data.input_spec.shape == (1, 8, 6)
    assert data.train.numbers.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("FashonMNIST", None, "data.dataset=FashonMNIST: not a classification data set of torchvision that can be"),
        ("LSUN", None, "data.dataset=LSUN: not a classification data set"),
        ("MNIST", {"download": True}, "data.arguments.download: is set by akshar; leave it out"),
        ("EMNIST", None, "data.arguments: do not fit EMNIST"),
        ("FakeData", {"colour": 3}, "data.arguments: do not fit FakeData"),
    ],
)
def test_what_does_not_fit_is_refused(name, arguments, message, make):
    with pytest.raises(UsageError) as caught:
        make(name, arguments=arguments).load()
    assert message in str(caught.value)
