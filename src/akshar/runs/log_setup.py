"""Logging where Hydra has not set it up: for runs that are taken up, and jobs that belong in another folder."""

import logging.config

from omegaconf import OmegaConf

from akshar.config.conf_dir import conf_dir
from akshar.runs.run_dir import RunDir


def log_to(folder: RunDir) -> None:
    """Lines for a person on the terminal, dated lines in the run's own `run.log`, as Hydra does for a fresh run."""
    config = OmegaConf.load(conf_dir() / "hydra" / "job_logging" / "akshar.yaml")
    OmegaConf.update(config, "handlers.file.filename", str(folder.log))
    content = OmegaConf.to_container(config)
    assert isinstance(content, dict)
    logging.config.dictConfig({str(key): value for key, value in content.items()})
