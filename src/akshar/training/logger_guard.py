"""What happens when a logger fails: it ends, and the run goes on."""

import logging
from collections.abc import Callable
from functools import wraps

from pytorch_lightning.loggers import Logger

from akshar.credentials import mask
from akshar.files import is_full

log = logging.getLogger(__name__)

CALLED_BY_LIGHTNING = ("log_metrics", "log_hyperparams", "save", "finalize")


class Guard:
    """Ends the logging of one logger at its first failure, with one line, in place of the run.

    A full disk still ends the run, whose own files could not be written either.

    Args:
        key: of the logger in the config.
    """

    def __init__(self, key: str):
        self.key = key
        self.failed = False

    def __call__(self, function: Callable[..., object]) -> Callable[..., None]:
        """Wrap a function that logs."""

        @wraps(function)
        def guarded(*arguments: object, **named: object) -> None:
            if self.failed:
                return
            try:
                function(*arguments, **named)
            except Exception as error:
                if is_full(error):
                    raise
                self.failed = True
                log.warning("%s: failed, and logs no more of this run (%s)", self.key, reason(error))

        return guarded

    def watch(self, logger: Logger) -> Logger:
        """Guard the methods that Lightning calls."""
        for name in CALLED_BY_LIGHTNING:
            setattr(logger, name, self(getattr(logger, name)))
        return logger


def reason(error: BaseException) -> str:
    """Describe a failure in one line, without credentials."""
    text = mask(" ".join(str(error).split()))
    return f"{type(error).__name__}: {text[:300]}"
