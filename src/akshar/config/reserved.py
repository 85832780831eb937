"""Arguments that a config must not set, each with the reason and what to do instead."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reserved:
    """An argument that belongs to the framework.

    Attributes:
        reason: why, and what to do instead; follows `key=value: `.
        accepted: values that ask for what is done anyway, or that work.
    """

    reason: str
    accepted: tuple[object, ...] = ()

    def accepts(self, value: object) -> bool:
        """Whether a value may be given; 1, 1.0 and true are different values."""
        return any(type(value) is type(other) and value == other for other in self.accepted)


# `docs/trainer.md` has a row for every argument of Lightning's Trainer, with these reasons.
TRAINER: Mapping[str, Reserved] = {
    "strategy": Reserved(
        "checkpoints hold the whole network in one file, and akshar starts the processes itself; choose auto, ddp "
        "or ddp_find_unused_parameters_true",
        ("auto", "ddp", "ddp_find_unused_parameters_true", "ddp_find_unused_parameters_false"),
    ),
    "num_nodes": Reserved(
        "the processes of one run share a machine; to use several machines, run a sweep with "
        "hydra/launcher=submitit_slurm",
        (1,),
    ),
    "logger": Reserved("loggers are chosen by the group logger, as in logger=[tensorboard,csv] or logger=none"),
    "callbacks": Reserved("callbacks are chosen by the group callbacks, as in callbacks=[ema,early_stopping]"),
    "fast_dev_run": Reserved(
        "saves no checkpoint, so nothing could be tested; debug=smoke trains and tests a whole run of four batches",
        (False, 0, None),
    ),
    "limit_val_batches": Reserved(
        "validation images are in the order of their classes, so its first batches are its first classes; a "
        "smaller data.val_fraction takes fewer images of every class",
        (None, 1.0),
    ),
    "limit_test_batches": Reserved(
        "every test image is counted once, so that accuracies can be compared; test=false leaves the test out",
        (None, 1.0),
    ),
    "limit_predict_batches": Reserved(
        "has no effect, because training predicts nothing; akshar predict reads the pictures that it is given",
        (None, 1.0),
    ),
    "overfit_batches": Reserved(
        "the batches of an epoch are drawn anew; to overfit a few images, train on few with data.val_fraction=0.99 "
        "augment=none",
        (0.0, 0),
    ),
    "val_check_interval": Reserved(
        "checkpoints, history and resume count validated epochs; trainer.limit_train_batches=N makes an epoch of N "
        "batches, with a validation after it",
        (None, 1.0),
    ),
    "check_val_every_n_epoch": Reserved(
        "every epoch is validated, because the best is kept and resume continues after one; a smaller "
        "data.val_fraction makes validation shorter",
        (1,),
    ),
    "num_sanity_val_steps": Reserved(
        "has no effect: two blank images pass through the network before training in any case", (0, None)
    ),
    "enable_checkpointing": Reserved(
        "the best epoch is tested and the last one resumed, both from their checkpoints", (True, None)
    ),
    "use_distributed_sampler": Reserved("akshar's loader gives each process its share of every batch", (False,)),
    "barebones": Reserved(
        "would leave out the checkpoints and metrics that a result consists of; akshar bench measures what the "
        "Trainer costs",
        (False,),
    ),
    "plugins": Reserved(
        "akshar has its own, which write checkpoints whole; choose the precision by trainer.precision, and "
        "processes by trainer=ddp",
        (None,),
    ),
    "reload_dataloaders_every_n_epochs": Reserved(
        "has no effect: the images stay in memory, and the order and augmentation of every epoch are drawn anew",
        (0,),
    ),
    "default_root_dir": Reserved("a run writes to its own folder; choose it by hydra.run.dir=FOLDER", (None,)),
    "model_registry": Reserved(
        "belongs to Lightning's own checkpoint callback, which akshar replaces; upload checkpoints/best.ckpt of "
        "the completed run",
        (None,),
    ),
}

# By the part's name in the config.
NUM_CLASSES = Reserved("is the number of classes of the data; leave it out")
RESERVED: Mapping[str, Mapping[str, Reserved]] = {
    "model": {"num_classes": NUM_CLASSES},
    "loss": {"num_classes": NUM_CLASSES},
    "metrics": {"num_classes": NUM_CLASSES},
    "trainer": TRAINER,
}
