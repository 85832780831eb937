"""What a run writes down: `split.json` and `provenance.json` at its start, `result.json` at its end."""

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
    run_dir, split = setup.run_dir, setup.split
    if setup.provenance_before is None:
        write_json(run_dir.split, split.settings | {"digest": split.digest(), "val": split.val.tolist()})
        return provenance.begin(run_dir, setup.facts)
    step = setup.resumed_from.lightning["global_step"] if setup.resumed_from else 0
    log_resume(step, provenance.changes_since(setup.provenance_before))
    return provenance.resume(run_dir, step, setup.facts.config_hash)


def make_result(
    setup: Setup,
    record: Provenance,
    trainer: pl.Trainer,
    history: History,
    validated: Score,
    temperature: float,
    test: EvaluationMetrics | None,
) -> Result:
    """Collect what `result.json` holds."""
    config, data, net = setup.config, setup.data, setup.classifier.net
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
            val_loss=validated.loss,
            val_accuracy=validated.accuracy,
            checkpoint="checkpoints/best.ckpt",
            temperature=temperature,
        ),
        test=test,
        classes=list(data.classes),
        card=data.dataset.card.to_record(),
        config=config.to_record(),
        provenance=provenance.finished(record),
    )
