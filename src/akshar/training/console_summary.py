"""Log lines before and after the epochs: what is trained on what, and how good it became."""

import logging
import shlex
import shutil
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

from akshar.config.idle_sections import idle_sections
from akshar.config.keys import Differences
from akshar.config.trusted import trust_flags
from akshar.files import as_typed
from akshar.models.parameters import count_parameters
from akshar.runs.result import Result
from akshar.runs.run_dir import RunDir
from akshar.training.setup import Setup

log = logging.getLogger(__name__)

LARGE_CHECKPOINTS = 100_000_000  # bytes from which the console says what a run's checkpoints take


def log_setup(setup: Setup) -> None:
    """Log what is trained on what, and where its first weights come from."""
    data, model = setup.summary, setup.model
    counts = [count for count in (data.train, data.val, data.test) if count is not None]
    log.info(
        "%s: %s with %s parameters; %s images of %s%s (%s train, %s val, %s test)",
        setup.facts.name,
        model.name,
        f"{count_parameters(model.network):,}",
        f"{sum(counts):,}",
        data.card.name,
        f" in {len(data.classes)} classes" if data.classes else "",
        _number(data.train),
        _number(data.val),
        _number(data.test),
    )
    if setup.images is not None and setup.images.dataset.changes:
        log.info(setup.images.dataset.changes)
    for line in _limits(setup):
        log.info(line)
    record = setup.config.to_record() | {"logger": {}}  # which only a resume builds
    if flags := trust_flags(record):
        log.info("uses code of your own: commands that read this run need  %s", flags)
    if setup.config.freeze:
        trained = count_parameters(model.network, trained=True)
        log.info("trains %s of these parameters; frozen: %s", f"{trained:,}", ", ".join(setup.config.freeze))
    for part, factor in (setup.config.lr_factors or {}).items():
        log.info("learning rate of %s: times %g", part, factor)
    if setup.config.init_from is not None and setup.resumed_from is None:
        new = f"; new layers: {', '.join(model.new_layers)}" if model.new_layers else ""
        log.info("starting from the weights of %s%s", setup.config.init_from, new)


def _number(count: int | None) -> str:
    return "unknown" if count is None else f"{count:,}" if count else "no"


def _limits(setup: Setup) -> Iterator[str]:
    """Say what a run with a LightningDataModule or a LightningModule of one's own cannot do."""
    name = type(setup.data).__name__
    for sections, reason in idle_sections(setup.config).items():
        these = "these sections of the config have" if ", " in sections else "this section of the config has"
        yield f"{sections}: {these} no effect, because {reason}"
    if not setup.summary.exact_loader:
        yield (
            f"resume: after the last whole epoch, because the training loader of {name} has no state_dict; "
            "no checkpoint is written within an epoch"
        )
    if setup.config.test and setup.summary.test != 0 and not setup.can_test:
        yield f"not tested at the end: {type(setup.model.module).__name__} has no test_step"
    only_test = "afterwards: only akshar test; predict, inspect and export need "
    if not setup.summary.reads_pictures:
        yield f"{only_test}{name}.input_spec and .classes"
    elif not setup.reads_pictures:
        yield (
            f"{only_test}a forward(images) of {type(setup.model.module).__name__} that gives logits "
            f"(B, {len(setup.summary.classes)})"
        )


def log_resume(run_dir: RunDir, step: int, config: Differences, environment: Sequence[str]) -> None:
    """Log which run continues where, and what has changed since: keys of the config, and the environment."""
    log.info("resuming %s after step %s", run_dir, f"{step:,}")
    for key, (old, new) in config.items():
        log.info("%s is %s from now on; it was %s", key, new, old)
    if environment:
        changes = "; ".join(environment)
        log.warning("the environment changed since this run started (%s); results may differ", changes)


def log_result(result: Result, run_dir: RunDir, tensorboard: bool) -> None:
    """Log how good the network is, where the run lies, and how to look at it."""
    best, test = result.best, result.test
    log.info("")
    accuracy = "" if best.val_accuracy is None else f", validation accuracy {100 * best.val_accuracy:.2f} %"
    log.info("best epoch     %d%s", best.epoch, accuracy)
    if test is not None:
        low, high = (100 * bound for bound in test.interval_95)
        log.info(
            "test accuracy  %.2f %%  (%s of %s images; 95 %% interval %.2f to %.2f %%)",
            100 * test.accuracy,
            f"{test.correct:,}",
            f"{test.total:,}",
            low,
            high,
        )
    shown = ("loss/", "accuracy/") if best.val_accuracy is not None else ()
    for name, value in sorted(result.metrics.items()):
        if not name.startswith(shown):
            log.info("%-14s %.4f", name, value)
    log.info("run folder     %s", run_dir)
    if (size := run_dir.checkpoint_bytes()) > LARGE_CHECKPOINTS:
        best_size = run_dir.best.stat().st_size
        hint = f"; checkpoint.keep=best leaves {best_size / 1e6:,.0f} MB" if size > best_size else ""
        log.info("checkpoints    %s MB%s", f"{size / 1e6:,.0f}", hint)
    if tensorboard:
        log.info("look inside    %s --logdir %s", _tensorboard_command(), shlex.quote(str(run_dir)))


def _tensorboard_command() -> str:
    """Return the command that starts TensorBoard: its name, or its path where it is not on the PATH."""
    if shutil.which("tensorboard"):
        return "tensorboard"
    return shlex.quote(as_typed(Path(sys.executable).parent / "tensorboard"))
