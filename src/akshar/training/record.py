"""What a run writes down: `split.json` and `provenance.json` at its start, `result.json` at its end."""

import pytorch_lightning as pl

from akshar.files import write_json
from akshar.models.parameters import count_parameters
from akshar.runs import provenance
from akshar.runs.provenance import Provenance
from akshar.runs.result import BestResult, DataResult, FitResult, ModelResult, Result
from akshar.training.callbacks.history import History
from akshar.training.console_summary import log_resume
from akshar.training.finalize import Evaluation
from akshar.training.setup import Setup


def start_record(setup: Setup) -> Provenance:
    """Write the record of a new run, or add a resume to it."""
    run_dir, left = setup.run_dir, setup.left
    if setup.summary.split is not None and (not left or not run_dir.split.exists()):
        write_json(run_dir.split, setup.summary.split.to_record())
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
    evaluation: Evaluation,
) -> Result:
    """Collect what `result.json` holds."""
    config, data, model = setup.config, setup.summary, setup.model
    validated, metrics, test = evaluation.validated, evaluation.metrics, evaluation.test
    return Result(
        name=setup.facts.name,
        config_hash=setup.facts.config_hash,
        seed=config.seed,
        data=DataResult(
            source=data.card.name,
            subset=config.data.arguments.get("subset"),
            classes=len(data.classes),
            train=data.train,
            val=data.val,
            test=test.total if data.test is None and test else data.test,
            digest=setup.facts.data_digest,
            split_digest=setup.facts.split_digest,
        ),
        model=ModelResult(name=model.name, parameters=count_parameters(model.network)),
        fit=FitResult(
            epochs=len(history.rows),
            steps=trainer.global_step,
            seconds=round(history.fit_seconds, 3),
            images_per_second=round(history.images_seen / history.fit_seconds, 1),
            device=history.device,
            devices=trainer.num_devices,
            num_nodes=trainer.num_nodes,
            precision=str(trainer.precision),
            interrupted=bool(record.resumed),
        ),
        best=BestResult(
            epoch=history.best["epoch"],
            monitor=config.monitor,
            mode=config.direction,
            val_loss=validated.loss if validated else metrics.get("loss/val"),
            val_accuracy=validated.accuracy if validated else metrics.get("accuracy/val"),
            checkpoint="checkpoints/best.ckpt",
            temperature=evaluation.temperature,
        ),
        metrics=metrics,
        test=test,
        classes=list(data.classes),
        card=data.card.to_record(),
        config=config.to_record(),
        provenance=provenance.finished(record),
    )
