"""One experiment from its checked settings: built, fitted, tested once, recorded; or taken up where it stopped."""

import shlex
from collections.abc import Callable
from typing import Any

import pytorch_lightning as pl
from omegaconf import OmegaConf

from akshar.devanagari.letters import DEVANAGARI
from akshar.files import write_json
from akshar.models.classifier import count_parameters
from akshar.plots.curves import draw_curves
from akshar.plots.samples import draw_batch
from akshar.runs import provenance
from akshar.runs.run_dir import RunDir
from akshar.runs.tensorboard import RunLogger
from akshar.training.build import build_tester
from akshar.training.callbacks.history import History
from akshar.training.console_summary import announce_result
from akshar.training.ddp_launcher import DDPLauncher
from akshar.training.finalize import calibrate, show, test
from akshar.training.fit import fit
from akshar.training.interrupts import Interrupts
from akshar.training.prepare import Prepared, prepare


def run_experiment(
    settings: dict[str, Any],
    folder: RunDir,
    interrupts: Interrupts,
    resume: Callable[[], None] | None = None,
    precision: str | None = None,
) -> dict[str, Any]:
    """Trains and tests what the settings say; goes on with what lies in the folder already.

    Args:
        settings: a config that `config_problems` found nothing wrong with.
        folder: of the run.
        interrupts: signals that ask it to stop.
        resume: of a run that is taken up: called when everything is found to fit, before anything is changed.
        precision: in place of "auto", where an earlier run decided it.

    Returns:
        The content of `result.json`.

    Raises:
        UsageError: the data and the settings do not fit together.
        DataError: the data cannot be had.
        Diverged: the loss is no longer a number.
        Interrupted: a signal came.
    """
    prepared = prepare(settings, folder, precision, resume)
    logger = _logger(prepared)
    if prepared.checkpoint is None:
        _show_batch(prepared, logger)
    with DDPLauncher(folder, prepared.settings["trainer"]["devices"]):
        trainer, history = fit(prepared, settings, logger, interrupts)
    if logger is not None:
        logger.finalize("success")
        logger = RunLogger.after_fit(folder.path)

    best = history.best
    title = f"{prepared.name}, seed {settings['seed']}"
    draw_curves(history.rows, best["epoch"], folder.figures / "curves.png", title)
    tester = build_tester(prepared.settings)
    validated, temperature = calibrate(prepared, tester)
    result = {
        "status": "completed",
        "name": prepared.name,
        "config_hash": prepared.record["config_hash"],
        "seed": settings["seed"],
        "data": _data_record(settings, prepared),
        "model": {
            "name": type(prepared.classifier.net).__name__.lower(),
            "parameters": count_parameters(prepared.classifier.net),
        },
        "fit": _fit_record(history, trainer, bool(prepared.record["resumed"])),
        "best": {
            "epoch": best["epoch"],
            "val_loss": validated.loss,
            "val_accuracy": validated.accuracy,
            "checkpoint": "checkpoints/best.ckpt",
            "temperature": temperature,
        },
        "test": None,
        "classes": list(prepared.data.classes),
        "config": settings,
    }
    if settings["test"] and prepared.data.test is not None:
        result["test"] = test(prepared, tester, logger, best["epoch"])
    result["provenance"] = provenance.finished(prepared.record)
    if logger is not None:
        _log_hyperparameters(logger, settings, result)
    write_json(folder.result, result)
    folder.write_status("completed", history.rows[-1]["epoch"], trainer.global_step)
    announce_result(result, folder, tensorboard=logger is not None)
    return result


def _logger(prepared: Prepared) -> RunLogger | None:
    if not prepared.settings["logger"]["tensorboard"]:
        return None
    rows = prepared.checkpoint["callbacks"]["History"]["rows"] if prepared.checkpoint else []
    return RunLogger.of_fit(prepared.folder.path, len(rows) if prepared.record["resumed"] else None)


def _show_batch(prepared: Prepared, logger: RunLogger | None) -> None:
    """The first batch as the network will see it."""
    data = prepared.data
    batch = data.prepare(next(iter(data.train_dataloader())), augmented=True)
    sheet = draw_batch(batch.images, batch.labels, data.classes, DEVANAGARI)  # card: from the data
    show(sheet, "train_batch", prepared.folder, logger, 0)


def _data_record(settings: dict[str, Any], prepared: Prepared) -> dict[str, Any]:
    data = prepared.data
    assert data.split is not None
    return {
        "source": data.dataset.name,
        "subset": settings["data"].get("subset"),
        "classes": len(data.classes),
        "train": len(data.split.train),
        "val": len(data.split.val),
        "test": len(data.test) if data.test is not None else 0,
        "digest": prepared.record["data_digest"],
        "split_digest": prepared.record["split_digest"],
    }


def _fit_record(history: History, trainer: pl.Trainer, interrupted: bool) -> dict[str, Any]:
    return {
        "epochs": len(history.rows),
        "steps": trainer.global_step,
        "seconds": round(history.fit_seconds, 3),
        "images_per_second": round(history.images_seen / history.fit_seconds, 1),
        "device": str(trainer.strategy.root_device),
        "devices": trainer.num_devices,
        "precision": str(trainer.precision),
        "interrupted": interrupted,
    }


def _log_hyperparameters(logger: RunLogger, settings: dict[str, Any], result: dict[str, Any]) -> None:
    metrics = {
        "best/loss/val": result["best"]["val_loss"],
        "best/accuracy/val": result["best"]["val_accuracy"],
    }
    if result["test"]:
        metrics["best/accuracy/test"] = result["test"]["accuracy"]
    logger.add_text("config", f"```yaml\n{OmegaConf.to_yaml(OmegaConf.create(settings))}```")
    record = result["provenance"]
    told = {"command": shlex.join(record["argv"]), "commit": record["git"].get("commit"), **record["versions"]}
    told |= {"processor": record["host"]["cpu"], "training": f"{result['fit']['seconds']:.0f} s"}
    rows = [f"| {key} | {value} |" for key, value in told.items()]
    logger.add_text("provenance", "\n".join(["| | |", "| --- | --- |", *rows]))
    logger.add_hyperparameters(settings, metrics)
