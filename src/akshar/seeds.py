"""Random generators derived from a name for their purpose, so that each can be reproduced separately."""

import hashlib

import torch


def derive_seed(*keys: int | str) -> int:
    """Derive a seed in [0, 2**63) from keys, e.g. `derive_seed(7, "augment", epoch)`.

    Similar keys give unrelated seeds, and drawing numbers for one purpose does not affect another.
    """
    text = "/".join(str(key) for key in keys)
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "little") >> 1


def generator(*keys: int | str) -> torch.Generator:
    """Make a torch generator, seeded with `derive_seed(*keys)`."""
    return torch.Generator().manual_seed(derive_seed(*keys))
