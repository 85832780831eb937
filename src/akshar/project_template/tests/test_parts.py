"""The data set, the network and the metric, each by itself."""

import pytest
import torch

from my_project.metric import WorstRecall
from my_project.network import SmallNet
from my_project.shapes import Shapes


def test_shapes_are_drawn_as_the_config_says():
    loaded = Shapes(size=20, train_per_class=12, test_per_class=4).load()
    assert loaded.train is not None
    assert loaded.train.pixels.shape == (3 * 12, *loaded.input_spec.shape) == (36, 3, 20, 20)
    assert loaded.train.labels.bincount().tolist() == [12, 12, 12]
    assert loaded.classes == ("circle", "square", "triangle")


def test_the_same_seed_draws_the_same_shapes():
    assert Shapes().load().digest() == Shapes().load().digest()
    assert Shapes().load().digest() != Shapes(shape_seed=2).load().digest()


def test_test_images_are_no_training_images():
    loaded = Shapes(train_per_class=10, test_per_class=10).load()
    assert loaded.train is not None
    assert loaded.test is not None
    assert not torch.equal(loaded.train.pixels, loaded.test.pixels)


@pytest.mark.parametrize("channels", [1, 3])
def test_the_network_gives_a_logit_for_each_class(channels):
    network = SmallNet(num_classes=5, in_channels=channels, width=4, depth=2)
    logits = network(torch.randn(7, channels, 24, 24))
    assert logits.shape == (7, 5)
    logits.sum().backward()
    assert all(parameter.grad is not None for parameter in network.parameters())


def test_worst_recall_is_that_of_the_worst_class():
    metric = WorstRecall(num_classes=3)
    metric.update(torch.eye(3)[[0, 0, 1]], torch.tensor([0, 0, 1]))  # all three correct
    assert metric.compute() == 1  # the third class has no images yet
    metric.update(torch.eye(3)[[0, 2, 2]], torch.tensor([1, 2, 2]))  # the first one is wrong
    assert metric.compute() == 0.5
