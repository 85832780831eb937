"""`akshar train repeat=RUN`: the same again, from the record alone, and whether its figures match."""

import json
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from akshar.errors import UsageError
from akshar.files import write_json
from akshar.runs.provenance import Record, other_circumstances
from akshar.runs.run_dir import RunDir
from akshar.training.resume import change

log = logging.getLogger(__name__)

# Where things lie here, and on what it runs: the rest is the record's.
ALLOWED = ("data.archive", "data.root", "data.cache_dir", "init_from", "trainer.accelerator", "traceback")
COMPARED = ("data", "model", "best", "test")
MEASURED_ONCE = ("checkpoint",)  # of these parts: what is no figure


class Result(BaseModel):
    """What of a `result.json` a repetition needs."""

    config: dict[str, Any]
    provenance: Record
    fit: dict[str, Any]
    data: dict[str, Any]
    model: dict[str, Any]
    best: dict[str, Any]
    test: dict[str, Any] | None


def read_result(named: str) -> dict[str, Any]:
    """The record of a finished run: `result.json`, or the folder that it lies in.

    Raises:
        UsageError: there is none, or not one of a finished run of this version.
    """
    path = Path(named).expanduser()
    path = path / "result.json" if path.is_dir() else path
    if not path.exists() and not path.parent.is_dir():
        raise UsageError(f"repeat={named}: no such run folder; `akshar runs` lists them")
    try:
        result = json.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise UsageError(f"repeat={named}: holds no result.json; only a completed run can be repeated") from error
    except ValueError as error:
        raise UsageError(f"repeat={named}: is no result.json of a run") from error
    try:
        Result.model_validate(result)
    except ValidationError as error:
        place = ".".join(map(str, error.errors()[0]["loc"])) or "content"
        raise UsageError(f"repeat={named}: is no result.json of a run of this version (its {place})") from error
    return result


def repeated_settings(result: dict[str, Any], overrides: Sequence[str]) -> dict[str, Any]:
    """The settings of a record, with what differs here.

    Raises:
        UsageError: an override that would make it another run.
    """
    return change(result["config"], overrides, ALLOWED, "a repeated run keeps its own config")


def compare(first: dict[str, Any], again: RunDir, named: str) -> bool:
    """Says whether the figures of a run and its repetition are the same, and writes it into the latter's result.

    Args:
        first: the record that was repeated.
        again: the folder of the repetition, completed.
        named: the first, as it was named.
    """
    result = json.loads(again.result.read_text(encoding="utf-8"))
    differences = {
        f"{part}.{key}": [value, (result[part] or {}).get(key)]
        for part in COMPARED
        for key, value in (first[part] or {}).items()
        if key not in MEASURED_ONCE and (result[part] or {}).get(key) != value
    }
    others = other_circumstances(first["provenance"])
    result["repeats"] = {"run": named, "matches": not differences, "differences": differences, "others": others}
    write_json(again.result, result)
    if not differences:
        log.info("repeats        %s: every figure is the same", named)
        return True
    log.warning("does not repeat %s:", named)
    for key, (before, now) in differences.items():
        log.warning("  %s was %s, is %s", key, before, now)
    log.warning("  what else differs: %s", "; ".join(others) or "nothing that is recorded")
    return False
