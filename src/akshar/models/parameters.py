"""The parameters of a network: counted, frozen, and grouped for the optimizer.

A part of a network is named as in `nn.Module.named_modules` or `named_parameters`: "layer4", "layer4.0", "fc.bias".
"""

from collections.abc import Iterable, Mapping
from typing import Any

from torch import nn

LR_FACTOR = "lr_factor"  # key of a parameter group


def count_parameters(net: nn.Module, trained: bool = False) -> int:
    """Count all parameters of a network, or those that are trained."""
    return sum(parameter.numel() for parameter in net.parameters() if parameter.requires_grad or not trained)


def parameter_groups(net: nn.Module, lr_factors: Mapping[str, float] | None = None) -> list[dict[str, Any]]:
    """Group the parameters that are trained: matrices and kernels, and vectors, which get no weight decay.

    Args:
        net: the network.
        lr_factors: part -> factor of its learning rate; of nested parts the inner one counts. With them each factor
            has groups of its own, which hold it as `LR_FACTOR`; those of the factor 1 come first.
    """
    factors = lr_factors or {}
    by_factor: dict[float, list[nn.Parameter]] = {1.0: []}
    for name, parameter in net.named_parameters():
        if parameter.requires_grad:
            within = [part for part in factors if is_within(name, part)]
            by_factor.setdefault(factors[max(within, key=len)] if within else 1.0, []).append(parameter)
    groups = []
    for factor, learning in by_factor.items():
        marked = {LR_FACTOR: factor} if factors else {}
        groups += [
            {"params": [parameter for parameter in learning if parameter.ndim > 1], **marked},
            {"params": [parameter for parameter in learning if parameter.ndim <= 1], "weight_decay": 0.0, **marked},
        ]
    return [group for group in groups if group["params"]]


def freeze(net: nn.Module, parts: Iterable[str]) -> list[nn.Module]:
    """Exclude parts from training.

    Returns:
        Their modules, which must stay in eval mode: a norm layer would still adapt its running means.
    """
    parts = list(parts)
    for name, parameter in net.named_parameters():
        if any(is_within(name, part) for part in parts):
            parameter.requires_grad_(False)
    return [module for name, module in net.named_modules() if any(is_within(name, part) for part in parts)]


def is_within(name: str, part: str) -> bool:
    """Whether a module or parameter is a part, or inside it."""
    return name == part or name.startswith(f"{part}.")
