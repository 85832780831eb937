"""Sets up logging where Hydra has not: for resumed runs, and for jobs that belong in another folder."""

import logging.config
from collections.abc import Iterator
from contextlib import contextmanager

from omegaconf import OmegaConf

from akshar.config.conf_dir import conf_dir
from akshar.runs.run_dir import RunDir


def log_to(run_dir: RunDir) -> None:
    """Log to the terminal and to the run's `run.log`, as Hydra does for a new run."""
    config = OmegaConf.load(conf_dir() / "hydra" / "job_logging" / "akshar.yaml")
    OmegaConf.update(config, "handlers.file.filename", str(run_dir.log))
    content = OmegaConf.to_container(config)
    assert isinstance(content, dict)
    logging.config.dictConfig({str(key): value for key, value in content.items()})


@contextmanager
def logging_restored() -> Iterator[None]:
    """Restore handlers and levels after the `with` block, inside which akshar's own take their place."""
    root = logging.getLogger()
    handlers = [*root.handlers]
    loggers = [root, *(found for found in root.manager.loggerDict.values() if isinstance(found, logging.Logger))]
    levels = [(logger, logger.level) for logger in loggers]
    registered = [*logging._handlerList]  # pyright: ignore[reportAttributeAccessIssue]
    logging._handlerList.clear()  # pyright: ignore[reportAttributeAccessIssue]  (dictConfig closes those)
    try:
        yield
    finally:
        for handler in [*root.handlers]:
            if handler not in handlers:
                handler.close()
        root.handlers[:] = handlers
        logging._handlerList[:] = registered  # pyright: ignore[reportAttributeAccessIssue]
        for logger, level in levels:
            logger.setLevel(level)
