"""Builds a part of the config: its target, called with its arguments."""

from typing import Any

from hydra.errors import InstantiationException
from hydra.utils import instantiate

from akshar.config.schema import Part
from akshar.credentials import restore
from akshar.errors import AksharError, UsageError


def build(path: str, part: Part, *passed: object, **named: object) -> Any:
    """Call a part's target.

    Args:
        path: of the part in the config, for the error message.
        part: target and arguments, which may hold further parts.
        *passed: arguments passed by position.
        **named: arguments passed by name.

    Raises:
        UsageError: the target refuses the arguments; the message names the part and the target's reason.
    """
    try:
        return instantiate({"_target_": part.target, **restore(part.arguments)}, *passed, _convert_="all", **named)
    except InstantiationException as error:
        if isinstance(error.__cause__, UsageError):
            raise error.__cause__ from error
        cause = error.__cause__ or error
        explains = isinstance(cause, AksharError | ValueError)  # other errors rarely say what is wrong with a value
        kind = "" if explains else f"{part.target} raised {type(cause).__name__}: "
        raise UsageError(f"{path}: {kind}{' '.join(str(cause).split())}") from error
