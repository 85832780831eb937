"""The loggers of a run: opened, given what Lightning does not log, and closed."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from PIL import Image
from pytorch_lightning.loggers import Logger, MLFlowLogger, WandbLogger

from akshar.config.keys import flatten
from akshar.runs.result import Result
from akshar.runs.tensorboard import RunLogger
from akshar.training.logger_guard import Guard
from akshar.training.open_logger import open_logger
from akshar.training.setup import Setup


class Loggers:
    """The loggers of a run; `open_loggers` opens and closes them.

    Attributes:
        active: name in the config -> logger, for Lightning's Trainer.
    """

    def __init__(self) -> None:
        self.active: dict[str, Logger] = {}
        self._guards: dict[str, Guard] = {}

    def open(self, setup: Setup) -> None:
        """Open those of the config, and log the hyperparameters of a new run.

        Raises:
            UsageError: one cannot be opened.
        """
        for name, part in setup.config.logger.items():
            if part is not None:
                logger, is_new = open_logger(name, part, setup)
                self._guards[name] = Guard(f"logger.{name}")
                self.active[name] = self._guards[name].watch(logger)
                if is_new and not isinstance(logger, RunLogger):  # whose HPARAMS page is filled at the end
                    logger.log_hyperparams(flatten(setup.config.to_record()) | {"run_folder": str(setup.run_dir)})

    @property
    def has_event_files(self) -> bool:
        """Whether TensorBoard can show the run's folder."""
        return any(isinstance(logger, RunLogger) for logger in self.active.values())

    def after_fit(self) -> None:
        """Begin the event file of what follows training, which a longer training replaces."""
        for name, logger in self.active.items():
            if isinstance(logger, RunLogger):
                logger.finalize("success")
                self.active[name] = self._guards[name].watch(RunLogger.after_fit(Path(logger.save_dir)))

    def log_picture(self, name: str, picture: Image.Image, step: int) -> None:
        """Show a picture where the logger can; it is in `figures/` too.

        Args:
            name: of the picture.
            picture: RGB.
            step: optimizer steps done.
        """
        self._each(_log_picture, name, picture, step)

    def log_metrics(self, metrics: Mapping[str, float], step: int) -> None:
        """Log metrics, name -> value, after so many optimizer steps."""
        for logger in self.active.values():
            logger.log_metrics({**metrics}, step)

    def log_result(self, result: Result, step: int) -> None:
        """Log the metrics of the best weights; on TensorBoard fill the TEXT page and the HPARAMS page.

        Args:
            result: of a training.
            step: optimizer steps of the best weights.
        """
        self.log_metrics(final_metrics(result), step)
        self._each(_log_record, result)

    def close(self, status: str) -> None:
        """Close all of them, after "success" or "failed"."""
        for logger in self.active.values():
            logger.finalize(status)
        self._each(_end, status)

    def _each(self, function: Callable[..., None], *arguments: object) -> None:
        for name, logger in self.active.items():
            self._guards[name](function)(logger, *arguments)


@contextmanager
def open_loggers(setup: Setup) -> Iterator[Loggers]:
    """Open the loggers of a run, and close them with its outcome.

    Raises:
        UsageError: one cannot be opened.
    """
    loggers = Loggers()
    try:
        loggers.open(setup)
        yield loggers
    except BaseException:
        loggers.close("failed")
        raise
    loggers.close("success")


def final_metrics(result: Result) -> dict[str, float]:
    """Metrics of the best weights, by the names under which they are logged."""
    # In capitals, because TensorBoard's HPARAMS page ticks the first five metrics in the order of their characters
    return {f"BEST/{name}": value for name, value in result.metrics.items()}


def _log_picture(logger: Logger, name: str, picture: Image.Image, step: int) -> None:
    match logger:
        case RunLogger():
            logger.add_image(name, picture, step)
        case MLFlowLogger():
            logger.experiment.log_image(logger.run_id, picture, artifact_file=f"{name}.png")
        case WandbLogger():
            logger.log_image(name, [picture], step)


def _log_record(logger: Logger, result: Result) -> None:
    if isinstance(logger, RunLogger):
        logger.add_record(result)


def _end(logger: Logger, status: str) -> None:
    """End a W&B run, which Lightning leaves open; the next job of a sweep would log to it."""
    if isinstance(logger, WandbLogger):
        logger.experiment.finish(exit_code=0 if status == "success" else 1)
