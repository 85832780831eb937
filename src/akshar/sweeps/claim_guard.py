"""Callback that stops the run of a trial which another process has taken over."""

import time
from typing import Any

from pytorch_lightning import Callback

from akshar.sweeps.claim import Claim

INTERVAL = 1.0  # seconds between looks at the file during training


class StopWhenTakenOver(Callback):
    """Stops a training, before anything more is written, once another process has taken its trial over.

    Args:
        claim: to the trial.
    """

    def __init__(self, claim: Claim):
        self._claim = claim
        self._checked = 0.0

    def on_train_batch_end(self, *_: Any, **__: Any) -> None:
        """Look at the file now and then."""
        if time.monotonic() - self._checked > INTERVAL:
            self._claim.check()
            self._checked = time.monotonic()

    def on_validation_end(self, *_: Any, **__: Any) -> None:
        """Look at the file before a checkpoint is written, and before the result is reported to the study."""
        self._claim.check()
