"""The LightningModule: loss, sums of an epoch, steps of a fit, what a checkpoint keeps of it."""

from types import SimpleNamespace

import pytest
import torch
import torch.nn.functional as F
from torch import nn

from akshar.data.batch import Batch
from akshar.models.classifier import Classifier, total_steps

BATCH = Batch(torch.randn(6, 1, 2, 2), torch.tensor([0, 1, 2, 0, 1, 2]), 0)


def classifier(**arguments):
    torch.manual_seed(0)
    return Classifier(nn.Sequential(nn.Flatten(), nn.Linear(4, 3)), **arguments)


@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_loss_is_the_given_one_or_cross_entropy(smoothing):
    loss = nn.CrossEntropyLoss(label_smoothing=smoothing) if smoothing else None
    module = classifier(loss=loss)
    expected = F.cross_entropy(module.net(BATCH.images), BATCH.labels, label_smoothing=smoothing)
    assert torch.equal(module.training_step(BATCH, 0), expected)


def test_a_loss_with_parameters_is_trained():
    class Scaled(nn.Module):
        def __init__(self):
            super().__init__()
            self.scale = nn.Parameter(torch.ones(3))

        def forward(self, logits, labels):
            return F.cross_entropy(logits * self.scale, labels)

    module = classifier(loss=Scaled())
    assert [len(group["params"]) for group in module.parameter_groups()] == [1, 1, 1]
    module.training_step(BATCH, 0).backward()
    assert module.loss.scale.grad is not None


def test_a_resume_within_an_epoch_continues_its_sums():
    whole, first, second = classifier(), classifier(), classifier()
    for module in (whole, first):
        module.training_step(BATCH, 0)
    checkpoint = {}
    first.on_save_checkpoint(checkpoint)
    second.on_load_checkpoint(checkpoint)
    for module in (whole, second):
        module.training_step(BATCH, 1)
    assert whole._totals() == second._totals()
    assert whole._totals()[2] == 12


@pytest.mark.parametrize(
    ("batches", "limit", "accumulate", "max_steps", "steps"),
    [
        (10, 1.0, 1, -1, 30),
        (10, 0.55, 1, -1, 15),
        (10, 4, 1, -1, 12),
        (10, 99, 1, -1, 30),
        (10, 1.0, 3, -1, 12),
        (10, 1.0, 20, -1, 3),
        (10, 1.0, 1, 17, 17),
        (10, 1.0, 1, 99, 30),
    ],
)
def test_the_steps_of_a_fit_are_counted(batches, limit, accumulate, max_steps, steps):
    trainer = SimpleNamespace(
        datamodule=SimpleNamespace(train_dataloader=lambda: range(batches)),
        limit_train_batches=limit,
        world_size=1,
        accumulate_grad_batches=accumulate,
        max_epochs=3,
        max_steps=max_steps,
    )
    assert total_steps(trainer) == steps  # pyright: ignore[reportArgumentType]


def test_images_take_the_dtype_of_the_weights():
    assert classifier().double()(BATCH.images).dtype == torch.float64
