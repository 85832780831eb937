"""Sets up logging where Hydra has not: for resumed runs, and for jobs that belong in another folder."""

import logging.config

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
