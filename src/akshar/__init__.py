"""Akshar: a config-driven experiment framework, with reading handwritten Devanagari as its first project."""

from typing import TYPE_CHECKING, Any

import akshar.config.resolvers  # noqa: F401  (for configs that build on `pkg://akshar.conf`)

if TYPE_CHECKING:
    from akshar.reader.reader import Answer, Guess, Reader, load

__version__ = "0.2.0.dev0"
__all__ = ["Answer", "Guess", "Reader", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """Import the public API when it is first used, so that `akshar --help` stays fast."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from akshar.reader import reader

    return getattr(reader, name)
