"""Logging where Hydra has not set it up: for runs that are taken up, and jobs that belong in another folder."""

import logging.config

from omegaconf import OmegaConf

from akshar.conf_folder import config_folder
from akshar.runs.record import RunFolder


def log_to(folder: RunFolder) -> None:
    """Lines for a person on the terminal, dated lines in the run's own `run.log`, as Hydra does for a fresh run."""
    config = OmegaConf.load(config_folder() / "hydra" / "job_logging" / "akshar.yaml")
    OmegaConf.update(config, "handlers.file.filename", str(folder.log))
    content = OmegaConf.to_container(config)
    assert isinstance(content, dict)
    logging.config.dictConfig({str(key): value for key, value in content.items()})
