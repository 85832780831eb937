"""What a run computes with: accelerator, number of devices, precision; "auto" resolved."""

import os
from dataclasses import dataclass
from pathlib import Path

import torch

from akshar.cluster_launch import cluster_launch
from akshar.config.schema import TrainerConfig

# oneDNN's names of instruction sets that have no bf16
ISA_WITHOUT_BF16 = (
    *("SSE41", "AVX", "AVX2", "AVX2_VNNI", "AVX2_VNNI_2"),
    *("AVX512_MIC", "AVX512_MIC_4OPS", "AVX512_CORE", "AVX512_CORE_VNNI"),
)
GPU = ("auto", "gpu", "cuda")


@dataclass(frozen=True)
class Hardware:
    """Resolved arguments of Lightning's Trainer.

    Attributes:
        accelerator: as in the config.
        devices: number of devices of each node.
        precision: never "auto".
        num_nodes: number of nodes.
    """

    accelerator: str
    devices: int
    precision: str
    num_nodes: int = 1

    @property
    def world_size(self) -> int:
        """Number of devices in all, each with a process of its own."""
        return self.num_nodes * self.devices


def resolve_hardware(trainer: TrainerConfig, precision: str | None = None) -> Hardware:
    """Resolve what a config leaves to the machine.

    Args:
        trainer: of the config.
        precision: in place of "auto", where an earlier run resolved it.
    """
    chosen = resolve_precision(trainer.precision, trainer.accelerator)
    return Hardware(trainer.accelerator, resolve_devices(trainer), precision or chosen, trainer.num_nodes)


def resolve_precision(precision: str, accelerator: str) -> str:
    """Replace "auto" by bf16-mixed where the device computes bf16 natively, else by 32-true."""
    if precision != "auto":
        return precision
    if accelerator in GPU and torch.cuda.is_available():
        native = torch.cuda.is_bf16_supported(including_emulation=False)
    elif accelerator == "cpu" or not torch.backends.mps.is_available():
        native = cpu_has_bf16()
    else:
        native = False
    return "bf16-mixed" if native else "32-true"


def resolve_devices(trainer: TrainerConfig) -> int:
    """Replace "auto" by the tasks that a launch has on each node, by every GPU, or by 1 on a machine without."""
    if trainer.devices != "auto":
        return trainer.devices
    if (launch := cluster_launch()) is not None and launch.per_node is not None:
        return launch.per_node
    return max(1, torch.cuda.device_count() if trainer.accelerator in GPU else 0)


def cpu_has_bf16() -> bool:
    """Whether this process can multiply bf16 natively (AVX-512 BF16 or AMX).

    The processor must have the instructions, and neither PyTorch (`ATEN_CPU_CAPABILITY`) nor oneDNN
    (`ONEDNN_MAX_CPU_ISA`) may be limited to an older set: bf16 is then emulated, hundreds of times slower.
    """
    isa = os.environ.get("ONEDNN_MAX_CPU_ISA") or os.environ.get("DNNL_MAX_CPU_ISA") or "DEFAULT"
    if isa.upper() in ISA_WITHOUT_BF16 or torch.backends.cpu.get_cpu_capability() in ("DEFAULT", "NO AVX", "AVX2"):
        return False
    try:
        flags = next(
            line
            for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
            if line.startswith("flags")
        )
    except (OSError, StopIteration):
        return False
    return bool({"avx512_bf16", "amx_bf16"} & {*flags.split()})
