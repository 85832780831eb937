"""The main path: config, data, model, Trainer, fit, best, test, result."""

from collections.abc import Callable, Sequence

from pytorch_lightning import Callback

from akshar.config.schema import TrainConfig
from akshar.plots.curves import draw_curves
from akshar.runs.result import Result
from akshar.runs.run_dir import CheckpointName, RunDir
from akshar.training.callbacks.checkpointing import check_disk_space
from akshar.training.console_summary import log_result, log_setup
from akshar.training.ddp_launcher import ddp_ranks
from akshar.training.finalize import evaluate_best, show_first_batch
from akshar.training.fit import fit
from akshar.training.interrupts import Interrupts
from akshar.training.loggers import open_loggers
from akshar.training.record import make_result, start_record
from akshar.training.setup import Setup, set_up


def train(
    config: TrainConfig,
    run_dir: RunDir,
    interrupts: Interrupts,
    *,
    resume_from: CheckpointName | None = None,
    begin: Callable[[], None] = lambda: None,
    precision: str | None = None,
    extra_callbacks: Sequence[Callback] = (),
) -> Result:
    """Train and test what a config describes; continue with what the folder of a resumed run holds.

    Args:
        config: valid.
        run_dir: of the run, locked by the caller.
        interrupts: signals that ask to stop.
        resume_from: checkpoint of a run that began earlier; None for a new run.
        begin: called once a resumed run has passed every check, before anything in its folder is changed.
        precision: in place of "auto", where an earlier run resolved it.
        extra_callbacks: beside the config's, as a search's pruning.

    Raises:
        UsageError: data and config do not fit together.
        DataError: the images cannot be loaded.
        Diverged: the loss became NaN or infinite.
        Interrupted: a signal came.
    """
    # Config, data, model: everything is built, and nothing is written yet.
    setup = set_up(config, run_dir, resume_from=resume_from, precision=precision)
    check_disk_space(run_dir, setup.model.network)
    begin()
    log_setup(setup)
    return train_and_test(setup, interrupts, extra_callbacks)


def train_and_test(setup: Setup, interrupts: Interrupts, extra_callbacks: Sequence[Callback] = ()) -> Result:
    """Train and test what is set up, and write everything to its folder; the errors are those of `train`."""
    config, run_dir = setup.config, setup.run_dir
    record = start_record(setup)

    with open_loggers(setup) as loggers:
        # Trainer, fit
        show_first_batch(setup, loggers)
        with ddp_ranks(run_dir, setup.hardware):
            trainer, history = fit(setup, loggers.active.values(), interrupts, extra_callbacks)
        loggers.after_fit()

        # Best, test
        best = history.best
        title = f"{setup.facts.name}, seed {config.seed}"
        draw_curves(history.rows, best["epoch"], run_dir.figures / "curves.png", title)
        evaluation = evaluate_best(setup, history, loggers)

        # Result
        result = make_result(setup, record, trainer, history, evaluation)
        loggers.log_result(result, best["step"])
    result.write(run_dir.result)
    run_dir.write_status("completed", history.rows[-1]["epoch"], trainer.global_step)
    if config.checkpoint.keep == "best":
        run_dir.keep_best()
    log_result(result, run_dir, tensorboard=loggers.has_event_files)
    return result
