"""A run: its folder, its checkpoints, its result, what is written while it trains; called, a table of runs."""

import sys
from pathlib import Path
from types import ModuleType
from typing import Any


class _Runs(ModuleType):
    """This package, which is also the function `akshar.runs(FOLDER)`: an import of it would hide any other one."""

    def __call__(self, root: str | Path = "outputs") -> Any:
        """Return the table of the runs below a folder; see `akshar.runs.index.runs_table`."""
        from akshar.runs.index import runs_table  # imports pydantic

        return runs_table(root)


sys.modules[__name__].__class__ = _Runs
