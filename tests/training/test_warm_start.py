"""`init_from`: weights of another model, the last layer new where the classes differ."""

import pytest
import torch
from small_files import CLASSES, network, write_old_checkpoint, write_small_checkpoint
from torch import nn
from torchvision.models import resnet18

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


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_state_dict_is_a_start_whose_last_layer_is_new_where_its_shape_differs(wrapped, tmp_path):
    source = network(seed=4)
    weights = {name: value for name, value in source.state_dict().items() if "num_batches" not in name}
    path = tmp_path / "weights.pth"  # of an early version of torch, without counters
    torch.save({"state_dict": weights} if wrapped else weights, path)
    net = network(seed=5)
    assert load_initial_weights(net, str(path), tuple("xyz")[: len(CLASSES)]) == []
    assert torch.equal(net.classifier.weight, source.classifier.weight)
    other = Compact(len(CLASSES) + 2, 1, [4], [0])
    assert load_initial_weights(other, str(path), CLASSES) == ["classifier.weight", "classifier.bias"]
    assert torch.equal(next(other.features.parameters()), next(source.features.parameters()))


def test_torchvision_s_weights_by_name_are_read_from_its_folder_and_never_loaded_from_elsewhere(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(torch.hub, "get_dir", lambda: str(tmp_path))
    net = resnet18(num_classes=3)
    name = "ResNet18_Weights.IMAGENET1K_V1"
    path = tmp_path / "checkpoints" / "resnet18-f37072fd.pth"
    with pytest.raises(UsageError, match=rf"^init_from={name}: not on this machine; .* save it as {path}$"):
        load_initial_weights(net, name, CLASSES)
    with pytest.raises(
        UsageError, match=r"^init_from=ResNet18_Weights.BEST: torchvision has no weights of that name"
    ):
        load_initial_weights(net, "ResNet18_Weights.BEST", CLASSES)
    path.parent.mkdir()
    source = resnet18()
    torch.save(source.state_dict(), path)
    assert load_initial_weights(net, name, CLASSES) == ["fc.weight", "fc.bias"]
    assert torch.equal(net.conv1.weight, source.conv1.weight)


def test_what_is_no_model_is_refused_by_the_key(tmp_path):
    with pytest.raises(UsageError, match=r"^init_from=nowhere: nowhere: no such checkpoint"):
        init_digest("nowhere")
    with pytest.raises(UsageError, match=r"^init_from=x.pth: x.pth: no such file"):
        init_digest("x.pth")
    (tmp_path / "x.pth").write_bytes(b"no weights")
    with pytest.raises(UsageError, match=r"x.pth: not a checkpoint of plain data"):
        init_digest(str(tmp_path / "x.pth"))
    torch.save([1, 2], tmp_path / "x.pth")
    with pytest.raises(UsageError, match=r"x.pth: not a state_dict, a mapping of names to tensors"):
        init_digest(str(tmp_path / "x.pth"))
