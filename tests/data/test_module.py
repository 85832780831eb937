"""The data module: what is augmented, what is not, and that every image comes once."""

import pytest
import torch
from conftest import make_data, make_images
from pytorch_lightning import Trainer

from akshar.data.augment import Augment
from akshar.data.image_set import to_unit
from akshar.data.module import ImageDataModule
from akshar.errors import UsageError
from akshar.models.classifier import Classifier


def collect(batches):
    return [(batch.images, batch.labels, batch.seed) for batch in batches]


@pytest.fixture
def data():
    return ImageDataModule(make_data(make_images(30), make_images(5, seed=9)), Augment(rotation=30), batch_size=16)


def test_an_epoch_has_every_training_image_once_in_an_order_of_its_own(data):
    loader = data.train_dataloader()
    epochs = []
    for epoch in (0, 1, 0):
        loader.set_epoch(epoch)
        epochs.append(torch.cat([images for images, _, _ in collect(loader)]))
    assert len(loader) == -(-len(data.split.train) // 16)
    expected = data.train.pixels[data.split.train]
    for pixels in epochs:
        assert sorted(p.sum().item() for p in pixels) == sorted(p.sum().item() for p in expected)
    assert torch.equal(epochs[0], epochs[2])
    assert not torch.equal(epochs[0], epochs[1])


def test_batches_carry_uint8_and_seeds_that_never_repeat(data):
    loader, seeds = data.train_dataloader(), []
    for epoch in range(3):
        loader.set_epoch(epoch)
        batches = collect(loader)
        assert all(images.dtype is torch.uint8 for images, _, _ in batches)
        seeds += [seed for _, _, seed in batches]
    assert len(set(seeds)) == len(seeds)


def test_validation_is_the_same_twice_and_never_augmented(data):
    first, second = ([data.prepare(b, augmented=False).images for b in data.val_dataloader()] for _ in range(2))
    for one, two in zip(first, second, strict=True):
        assert torch.equal(one, two)
    expected = to_unit(data.train.pixels[data.split.val]) * 2 - 1
    assert torch.equal(torch.cat(first), expected)


def test_training_images_are_augmented_and_no_two_alike(data):
    batch = next(iter(data.train_dataloader()))
    same = batch._replace(images=batch.images[:1].expand_as(batch.images))
    prepared = data.prepare(same, augmented=True).images
    assert (prepared[0] - prepared[1]).abs().max() > 0.1
    assert torch.equal(prepared, data.prepare(same, augmented=True).images)  # a batch's seed makes it again
    assert prepared.min() >= -1
    assert prepared.max() <= 1


def test_the_test_loader_gives_each_image_once_in_order(data):
    pixels = torch.cat([images for images, _, _ in collect(data.test_dataloader())])
    assert torch.equal(pixels, data.test.pixels)


def test_missing_parts_and_too_large_batches_are_refused():
    only_test = ImageDataModule(make_data(test=make_images(5)), batch_size=16)
    with pytest.raises(UsageError, match="no training images"):
        only_test.train_dataloader()
    with pytest.raises(UsageError, match="no test images"):
        ImageDataModule(make_data(make_images(30)), batch_size=16).test_dataloader()
    with pytest.raises(UsageError, match=r"data\.batch_size=1000: more than the 108"):
        ImageDataModule(make_data(make_images(30)), batch_size=1000)


def test_in_a_real_fit_training_is_augmented_and_validation_and_test_are_not():
    """Seen from inside the network: what Lightning hands it in each stage."""

    class Seeing(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.linear = torch.nn.Linear(1024, 4)
            self.seen: dict[bool, list[torch.Tensor]] = {True: [], False: []}

        def forward(self, images):
            self.seen[self.training].append(images.detach().clone())
            return self.linear(images.flatten(1))

    data = ImageDataModule(make_data(make_images(30), make_images(5, seed=9)), Augment(noise=0.5), batch_size=16)
    classifier = Classifier(Seeing(), optimizer=lambda groups: torch.optim.SGD(groups, lr=0.1))
    quiet = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    trainer = Trainer(max_epochs=1, accelerator="cpu", num_sanity_val_steps=0, enable_model_summary=False, **quiet)
    trainer.fit(classifier, datamodule=data)
    trainer.test(classifier, datamodule=data, verbose=False)
    held_out, tested = classifier.net.seen[False]
    assert torch.equal(held_out, to_unit(data.train.pixels[data.split.val]) * 2 - 1)
    assert torch.equal(tested, to_unit(data.test.pixels) * 2 - 1)
    trained = torch.cat(classifier.net.seen[True]).flatten(1)
    plain = (to_unit(data.train.pixels[data.split.train]) * 2 - 1).flatten(1)
    assert torch.cdist(trained, plain).min() > 0  # none is as it was
