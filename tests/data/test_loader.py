"""The loader: orders and seeds follow from seed and epoch; a position is restored; processes share batches."""

import pytest
import torch
from conftest import make_images

from akshar import distributed
from akshar.data.loader import InMemoryLoader

IMAGES = make_images(25, classes=2)
INDICES = torch.arange(0, 50, 2)


def loader(shuffle_seed: int | None = 3, batch_size: int = 4) -> InMemoryLoader:
    return InMemoryLoader(IMAGES, INDICES, batch_size, shuffle_seed)


def pixels(batches):
    return torch.cat([batch.images for batch in batches])


def test_without_a_seed_the_order_is_kept():
    batches = [*loader(None)]
    assert torch.equal(pixels(batches), IMAGES.pixels[INDICES])
    assert [batch.seed for batch in batches] == [0] * 7
    assert len(loader(None)) == 7


def test_an_epoch_s_order_follows_from_seed_and_epoch():
    def order(seed, epoch):
        made = loader(seed)
        made.set_epoch(epoch)
        return made.order().tolist()

    assert order(3, 0) == order(3, 0)
    assert sorted(order(3, 1)) == INDICES.tolist()
    assert len({tuple(order(seed, epoch)) for seed in (3, 4) for epoch in (0, 1)}) == 4
    assert loader().sampler.order().tolist() == order(3, 0)


def test_a_restored_position_continues_its_epoch_alone():
    whole, resumed = loader(), loader()
    whole.set_epoch(5)
    batches = iter(whole)
    next(batches), next(batches)
    state = whole.state_dict()
    assert state == {"epoch": 5, "given": 2}
    resumed.load_state_dict(state)
    resumed.set_epoch(5)
    assert torch.equal(pixels(resumed), pixels(batches))
    resumed.set_epoch(6)
    assert len([*resumed]) == 7


@pytest.mark.parametrize("size", [2, 3, 4])
def test_processes_share_every_batch_alike(size, monkeypatch):
    monkeypatch.setattr(distributed, "world_size", lambda: size)
    whole, shares, seeds = loader().order(), [], set()
    for rank in range(size):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        shares.append([*loader()])
        seeds |= {batch.seed for batch in shares[-1]}
        assert len(shares[-1]) == len(loader())
    assert len({tuple(len(batch.labels) for batch in share) for share in shares}) == 1
    first = torch.stack([share[0].images for share in shares], 1).flatten(0, 1)
    assert torch.equal(first, IMAGES.pixels[whole[: 4 // size * size]])
    assert len(seeds) == sum(map(len, shares))  # no two processes augment alike


def test_processes_share_the_validation_images(monkeypatch):
    monkeypatch.setattr(distributed, "world_size", lambda: 2)
    parts = []
    for rank in range(2):
        monkeypatch.setattr(distributed, "rank", lambda rank=rank: rank)
        parts.append(pixels(loader(None)))
        assert len([*loader(None)]) == len(loader(None))
    assert sum(map(len, parts)) == len(INDICES)
    assert torch.equal(parts[1], IMAGES.pixels[INDICES[1::2]])
