"""One experiment from its checked settings: built, fitted, tested once, recorded."""

from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
from omegaconf import OmegaConf
from PIL import Image

from akshar.commands.announce import announce, announce_result, announce_start
from akshar.commands.build import build_classifier, build_data, build_net, build_tester, build_trainer, check_output
from akshar.data.module import CharacterData
from akshar.errors import AksharError, BadRequest
from akshar.figures.curves import draw_curves
from akshar.figures.samples import draw_batch, draw_predictions
from akshar.models.classifier import Classifier, count_parameters
from akshar.models.metrics import Score, fit_temperature, wilson_interval
from akshar.runs.checkpoint import KEY, net_weights, read_checkpoint, start_from, write_checkpoint
from akshar.runs.history import History
from akshar.runs.provenance import provenance
from akshar.runs.record import RunFolder, write_json
from akshar.runs.settings import config_hash
from akshar.runs.tensorboard import RunLogger


def run_experiment(settings: dict[str, Any], path: Path) -> dict[str, Any]:
    """Trains and tests what the settings say.

    Args:
        settings: a config that `config_problems` found nothing wrong with.
        path: the run's folder.

    Returns:
        The content of `result.json`.

    Raises:
        BadRequest: the data and the settings do not fit together.
        BadData: the data cannot be had.
    """
    folder = RunFolder(path)
    folder.write_status("running")
    folder.config.write_text(OmegaConf.to_yaml(OmegaConf.create(settings)), encoding="utf-8")
    pl.seed_everything(settings["seed"], verbose=False)

    data = build_data(settings)
    if data.train is None or data.split is None:
        raise BadRequest("data.root: has no training images, only test images")
    net = build_net(settings, len(data.classes))
    if settings["init_from"] is not None:
        fresh = start_from(net, settings["init_from"], data.classes)
        announce_start(fresh, settings["init_from"])
    classifier = build_classifier(settings, net)
    check_output(classifier, len(data.classes))
    name = settings["name"] or f"{data.dataset.name}-{type(net).__name__.lower()}"
    announce(name, data, classifier.net)
    write_json(folder.split, data.split.settings | {"digest": data.split.digest(), "val": data.split.val.tolist()})

    logger = RunLogger(path) if settings["logger"]["tensorboard"] else None
    batch = data.prepare(next(iter(data.train_dataloader())), augmented=True)
    sheet = draw_batch(batch.images, batch.labels, data.classes)
    _show(sheet, "train_batch", folder, logger, 0)

    history = History(folder, settings["logger"]["csv"], settings["monitor"])
    trainer = build_trainer(settings, folder, history, logger, data.classes)
    trainer.fit(classifier, datamodule=data)
    if not history.rows:
        raise AksharError("training ended before its first validation")

    best_path = folder.checkpoints / "best.ckpt"
    tester = build_tester(settings)
    validated, temperature = _calibrate(best_path, classifier, data, tester, folder)
    best = history.best
    draw_curves(history.rows, best["epoch"], folder.figures / "curves.png", f"{name}, seed {settings['seed']}")

    result: dict[str, Any] = {
        "status": "completed",
        "name": name,
        "config_hash": config_hash(settings, data.dataset.digest()),
        "seed": settings["seed"],
        "data": _data_record(settings, data),
        "model": {"name": type(net).__name__.lower(), "parameters": count_parameters(net)},
        "fit": _fit_record(history, trainer, data),
        "best": {
            "epoch": best["epoch"],
            "val_loss": validated.loss,
            "val_accuracy": validated.accuracy,
            "checkpoint": "checkpoints/best.ckpt",
            "temperature": temperature,
        },
        "test": None,
        "provenance": provenance(),
    }
    if settings["test"] and data.test is not None:
        result["test"] = _test(classifier, data, tester, folder, logger, best["epoch"])
    if logger is not None:
        _log_hyperparameters(logger, settings, result)
    write_json(folder.result, result)
    folder.write_status("completed", history.rows[-1]["epoch"], trainer.global_step)
    announce_result(result, folder, tensorboard=logger is not None)
    return result


def _calibrate(
    best_path: Path, classifier: Classifier, data: CharacterData, tester: pl.Trainer, folder: RunFolder
) -> tuple[Score, float]:
    """Loads the best weights, scores them on validation, fits the temperature there and keeps it with them."""
    checkpoint = read_checkpoint(best_path)
    classifier.net.load_state_dict(net_weights(checkpoint))
    tester.validate(classifier, datamodule=data, verbose=False)
    assert classifier.scored is not None
    _save_predictions(classifier, folder, "val")
    temperature = fit_temperature(classifier.logits, classifier.labels)
    checkpoint[KEY]["temperature"] = temperature
    write_checkpoint(checkpoint, best_path)
    return classifier.scored, temperature


def _test(
    classifier: Classifier,
    data: CharacterData,
    tester: pl.Trainer,
    folder: RunFolder,
    logger: RunLogger | None,
    epoch: int,
) -> dict[str, Any]:
    """Tests the weights that are loaded, once, and counts every image."""
    assert data.test is not None
    tester.test(classifier, datamodule=data, verbose=False)
    scored = classifier.scored
    assert scored is not None
    if scored.total != len(data.test):
        raise AksharError(f"the test saw {scored.total} images of {len(data.test)}")
    _save_predictions(classifier, folder, "test")
    _show(draw_predictions(data.test, classifier.logits), "predictions", folder, logger, epoch)
    if logger is not None:
        logger.log_metrics({"loss/test": scored.loss, "accuracy/test": scored.accuracy}, step=epoch)
    return {
        "accuracy": scored.accuracy,
        "loss": scored.loss,
        "macro_accuracy": scored.macro_accuracy,
        "correct": scored.correct,
        "total": scored.total,
        "interval_95": list(wilson_interval(scored.correct, scored.total)),
    }


def _save_predictions(classifier: Classifier, folder: RunFolder, stage: str) -> None:
    logits, labels = classifier.logits.numpy(), classifier.labels.numpy()
    np.savez_compressed(folder.predictions / f"{stage}.npz", logits=logits, labels=labels)


def _show(sheet: Image.Image, name: str, folder: RunFolder, logger: RunLogger | None, epoch: int) -> None:
    sheet.save(folder.figures / f"{name}.png")
    if logger is not None:
        logger.add_image(name, sheet, epoch)


def _data_record(settings: dict[str, Any], data: CharacterData) -> dict[str, Any]:
    assert data.split is not None
    return {
        "source": data.dataset.name,
        "subset": settings["data"].get("subset"),
        "classes": len(data.classes),
        "train": len(data.split.train),
        "val": len(data.split.val),
        "test": len(data.test) if data.test is not None else 0,
        "digest": data.dataset.digest(),
        "split_digest": data.split.digest(),
    }


def _fit_record(history: History, trainer: pl.Trainer, data: CharacterData) -> dict[str, Any]:
    seen = history.images_seen
    return {
        "epochs": len(history.rows),
        "steps": trainer.global_step,
        "seconds": round(history.fit_seconds, 3),
        "images_per_second": round(seen / history.fit_seconds, 1),
        "device": str(trainer.strategy.root_device),
        "precision": str(trainer.precision),
        "interrupted": trainer.interrupted,
    }


def _log_hyperparameters(logger: RunLogger, settings: dict[str, Any], result: dict[str, Any]) -> None:
    metrics = {
        "best/loss/val": result["best"]["val_loss"],
        "best/accuracy/val": result["best"]["val_accuracy"],
    }
    if result["test"]:
        metrics["best/accuracy/test"] = result["test"]["accuracy"]
    logger.add_hyperparameters(settings, metrics)
