"""Random generators named by what they are for, so that every draw can be repeated on its own."""

import hashlib

import torch


def derive_seed(*keys: int | str) -> int:
    """A seed in [0, 2**63) for a purpose, e.g. `derive_seed(7, "augment", epoch)`.

    Nearby keys give unrelated seeds, and no purpose uses up another one's random numbers.
    """
    text = "/".join(str(key) for key in keys)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(*keys: int | str, device: torch.device | str = "cpu") -> torch.Generator:
    """A torch generator on `device`, seeded by `derive_seed(*keys)`."""
    return torch.Generator(device).manual_seed(derive_seed(*keys))
