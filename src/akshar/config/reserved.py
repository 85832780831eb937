"""Arguments that a config must not set, each with the reason and what to do instead."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class Reserved:
    """An argument that belongs to the framework.

    Attributes:
        reason: why, and what to do instead; follows `key=value: `.
        accepted: values that may be given, because they ask for what is done anyway, or work.
    """

    reason: str
    accepted: tuple[object, ...] = ()

    def accepts(self, value: object) -> bool:
        """Whether a value may be given; 1, 1.0 and true are different values."""
        return any(type(value) is type(other) and value == other for other in self.accepted)


# `docs/trainer.md` has a row for every argument of Lightning's Trainer, with these reasons.
TRAINER: Mapping[str, Reserved] = {
    "strategy": Reserved(
        "choose auto, ddp or ddp_find_unused_parameters_true; akshar starts the processes itself and saves the "
        "whole network in one file",
        ("auto", "ddp", "ddp_find_unused_parameters_true", "ddp_find_unused_parameters_false"),
    ),
    "logger": Reserved("loggers are chosen by the group logger, as in logger=[tensorboard,csv] or logger=none"),
    "callbacks": Reserved("callbacks are chosen by the group callbacks, as in callbacks=[ema,early_stopping]"),
    "fast_dev_run": Reserved(
        "saves no checkpoint, so nothing could be tested; debug=smoke trains and tests a whole run of four batches",
        (False, 0, None),
    ),
    "limit_val_batches": Reserved(
        "the first batches may hold only a few of the classes; for a shorter validation give fewer images, by "
        "data.val_fraction or in the val_dataloader of your own data module",
        (None, 1.0),
    ),
    "limit_test_batches": Reserved(
        "every test image is counted once, so that accuracies can be compared; test=false skips the test",
        (None, 1.0),
    ),
    "limit_predict_batches": Reserved(
        "has no effect, because training makes no predictions; akshar predict does, of the pictures that it is "
        "given",
        (None, 1.0),
    ),
    "overfit_batches": Reserved(
        "would shorten validation as well, which selects the best epoch; to overfit a few images, train on few, "
        "by data.val_fraction=0.99 augment=none or in your own data module",
        (0.0, 0),
    ),
    "val_check_interval": Reserved(
        "checkpoints, history and resume count epochs, each with one validation; for more validations make "
        "epochs shorter, as with trainer.limit_train_batches=100",
        (None, 1.0),
    ),
    "check_val_every_n_epoch": Reserved(
        "every epoch is validated, because the best one is kept; for less time in validation give fewer images, "
        "by data.val_fraction or in your own data module",
        (1,),
    ),
    "num_sanity_val_steps": Reserved(
        "has no effect: before training akshar tries a network on two blank images, and a LightningModule on "
        "one validation batch",
        (0, None),
    ),
    "enable_checkpointing": Reserved("the test reads the best checkpoint, and resume= the last one", (True, None)),
    "use_distributed_sampler": Reserved(
        "is set by akshar: its own loader gives each process its share of every batch, and Lightning divides "
        "the batches of other loaders",
        (False,),
    ),
    "barebones": Reserved(
        "would skip the checkpoints and metrics that a result is made of; akshar bench measures the overhead of "
        "the Trainer",
        (False,),
    ),
    "plugins": Reserved(
        "akshar uses its own, which never leave half a checkpoint; set the precision by trainer.precision, and "
        "use several processes by trainer=ddp",
        (None,),
    ),
    "reload_dataloaders_every_n_epochs": Reserved(
        "schedules and resume rely on one training loader for the whole run; akshar's draws order and "
        "augmentation anew in every epoch, and yours can do so in its __iter__",
        (0,),
    ),
    "default_root_dir": Reserved("a run writes to its own folder; choose it by hydra.run.dir=FOLDER", (None,)),
    "model_registry": Reserved(
        "belongs to Lightning's checkpoint callback, which akshar replaces; upload checkpoints/best.ckpt of the "
        "completed run",
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
