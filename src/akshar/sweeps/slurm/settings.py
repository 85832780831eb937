"""The settings of `hydra/launcher=slurm`, and the options of sbatch that they become."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from akshar.config.targets import plain_message
from akshar.errors import UsageError
from akshar.sweeps.slurm.submission import NAME

# Options of sbatch by which akshar finds its jobs again
OWN_OPTIONS = {"array", "clusters", "error", "job-name", "no-requeue", "nodes", "ntasks", "ntasks-per-node"}
OWN_OPTIONS |= {"open-mode", "output", "requeue", "signal"}
Count = Annotated[int, Field(ge=1)]


class SlurmSettings(BaseModel):
    """The node `hydra.launcher`, which `conf/hydra/launcher/slurm.yaml` explains key by key."""

    model_config = ConfigDict(extra="forbid", frozen=True, coerce_numbers_to_str=True)

    timeout_min: Count
    signal_delay_s: Count
    array_parallelism: Count
    max_restarts: Annotated[int, Field(ge=0)]
    wait: bool
    cpus_per_task: Count | None
    gpus_per_node: Count | None
    mem_gb: Annotated[float, Field(gt=0)] | None
    partition: str | None
    account: str | None
    qos: str | None
    constraint: str | None
    setup: list[str] | None
    additional_parameters: dict[str, Any]
    name: Annotated[str, Field(pattern=NAME)]

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.signal_delay_s >= 60 * self.timeout_min:
            least = {"seconds": 60 * self.timeout_min}
            raise PydanticCustomError("signal_delay_s", "must be less than timeout_min, {seconds} seconds", least)
        if own := sorted({key.replace("_", "-") for key in self.additional_parameters} & OWN_OPTIONS):
            raise PydanticCustomError(
                "additional_parameters", "must not have {own}, which akshar sets", {"own": ", ".join(own)}
            )
        return self

    @staticmethod
    def checked(node: Mapping[str, Any]) -> "SlurmSettings":
        """Type the values of the node.

        Raises:
            UsageError: lists every value that is wrong.
        """
        values = {key: value for key, value in node.items() if key != "_target_"}
        try:
            return SlurmSettings.model_validate(values)
        except ValidationError as error:
            raise UsageError(*map(_problem, error.errors())) from error

    def sbatch_options(self, name: str) -> dict[str, Any]:
        """Options for a job with that name, as submitit's `SlurmExecutor.update_parameters` takes them."""
        return {
            "job_name": name,
            "time": self.timeout_min,
            "signal_delay_s": self.signal_delay_s,
            "nodes": 1,
            "ntasks_per_node": 1,
            "cpus_per_task": self.cpus_per_task,
            "gpus_per_node": self.gpus_per_node,
            "mem": None if self.mem_gb is None else f"{max(1, round(self.mem_gb * 1024))}M",
            "partition": self.partition,
            "account": self.account,
            "qos": self.qos,
            "constraint": self.constraint,
            "setup": self.setup,
            "wckey": None,
            "stderr_to_stdout": True,
            "array_parallelism": self.array_parallelism,
            "additional_parameters": {"requeue": True} | self.additional_parameters,
        }


def _problem(details: Any) -> str:
    """Write one of pydantic's errors as `key=value: what it must be`."""
    if not details["loc"]:  # of several keys
        key = details["type"]
        return f"hydra.launcher.{key}={getattr(details['input'], key, details['input'].get(key))}: {details['msg']}"
    key = ".".join(str(part) for part in details["loc"])
    unknown = details["type"] == "extra_forbidden"
    problem = "hydra/launcher=slurm has no such key" if unknown else plain_message(details["msg"])
    return f"hydra.launcher.{key}={details['input']}: {problem[0].lower()}{problem[1:]}"
