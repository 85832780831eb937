"""Akshar: a config-driven experiment framework, with reading handwritten Devanagari as its first project."""

from contextlib import suppress
from importlib import import_module
from typing import TYPE_CHECKING, Any

with suppress(ModuleNotFoundError):  # exported files are read where neither torch nor Hydra is installed
    import akshar.config.resolvers  # noqa: F401  (for configs that build on `pkg://akshar.conf`)

if TYPE_CHECKING:
    from akshar.api import compare, compose, load_data, read_result, sweep, train
    from akshar.reader.reader import Answer, Guess, Reader, load
    from akshar.runs.index import runs_table as runs

__version__ = "0.2.0.dev0"
__all__ = [
    "Answer",
    "Guess",
    "Reader",
    "__version__",
    "compare",
    "compose",
    "load",
    "load_data",
    "read_result",
    "runs",
    "sweep",
    "train",
]

_READER = ("Answer", "Guess", "Reader", "load")


def __getattr__(name: str) -> Any:
    """Import the public API when it is first used, so that `akshar --help` stays fast."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    if name == "runs":
        return import_module("akshar.runs")  # a package that can be called
    return getattr(import_module("akshar.reader.reader" if name in _READER else "akshar.api"), name)
