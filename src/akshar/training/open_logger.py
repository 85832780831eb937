"""Opens one logger of a run: builds it with what it takes of the run, and connects it, before training."""

import inspect
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from pkgutil import resolve_name

from filelock import FileLock
from pytorch_lightning.loggers import Logger

from akshar.config.build import build
from akshar.config.schema import Part
from akshar.errors import UsageError
from akshar.files import is_full, write_json
from akshar.models.classifier import Classifier
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import RunLogger
from akshar.training.logger_guard import reason
from akshar.training.setup import Setup
from akshar.untrusted import read_json

# Arguments that name a run, and that continue one: of MLflow's logger and of W&B's
NAMES = {"run_id": "run_name", "id": "name"}
SQLITE = "sqlite:///"
# A library's own settings, which a user may still set: nothing is sent but what is logged, and the terminal is ours
SETTINGS = {
    "MLFLOW_DISABLE_TELEMETRY": "true",
    "MLFLOW_LOGGING_LEVEL": "ERROR",  # it announces each table that it makes
    "WANDB_CONSOLE": "off",
    "WANDB_SILENT": "true",
    "WANDB_ERROR_REPORTING": "false",
}


def open_logger(name: str, part: Part, setup: Setup) -> tuple[Logger, bool]:
    """Build and connect a logger.

    Args:
        name: in the config.
        part: of the config.
        setup: the parts of the run.

    Returns:
        The logger, and whether what it logs to is new, not that of a run which is resumed.

    Raises:
        UsageError: it cannot be built or connected.
    """
    key = f"logger.{name}"
    for setting, value in SETTINGS.items():
        os.environ.setdefault(setting, value)
    for library in ("alembic", "pytorch_lightning.loggers.mlflow"):  # announce tables and experiments
        logging.getLogger(library).setLevel(logging.ERROR)
    done = setup.resumed_from.lightning["global_step"] if setup.resumed_from else 0
    module = setup.model.module
    offered: dict[str, object] = {
        "save_dir": str(setup.run_dir.path),
        "resumed_after": done if setup.left else None,
        "further_metrics": list(module.metrics.metrics) if isinstance(module, Classifier) else [],
    }
    ids = read_ids(setup.run_dir) if setup.left else {}
    try:
        taken = inspect.signature(resolve_name(part.target)).parameters
        id_key = next((argument for argument in NAMES if argument in taken), None)
        if id_key is not None:
            offered |= {NAMES[id_key]: setup.facts.name, id_key: ids.get(name)}
        open_arguments = taken.keys() - part.arguments.keys()
        passed = {argument: value for argument, value in offered.items() if argument in open_arguments}
        with _alone(part):
            logger = build(key, part, **passed)
            if not isinstance(logger, Logger):
                raise UsageError(f"{key}: must be a Logger of pytorch_lightning, not {type(logger).__name__}")
            if isinstance(logger, RunLogger):
                logger.begin()
            getattr(logger, "experiment", None)  # connects
        if id_key is not None and name not in ids:
            write_json(setup.run_dir.loggers, read_ids(setup.run_dir) | {name: str(logger.version)})
    except UsageError:
        raise
    except Exception as error:
        if is_full(error):
            raise
        raise UsageError(f"{key}: cannot be opened ({reason(error)})") from error
    return logger, name not in ids


@contextmanager
def _alone(part: Part) -> Iterator[None]:
    """Let one process at a time open a database in a file: two that make its tables would fail."""
    address = str(part.arguments.get("tracking_uri"))
    if not address.startswith(SQLITE):
        yield
        return
    file = Path(address.removeprefix(SQLITE))
    file.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(f"{file}.lock"):
        yield


def read_ids(run_dir: RunDir) -> dict[str, str]:
    """Read under which ids loggers know a run; empty where none is on record."""
    try:
        content = read_json(run_dir.loggers)
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in content.items()} if isinstance(content, dict) else {}
