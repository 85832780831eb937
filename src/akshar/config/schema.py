"""The typed config: every section of `akshar train` and `akshar test`, with types, ranges and choices."""

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import BaseModel, ConfigDict, Discriminator, Field, NonNegativeInt, PositiveInt, Tag

from akshar.config.lightning_targets import is_data_module
from akshar.config.monitor import Mode, direction

SplitMethod = Literal["random", "blocks"]
PositiveFloat = Annotated[float, Field(gt=0, allow_inf_nan=False)]
BelowOne = Annotated[float, Field(ge=0, lt=1)]
BetweenZeroAndOne = Annotated[float, Field(gt=0, lt=1)]

HYDRA_KEYS = frozenset({"_target_", "_partial_", "_convert_", "_recursive_", "_args_"})


class Section(BaseModel):
    """A part of the config whose keys are all known."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)

    def to_record(self) -> dict[str, Any]:
        """Plain values, as they are written to `config.yaml`."""
        return self.model_dump(by_alias=True, exclude_unset=True)


class Part(Section):
    """A part built from its `_target_`; keys that the framework does not read are arguments of the target."""

    model_config = ConfigDict(extra="allow", populate_by_name=True)
    framework_keys: ClassVar[frozenset[str]] = frozenset()

    target: Annotated[str, Field(alias="_target_", min_length=1)]

    @property
    def arguments(self) -> dict[str, Any]:
        """Keyword arguments of the target."""
        return {
            key: value
            for key, value in self.to_record().items()
            if key not in self.framework_keys and key not in HYDRA_KEYS
        }

    def with_arguments(self, **changed: object) -> Self:
        """The same part with some arguments replaced."""
        return self.model_validate(self.to_record() | changed)


class DataConfig(Part):
    """A data set, and how its training images are split and batched."""

    framework_keys = frozenset("batch_size val_fraction folds fold split split_seed exclude".split())

    batch_size: PositiveInt
    val_fraction: BetweenZeroAndOne
    folds: Annotated[int, Field(ge=2)] | None
    fold: NonNegativeInt
    split: SplitMethod
    split_seed: NonNegativeInt
    exclude: str | None = None  # configs of earlier versions lack the key


class DataModuleConfig(Part):
    """A LightningDataModule of one's own, which splits and batches its data itself: all keys are its arguments."""


def _kind_of_data(node: Any) -> str:
    target = node.target if isinstance(node, Part) else node.get("_target_") if isinstance(node, dict) else None
    return "DataModuleConfig" if is_data_module(target) else "DataConfig"


AnyDataConfig = Annotated[
    Annotated[DataConfig, Tag("DataConfig")] | Annotated[DataModuleConfig, Tag("DataModuleConfig")],
    Discriminator(_kind_of_data),
]
DATA_TAGS = ("DataConfig", "DataModuleConfig")  # in the places of pydantic's errors


class LossConfig(Part):
    """The training loss; arguments with the same meaning in every loss have a range here."""

    label_smoothing: BelowOne | None = None
    weight: list[Annotated[float, Field(ge=0, allow_inf_nan=False)]] | Literal["balanced"] | None = None


class OptimizerConfig(Part):
    """Arguments with the same meaning in every optimizer have a range here; the rest belongs to the target."""

    lr: PositiveFloat
    momentum: BelowOne | None = None
    weight_decay: Annotated[float, Field(ge=0)] | None = None


class SchedulerConfig(Part):
    """A learning rate schedule; without a target the rate is constant."""

    framework_keys = frozenset({"interval"})

    target: Annotated[str | None, Field(alias="_target_")] = None  # pyright: ignore[reportIncompatibleVariableOverride]
    interval: Literal["step", "epoch"] = "step"

    @property
    def needs_total_steps(self) -> bool:
        """Whether the schedule was planned for the number of steps of the whole run."""
        return any(value == "steps" or key in ("total_steps", "T_max") for key, value in self.arguments.items())


class TrainerConfig(Part):
    """Lightning's Trainer: arguments with a narrower range, or whose type Lightning's signature leaves open."""

    max_epochs: PositiveInt
    accelerator: Literal["auto", "cpu", "gpu", "cuda", "mps"]
    devices: PositiveInt | Literal["auto"]
    num_nodes: PositiveInt = 1
    precision: Literal["auto", "32-true", "bf16-mixed", "16-mixed", "bf16-true", "64-true"]
    gradient_clip_val: PositiveFloat | None
    accumulate_grad_batches: PositiveInt
    limit_train_batches: PositiveInt | Annotated[float, Field(gt=0, le=1)] | None
    deterministic: bool
    max_steps: PositiveInt | Literal[-1] = -1
    min_epochs: PositiveInt | None = None
    min_steps: PositiveInt | None = None
    max_time: str | Mapping[str, NonNegativeInt] | None = None
    gradient_clip_algorithm: Literal["norm", "value"] | None = None
    enable_progress_bar: bool | None = None
    enable_model_summary: bool | None = None
    log_every_n_steps: PositiveInt | None = None


class CheckpointConfig(Section):
    """When `last.ckpt` is written within an epoch, and which checkpoints a completed run keeps."""

    every_n_steps: PositiveInt | None
    every_n_minutes: PositiveFloat | None
    keep: Literal["all", "best"] = "all"


class TrainConfig(Section):
    """A whole config of `akshar train`."""

    name: str | None
    seed: Annotated[int, Field(ge=0, lt=2**32)]
    monitor: str
    monitor_mode: Mode | Literal["auto"] = "auto"  # configs of earlier versions lack the keys with a default
    test: bool
    init_from: str | None
    freeze: list[str] = []
    lr_factors: Mapping[str, PositiveFloat] | None = None
    deterministic: bool
    chance_warning_epochs: PositiveInt
    traceback: bool
    checkpoint: CheckpointConfig
    data: AnyDataConfig
    augment: Part
    model: Part
    loss: LossConfig
    optimizer: OptimizerConfig
    scheduler: SchedulerConfig
    trainer: TrainerConfig
    callbacks: Mapping[str, Part | None]
    metrics: Mapping[str, Part | None] = {}
    logger: Mapping[str, Part | None]

    @property
    def direction(self) -> Mode:
        """Which values of the monitored metric are better."""
        known = direction(self.to_record())
        assert known is not None  # checked with the config
        return known


class TestConfig(Section):
    """A whole config of `akshar test`."""

    __test__ = False  # not a test class of pytest

    checkpoint: Annotated[str, Field(min_length=1)]
    part: Literal["test", "train", "all"]
    trust: list[str]
    accelerator: Literal["auto", "cpu", "gpu", "cuda"]
    precision: Literal["auto", "32-true", "bf16-mixed"]
    traceback: bool
    data: AnyDataConfig


# Arguments that the framework passes itself, by part; a model, a loss and a metric may take fewer.
PASSED: Mapping[str, frozenset[str]] = {
    "model": frozenset({"num_classes", "in_channels", "image_size"}),
    "optimizer": frozenset({"params"}),
    "scheduler": frozenset({"optimizer"}),
    "logger": frozenset({"save_dir"}),
    "loss": frozenset({"num_classes"}),
    "metrics": frozenset({"num_classes", "task"}),
}
