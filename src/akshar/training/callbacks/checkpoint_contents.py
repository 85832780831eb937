"""Adds to every checkpoint what it takes to use its network without anything else."""

from typing import Any

import yaml
from pytorch_lightning import Callback, LightningModule, Trainer

from akshar.runs.checkpoint import FORMAT, KEY, NETWORK, Contents
from akshar.training.setup import Setup


class CheckpointContents(Callback):
    """Adds `Contents` to every checkpoint.

    Args:
        setup: of the run.
    """

    def __init__(self, setup: Setup):
        data = setup.summary
        self.contents = Contents(
            format=FORMAT,
            network=setup.model.part.to_record(),
            prefix="" if setup.model.is_own else NETWORK,
            classes=list(data.classes) or None,
            input_spec=data.input_spec.to_record() if data.input_spec and setup.reads_pictures else None,
            card=data.card.to_record(),
            temperature=None,
            config=yaml.safe_dump(setup.config.to_record(), sort_keys=False, allow_unicode=True),
        )

    def on_save_checkpoint(self, trainer: Trainer, pl_module: LightningModule, checkpoint: dict[str, Any]) -> None:
        """Add the contents."""
        checkpoint[KEY] = self.contents.model_dump()
