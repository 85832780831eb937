"""What a run shows in TensorBoard besides its curves: the first batch, the config, final metrics."""

import shlex

import yaml

from akshar.config.keys import flatten
from akshar.plots.samples import draw_batch
from akshar.runs.result import Result
from akshar.runs.tensorboard import RunLogger
from akshar.training.finalize import show
from akshar.training.setup import Setup


def fit_logger(setup: Setup) -> RunLogger | None:
    """Make the logger for the curves; None where the config leaves TensorBoard out."""
    if not setup.config.logger.tensorboard:
        return None
    epochs_done = len(setup.resumed_from.history) if setup.resumed_from else 0
    return RunLogger.of_fit(setup.run_dir.path, epochs_done if setup.left else None)


def result_logger(setup: Setup, logger: RunLogger | None) -> RunLogger | None:
    """Close the logger of the curves and open one for what follows training."""
    if logger is None:
        return None
    logger.finalize("success")
    return RunLogger.after_fit(setup.run_dir.path)


def show_first_batch(setup: Setup, logger: RunLogger | None) -> None:
    """Show the first training batch of a new run as the network sees it."""
    if setup.resumed_from is not None:
        return
    data = setup.data
    batch = data.prepare(next(iter(data.train_dataloader())), augmented=True)
    sheet = draw_batch(batch.images, batch.labels, data.classes, data.dataset.card, data.dataset.input_spec)
    show(sheet, "train_batch", setup.run_dir, logger, 0)


def log_hyperparameters(logger: RunLogger | None, result: Result) -> None:
    """Fill the TEXT page with config and provenance, and the HPARAMS page with the final metrics."""
    if logger is None or result.fit is None:
        return
    metrics = {"best/loss/val": result.best.val_loss, "best/accuracy/val": result.best.val_accuracy}
    if result.test is not None:
        metrics["best/accuracy/test"] = result.test.accuracy
    config = yaml.safe_dump(result.config, sort_keys=False, allow_unicode=True)
    logger.add_text("config", f"```yaml\n{config}```")
    origin = result.provenance
    facts = {"command": shlex.join(origin.argv), "commit": origin.git.commit, **origin.versions}
    facts |= {"processor": origin.host.cpu, "training": f"{result.fit.seconds:.0f} s"}
    rows = [f"| {key} | {value} |" for key, value in facts.items()]
    logger.add_text("provenance", "\n".join(["| | |", "| --- | --- |", *rows]))
    logger.add_hyperparameters(flatten(result.config), metrics)
