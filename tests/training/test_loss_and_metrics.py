"""The loss of a config: its class weights, and what is refused before training."""

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from akshar.config.schema import LossConfig
from akshar.errors import UsageError
from akshar.models.focal_loss import FocalLoss
from akshar.training.loss_and_metrics import build_loss

COUNTS = torch.tensor([6, 3, 0])
LOGITS = torch.randn(9, 3, generator=torch.Generator().manual_seed(0))
LABELS = torch.arange(9) % 3


def loss(target, **arguments):
    return build_loss(LossConfig.model_validate({"_target_": target, **arguments}), COUNTS)


@pytest.mark.parametrize("target", ["torch.nn.CrossEntropyLoss", "torch.nn.MultiMarginLoss", "torch.nn.NLLLoss"])
def test_torch_s_losses_take_weights(target):
    weighted = loss(target, weight=[1.0, 2.0, 0.0])
    assert torch.equal(weighted.get_buffer("weight"), torch.tensor([1.0, 2.0, 0.0]))
    assert loss(target)(LOGITS, LABELS) != weighted(LOGITS, LABELS)


def test_balanced_weights_make_every_class_count_the_same():
    weight = loss("torch.nn.CrossEntropyLoss", weight="balanced").get_buffer("weight")
    assert torch.allclose(weight[:2] * COUNTS[:2], torch.tensor(3.0))  # 9 images in 3 classes
    assert weight[2].isfinite()


@pytest.mark.parametrize("weight", [None, [1.0, 2.0, 0.5]])
def test_the_focal_loss_without_focus_is_cross_entropy(weight):
    tensor = None if weight is None else torch.tensor(weight)
    focal = loss("akshar.models.focal_loss.FocalLoss", gamma=0.0, weight=weight)
    assert torch.allclose(focal(LOGITS, LABELS), F.cross_entropy(LOGITS, LABELS, tensor))


def test_the_focal_loss_is_lin_s():
    p = LOGITS.softmax(1)[torch.arange(9), LABELS]
    assert torch.allclose(FocalLoss(gamma=2.0)(LOGITS, LABELS), (-((1 - p) ** 2) * p.log()).mean())
    sure = torch.tensor([[200.0, 0.0, 0.0]], requires_grad=True)
    FocalLoss(gamma=0.5)(sure, torch.tensor([0])).backward()
    assert sure.grad is not None
    assert sure.grad.isfinite().all()


@pytest.mark.parametrize(
    ("target", "arguments", "message"),
    [
        ("torch.nn.MSELoss", {}, r"^loss: MSELoss does not take logits of shape \(4, 3\) and one class index"),
        ("torch.nn.BCEWithLogitsLoss", {}, r"^loss: BCEWithLogitsLoss does not take logits"),
        ("torch.nn.CrossEntropyLoss", {"reduction": "none"}, r"returns a tensor of shape \(4,\) of logits"),
        (
            "torch.nn.CrossEntropyLoss",
            {"weight": [1.0]},
            r"^loss.weight: has 1 numbers; must have 3, one per class",
        ),
        ("collections.OrderedDict", {}, r"^loss: must be an nn.Module, not OrderedDict"),
        ("torch.nn.Identity", {}, r"^loss: Identity does not take logits"),
    ],
)
@pytest.mark.filterwarnings("ignore:Using a target size")
def test_a_loss_that_does_not_fit_is_refused(target, arguments, message):
    with pytest.raises(UsageError, match=message):
        loss(target, **arguments)


def test_a_loss_of_one_s_own_gets_the_number_of_classes(monkeypatch, tmp_path):
    (tmp_path / "own_loss.py").write_text(
        "import torch\n"
        "class Own(torch.nn.Module):\n"
        "    def __init__(self, num_classes):\n"
        "        super().__init__()\n"
        "        self.centres = torch.nn.Parameter(torch.zeros(num_classes, num_classes))\n"
        "    def forward(self, logits, labels):\n"
        "        return (logits - self.centres[labels]).square().mean()\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    built = loss("own_loss.Own")
    assert isinstance(built, nn.Module)
    assert built.get_parameter("centres").shape == (3, 3)
