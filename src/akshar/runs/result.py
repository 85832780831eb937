"""`Result`: what `result.json` holds. One type, one writer, one reader."""

from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, PrivateAttr, ValidationError

from akshar.data.card import DatasetCard
from akshar.errors import DataError, UsageError
from akshar.files import write_json
from akshar.metrics.summary import EvaluationMetrics, evaluate_predictions
from akshar.renamed import upgrade_config
from akshar.runs.card_of import card_of
from akshar.runs.logits_file import read_logits
from akshar.runs.provenance import Provenance
from akshar.runs.run_dir import RunDir
from akshar.untrusted import read_json

SCHEMA_VERSION = 2  # 1: akshar 0.1, without a number; there the loss that `akshar test` wrote was calibrated


class Record(BaseModel):
    """A part of a result; keys that a later version adds are kept."""

    model_config = ConfigDict(extra="allow")


class DataResult(Record):
    """The data that a run used.

    Attributes:
        source: name of the data set.
        subset: the part of its classes, where it has parts.
        part: which images were read: "test", "train" or "all".
        classes: number of classes.
        train, val, test: number of images; None where the data does not tell.
        digest: sha256 of all images; None for a LightningDataModule of one's own.
        split_digest: sha256 of the validation split.
    """

    source: str
    subset: str | None = None
    part: Literal["test", "train", "all"] = "test"
    classes: int
    train: int | None = 0
    val: int | None = 0
    test: int | None
    digest: str | None
    split_digest: str | None = None


class ModelResult(Record):
    """The network.

    Attributes:
        name: of its class or choice.
        parameters: number of its parameters.
    """

    name: str
    parameters: int


class FitResult(Record):
    """How training went.

    Attributes:
        epochs: finished epochs.
        steps: optimizer steps.
        seconds: time of training and validation.
        images_per_second: training images over those seconds.
        device: kind of device, as "cpu".
        devices: number of devices on each node.
        num_nodes: number of nodes.
        precision: of Lightning's Trainer, as "bf16-mixed".
        interrupted: whether the run was resumed at least once.
    """

    epochs: int
    steps: int
    seconds: float
    images_per_second: float
    device: str
    devices: int
    precision: str
    interrupted: bool
    num_nodes: int = 1


class BestResult(Record):
    """The best epoch by validation, and its checkpoint.

    Attributes:
        epoch: counted from 1; None for a checkpoint that was only tested.
        monitor: the metric that selected it; None where that is not known.
        mode: which values of that metric are better, "min" or "max".
        val_loss: mean cross-entropy in nats, not calibrated.
        val_accuracy: validation accuracy, [0, 1].
        checkpoint: its file, below the run's folder.
        temperature: divides the logits for calibrated confidence.
    """

    epoch: int | None = None
    monitor: str | None = None
    mode: Literal["min", "max"] | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    checkpoint: str
    temperature: float


class RepeatResult(Record):
    """A repetition compared with the run that it repeats.

    Attributes:
        run: the first run, as the command named it.
        matches: whether every metric is the same.
        differences: dotted key -> value then and now.
        others: differences of code, versions and machine, one line each.
    """

    run: str
    matches: bool
    differences: dict[str, tuple[Any, Any]]
    others: list[str]


class Result(Record):
    """The content of `result.json`, of `akshar train` and of `akshar test`.

    Attributes:
        schema_version: version of this format.
        status: "completed": only such a run has a result.
        name: name of the run in tables.
        config_hash: hash of what determines the metrics, see `akshar.config.config_hash`; None for a test.
        seed: seed of the training.
        data: the data that the run used.
        model: the network.
        fit: how training went; None for a test.
        best: the best epoch by validation, and its checkpoint.
        metrics: every metric of the best weights that validation and test logged: name, as "f1/val" -> value.
        test: metrics on the test images; None where they were not read.
        restricted: the same where only classes that occur in the images may be predicted; for a test on some of the
            network's classes.
        classes: names in the order of the logits.
        card: card of the data set, see `DatasetCard`.
        checkpoint: for a test, the tested checkpoint.
        config: the run's config, plain values.
        provenance: command line, code, versions and machine.
        repeats: for a repetition, how it compares with the first run.
    """

    schema_version: int = SCHEMA_VERSION
    status: Literal["completed"] = "completed"
    name: str
    config_hash: str | None = None
    seed: int | None = None
    data: DataResult
    model: ModelResult
    fit: FitResult | None = None
    best: BestResult
    metrics: dict[str, float] = Field(default_factory=dict)
    test: EvaluationMetrics | None = None
    restricted: EvaluationMetrics | None = None
    classes: list[str]
    card: dict[str, Any] | None = None
    checkpoint: str | None = None
    config: dict[str, Any]
    provenance: Provenance
    repeats: RepeatResult | None = Field(default=None)

    _folder: Path | None = PrivateAttr(default=None)  # no part of the record, which may be moved

    @property
    def folder(self) -> Path:
        """The run's folder.

        Raises:
            ValueError: this result was neither read from a file nor written to one.
        """
        if self._folder is None:
            raise ValueError("folder: this result was neither read from a file nor written to one")
        return self._folder

    @property
    def dataset_card(self) -> DatasetCard:
        """The data set's card; rebuilt from the config in a result of akshar 0.1, which did not keep it."""
        return DatasetCard.from_record(self.card) if self.card else card_of(self.config)

    @property
    def title(self) -> str:
        """Name and seed, for people."""
        return self.name if self.seed is None else f"{self.name}, seed {self.seed}"

    def __repr__(self) -> str:
        """Return one line, for a notebook; `model_dump` gives everything."""
        accuracy = f", test accuracy {self.test.accuracy:.2%}" if self.test else ""
        return f"<Result of {self.title}{accuracy}{f', in {RunDir(self._folder)}' if self._folder else ''}>"

    def __str__(self) -> str:
        """Return the same line, so that `print` shows no card and no config."""
        return repr(self)

    def write(self, path: Path) -> None:
        """Write `result.json`, whole or not at all."""
        write_json(path, self.model_dump(mode="json"))
        self._folder = path.parent


def read_result(run_dir: RunDir) -> Result:
    """Read a run's `result.json`, also one of an earlier version.

    Raises:
        UsageError: it is missing, damaged, or of a later version; the message names the file.
    """
    if not run_dir.result.exists():
        status = run_dir.read_status()
        state = f"is {status.status}, not completed" if status else "is not a run's folder"
        raise UsageError(f"{run_dir}: {state}: it has no result.json")
    return read_result_file(run_dir.result)


def keep_result(run_dir: RunDir, max_epochs: int) -> None:
    """Rename the result of a run that is about to be made longer, by its number of epochs."""
    try:
        result = read_result(run_dir)
    except UsageError:  # there is none, or it is damaged
        return
    if result.fit and result.config["trainer"]["max_epochs"] < max_epochs:
        run_dir.result.replace(run_dir.path / f"result-{result.fit.epochs}-epochs.json")


def read_result_file(path: Path) -> Result:
    """Read a `result.json` by its path; see `read_result`."""
    try:
        content = read_json(path)
    except (OSError, ValueError) as error:
        raise UsageError(f"{path}: cannot be read or is damaged ({error})") from error
    if not isinstance(content, dict):
        raise UsageError(f"{path}: not a result of akshar")
    version = content.get("schema_version", 1)
    if not isinstance(version, int) or version > SCHEMA_VERSION:
        raise UsageError(
            f"{path}: written by a later version of akshar (schema {version}); upgrade akshar to read it"
        )
    try:
        if isinstance(content.get("config"), dict):
            content = content | {"config": upgrade_config(content["config"], warn=False)}
        result = Result.model_validate(_upgraded(content, path.parent) if version == 1 else content)
    except ValidationError as error:
        where = ".".join(map(str, error.errors()[0]["loc"])) or "content"
        raise UsageError(f"{path}: not a result of akshar, or a damaged one (its {where} is wrong)") from error
    result._folder = path.parent
    return result


def _upgraded(content: dict[str, Any], folder: Path) -> dict[str, Any]:
    """Bring a result of akshar 0.1 into today's form; its test metrics are computed again from its predictions."""
    upgraded = content | {"restricted": None}
    if content.get("test") is not None:
        try:
            logits, labels = read_logits(folder / "predictions" / "test.npz")
            temperature = float(content["best"]["temperature"])
            upgraded["test"] = asdict(evaluate_predictions(logits, labels, content["classes"], temperature))
        except (KeyError, TypeError, ValueError, DataError) as error:
            raise UsageError(
                f"{folder}: written by akshar 0.1, and its predictions/test.npz cannot be read"
            ) from error
    return upgraded
