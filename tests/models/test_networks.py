"""Shapes and sizes of the networks, and what the LightningModule reads from them."""

import pytest
import torch
from torch import nn

from akshar.models.classifier import Classifier, image_channels
from akshar.models.compact import Compact
from akshar.models.parameters import count_parameters, parameter_groups
from akshar.models.separable import Separable
from akshar.models.tutorial import Tutorial


def test_the_tutorial_s_network_is_the_tutorial_s():
    assert count_parameters(Tutorial(10, in_channels=3, image_size=(32, 32))) == 25_676_322
    net = Tutorial(46, in_channels=1, image_size=(32, 32))
    kinds = [type(module).__name__ for module in [*net.features, *net.classifier]]
    assert kinds == ["Conv2d", "ReLU"] * 3 + ["Flatten", "Dropout", "Linear", "ReLU", "Dropout", "Linear"]
    assert [(m.in_channels, m.out_channels, m.kernel_size, m.padding) for m in net.features[:5:2]] == [
        (1, 16, (5, 5), (0, 0)),
        (16, 32, (5, 5), (0, 0)),
        (32, 64, (5, 5), (0, 0)),
    ]
    assert [module.p for module in net.modules() if isinstance(module, nn.Dropout)] == [0.25, 0.25]
    assert net(torch.zeros(2, 1, 32, 32)).shape == (2, 46)


def test_compact_is_small_and_its_shape_is_configurable():
    assert count_parameters(Compact(46, in_channels=1)) == 172_270
    net = Compact(7, in_channels=3, widths=[8, 12], blocks=[2, 0], dropout=0.1)
    assert net(torch.zeros(2, 3, 32, 32)).shape == (2, 7)
    with pytest.raises(ValueError, match="must have the same length"):
        Compact(7, in_channels=1, widths=[8, 16], blocks=[1])


def test_networks_take_any_channels_and_any_even_size():
    for net in (Compact(5, 3, [4, 8], [0, 1]), Separable(5, 3, [4, 8], [1, 0], repeats=2)):
        assert net(torch.zeros(2, 3, 28, 40)).shape == (2, 5)
    assert Tutorial(5, in_channels=3, image_size=(20, 24))(torch.zeros(2, 3, 20, 24)).shape == (2, 5)


def test_a_repeated_block_shares_its_kernels_but_not_its_norms():
    once, twice = (Separable(5, 1, [8], [1], repeats=repeats) for repeats in (1, 2))
    assert count_parameters(twice) - count_parameters(once) == 2 * 8  # scale and shift of one more norm
    assert count_parameters(Separable(46, 1, (12, 20, 28), (1, 1, 1))) == 4_962


def test_grey_is_repeated_for_a_network_that_takes_rgb():
    class Own(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Conv2d(3, 4, 3)

        def forward(self, images):
            assert images.shape[1] == 3
            assert torch.equal(images[:, 0], images[:, 2])
            return self.stem(images).mean((2, 3))

    assert image_channels(Own()) == 3
    assert image_channels(Tutorial(10, in_channels=1, image_size=(32, 32))) == 1
    assert image_channels(nn.Linear(2, 2)) is None
    assert Classifier(Own())(torch.rand(2, 1, 32, 32)).shape == (2, 4)


def test_vectors_have_no_weight_decay():
    matrices, vectors = parameter_groups(Compact(46, in_channels=1))
    assert all(parameter.ndim > 1 for parameter in matrices["params"])
    assert "weight_decay" not in matrices
    assert vectors["weight_decay"] == 0
    assert sum(p.numel() for group in (matrices, vectors) for p in group["params"]) == 172_270
