"""Akshar: a config-driven experiment framework for reading handwritten Devanagari."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from akshar.reader.reader import Answer, Guess, Reader, load

__version__ = "0.1.0"
__all__ = ["Answer", "Guess", "Reader", "__version__", "load"]


def __getattr__(name: str) -> Any:
    """The public API, imported when it is first used: `akshar --help` waits for nothing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from akshar.reader import reader

    return getattr(reader, name)
