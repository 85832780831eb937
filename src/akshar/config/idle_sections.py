"""Sections of a config without effect beside a LightningModule or LightningDataModule of one's own."""

from collections.abc import Iterable

from akshar.config.lightning_targets import is_data_module, is_lightning_module, overrides
from akshar.config.schema import TrainConfig

STEPS = ("loss", "metrics")  # what akshar's own steps read
PARTS = ("freeze", "lr_factors")
OPTIMIZERS = ("optimizer", "scheduler")


def idle_sections(config: TrainConfig) -> dict[str, str]:
    """Find the sections that have no effect: their names, separated by commas -> the reason."""
    idle = {}
    if is_data_module(config.data.target):
        idle["augment"] = f"{_name(config.data.target)} makes its own batches"
    if is_lightning_module(config.model.target):
        name = _name(config.model.target)
        idle[", ".join(STEPS)] = f"{name} has its own steps"
        if config.freeze or config.lr_factors:
            idle[", ".join(PARTS)] = f"{name} chooses itself what it trains"
        if overrides(config.model.target, "configure_optimizers"):
            idle[", ".join(OPTIMIZERS)] = f"{name} has its own configure_optimizers"
    return idle


def idle_key_problems(config: TrainConfig, keys: Iterable[str]) -> list[str]:
    """Refuse keys that were given on the command line and have no effect; one line for each."""
    reasons = {
        section: reason for sections, reason in idle_sections(config).items() for section in sections.split(", ")
    }
    return [
        f"{key}: has no effect, because {reasons[section]}; leave it out"
        for key in keys
        if (section := key.partition(".")[0]) in reasons
    ]


def _name(target: str) -> str:
    return target.rpartition(".")[2]
