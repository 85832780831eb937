"""What a config says about parts of its network: `freeze` and `lr_factors`."""

import warnings
from collections.abc import Collection, Iterable

from torch import nn

from akshar.config.keys import did_you_mean
from akshar.config.schema import TrainConfig
from akshar.errors import UsageError
from akshar.models.parameters import count_parameters, freeze


def freeze_parts(net: nn.Module, config: TrainConfig) -> list[nn.Module]:
    """Exclude the parts that `freeze` names from training.

    Returns:
        Their modules, which must stay in eval mode.

    Raises:
        UsageError: `freeze` or `lr_factors` names what the network does not have, or nothing is left to train.
    """
    known = {name for name, _ in net.named_modules() if name} | {name for name, _ in net.named_parameters()}
    problems = [
        *_unknown("freeze", config.freeze, known, net),
        *_unknown("lr_factors", config.lr_factors or {}, known, net),
    ]
    if problems:
        raise UsageError(*problems)
    frozen = freeze(net, config.freeze)
    if frozen:
        warnings.filterwarnings("ignore", message="Found .* module.* in eval mode at the start of training")
    if config.freeze and not count_parameters(net, trained=True):
        raise UsageError(f"freeze=[{','.join(config.freeze)}]: leaves nothing of the network to train")
    return frozen


def _unknown(key: str, parts: Iterable[str], known: Collection[str], net: nn.Module) -> list[str]:
    outermost = ", ".join(name for name, _ in net.named_children())
    return [
        f"{key}: the network has no part {part}{did_you_mean(part, known)} (parts: {outermost})"
        for part in parts
        if part not in known
    ]
