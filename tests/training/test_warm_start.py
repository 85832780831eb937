"""`init_from`: weights of another model, the last layer new where the classes differ."""

import pytest
import torch
from small_files import CLASSES, network, write_old_checkpoint, write_small_checkpoint
from torch import nn

from akshar.errors import UsageError
from akshar.models.compact import Compact
from akshar.runs.checkpoint import weights_digest
from akshar.training.warm_start import init_digest, load_initial_weights


@pytest.mark.parametrize("write", [write_small_checkpoint, write_old_checkpoint])
def test_all_weights_are_loaded_where_the_classes_are_the_same(write, tmp_path):
    source, net = network(seed=4), network(seed=5)
    path = str(write(tmp_path / "x.ckpt", source))
    assert load_initial_weights(net, path, CLASSES) == []
    assert weights_digest(net.state_dict()) == weights_digest(source.state_dict()) == init_digest(path)


@pytest.mark.parametrize("classes", [("a", "b", "c"), tuple("abcde")])
def test_the_last_layer_stays_new_where_the_classes_differ(classes, tmp_path):
    source, net = network(seed=4), Compact(len(classes), 1, [4], [0])
    before = net.classifier.weight.detach().clone()
    new = load_initial_weights(net, str(write_small_checkpoint(tmp_path / "x.ckpt", source)), classes)
    assert new == ["classifier.weight", "classifier.bias"]
    assert torch.equal(net.classifier.weight, before)
    for name, value in source.features.state_dict().items():
        assert torch.equal(net.features.state_dict()[name], value)


@pytest.mark.parametrize("net", [Compact(3, 1, [8], [0]), nn.Linear(4, 3)])
def test_another_network_is_refused(net, tmp_path):
    path = str(write_small_checkpoint(tmp_path / "x.ckpt"))
    with pytest.raises(UsageError, match=r"init_from=.*x.ckpt: its network differs from this one \(in .*; choose"):
        load_initial_weights(net, path, CLASSES)


def test_what_is_no_model_is_refused_by_the_key(tmp_path):
    with pytest.raises(UsageError, match=r"^init_from=nowhere: nowhere: no such checkpoint"):
        init_digest("nowhere")
