"""What a run writes down: `split.json` and `provenance.json` at its start, `result.json` at its end."""

from collections.abc import Mapping

import pytorch_lightning as pl

from akshar.files import write_json
from akshar.metrics.accuracy import Score
from akshar.metrics.summary import EvaluationMetrics
from akshar.models.classifier import count_parameters
from akshar.runs import provenance
from akshar.runs.provenance import Provenance
from akshar.runs.result import BestResult, DataResult, FitResult, ModelResult, Result
from akshar.training.callbacks.history import History
from akshar.training.console_summary import log_resume
from akshar.training.setup import Setup


def start_record(setup: Setup) -> Provenance:
    """Write the record of a new run, or add a resume to it."""
    run_dir, left = setup.run_dir, setup.left
    if not left or not run_dir.split.exists():
        write_json(run_dir.split, setup.split.to_record())
    if not left:
        return provenance.begin(run_dir, setup.facts)
    epoch, step = 0, 0
    if left.checkpoint:
        epoch, step = len(left.checkpoint.history), left.checkpoint.lightning["global_step"]
    run_dir.write_status("running", epoch, step)
    log_resume(run_dir, step, left.changes, provenance.changes_since(left.provenance))
    record = provenance.resume(
        run_dir,
        step,
        checkpoint=left.name if left.checkpoint else None,
        config_hash=setup.facts.config_hash,
        changes=left.changes,
    )
    run_dir.write_config(setup.config.to_record())  # after its hash, which is then known whenever this stops
    return record


def make_result(
    setup: Setup,
    record: Provenance,
    trainer: pl.Trainer,
    history: History,
    validated: Score,
    temperature: float,
    metrics: Mapping[str, float],
    test: EvaluationMetrics | None,
) -> Result:
    """Collect what `result.json` holds."""
    config, data, net = setup.config, setup.data, setup.classifier.net
    exact = {"loss/val": validated.loss, "accuracy/val": validated.accuracy}  # Lightning's are float32
    if test is not None:
        exact |= {"loss/test": test.loss, "accuracy/test": test.accuracy}
    return Result(
        name=setup.facts.name,
        config_hash=setup.facts.config_hash,
        seed=config.seed,
        data=DataResult(
            source=data.dataset.name,
            subset=config.data.arguments.get("subset"),
            classes=len(data.classes),
            train=len(setup.split.train),
            val=len(setup.split.val),
            test=len(data.test) if data.test is not None else 0,
            digest=setup.facts.data_digest,
            split_digest=setup.facts.split_digest,
        ),
        model=ModelResult(name=type(net).__name__.lower(), parameters=count_parameters(net)),
        fit=FitResult(
            epochs=len(history.rows),
            steps=trainer.global_step,
            seconds=round(history.fit_seconds, 3),
            images_per_second=round(history.images_seen / history.fit_seconds, 1),
            device=str(trainer.strategy.root_device),
            devices=trainer.num_devices,
            precision=str(trainer.precision),
            interrupted=bool(record.resumed),
        ),
        best=BestResult(
            epoch=history.best["epoch"],
            monitor=config.monitor,
            mode=config.direction,
            val_loss=validated.loss,
            val_accuracy=validated.accuracy,
            checkpoint="checkpoints/best.ckpt",
            temperature=temperature,
        ),
        metrics={**metrics, **exact},
        test=test,
        classes=list(data.classes),
        card=data.dataset.card.to_record(),
        config=config.to_record(),
        provenance=provenance.finished(record),
    )
