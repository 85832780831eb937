"""`akshar train repeat=RUN`: the same run again from its record, and whether its metrics match."""

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from akshar.config.places import PLACES
from akshar.config.schema import TrainConfig
from akshar.config.trusted import check_config
from akshar.config.validate import validate
from akshar.errors import UsageError
from akshar.runs.provenance import changes_since
from akshar.runs.result import RepeatResult, Result, read_result, read_result_file
from akshar.runs.run_dir import RunDir
from akshar.training.resume import change, composed_loggers, split_loggers

log = logging.getLogger(__name__)

# Keys that may differ: paths on this machine, and the device.
ALLOWED = (*PLACES, "trainer.accelerator", "logger", "traceback")
COMPARED = ("data", "model", "best", "metrics", "test")


def read_record(named: str) -> Result:
    """Read the result of a completed training, by its `result.json` or its folder.

    Raises:
        UsageError: there is none; the message says what to do.
    """
    path = Path(named).expanduser()
    if not path.exists():
        raise UsageError(f"repeat={named}: no such run folder; `akshar runs` lists them")
    try:
        result = read_result(RunDir(path)) if path.is_dir() else read_result_file(path)
    except UsageError as error:
        raise UsageError(f"repeat={named}: only a completed run can be repeated ({error})") from error
    if result.fit is None:
        raise UsageError(f"repeat={named}: the result of a test; only a training can be repeated")
    return result


def repeated_config(
    first: Result, overrides: Sequence[str], named: str = "repeat", trust: Sequence[str] = ()
) -> TrainConfig:
    """Return the config of a record, with what differs here.

    Args:
        first: the record.
        overrides: of `ALLOWED` keys.
        named: the run, for messages.
        trust: packages whose parts the config may name.

    Raises:
        UsageError: an override would make it another run, or its config names what is not trusted.
    """
    loggers, overrides = split_loggers(overrides)
    check_config(named, first.config | {"logger": {}} if loggers else first.config, trust)
    record = first.config | composed_loggers(loggers)
    return validate(change(record, overrides, ALLOWED, "a repeated run keeps its config"), TrainConfig)


def compare(first: Result, again: RunDir, named: str) -> bool:
    """Compare a repetition with the run that it repeats; log the outcome and add it to the repetition's result.

    Args:
        first: the record that was repeated.
        again: folder of the repetition, completed.
        named: the first run, as it was named.
    """
    result = read_result(again)
    before, now = _compared(first), _compared(result)
    differences = {key: (value, now.get(key)) for key, value in before.items() if now.get(key) != value}
    others = changes_since(first.provenance)
    result.repeats = RepeatResult(run=named, matches=not differences, differences=differences, others=others)
    result.write(again.result)
    if not differences:
        log.info("repeats        %s: every metric is the same", named)
        return True
    log.warning("does not repeat %s:", named)
    for key, (value, repeated) in differences.items():
        log.warning("  %s was %s, is %s", key, value, repeated)
    log.warning("  what else differs: %s", "; ".join(others) or "nothing that is recorded")
    return False


def _compared(result: Result) -> dict[str, Any]:
    """Flatten the metrics of a result to dotted keys."""
    content = result.model_dump(mode="json")
    parts = {part: content[part] or {} for part in COMPARED}
    return {
        f"{part}.{key}": value
        for part, values in parts.items()
        for key, value in values.items()
        if key != "checkpoint"
    }
