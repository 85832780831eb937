"""`precision=auto` looks at the processor and at the environment variables that limit it."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

from akshar.training.hardware import cpu_has_bf16

LIMITS = ("ONEDNN_MAX_CPU_ISA", "DNNL_MAX_CPU_ISA")


@pytest.fixture
def processor_with_bf16(monkeypatch):
    for name in LIMITS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: "AVX512")
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "flags : fpu avx512f avx512_bf16\n")


@pytest.mark.parametrize(
    ("isa", "native"),
    [
        (None, True),
        ("DEFAULT", True),
        ("AVX512_CORE_BF16", True),
        ("avx512_core_amx", True),
        ("AVX512_CORE_VNNI", False),
        ("AVX512_CORE", False),
        ("AVX2", False),
        ("avx2", False),
    ],
)
@pytest.mark.parametrize("variable", LIMITS)
def test_an_older_instruction_set_of_onednn_has_no_bf16(processor_with_bf16, monkeypatch, variable, isa, native):
    if isa:
        monkeypatch.setenv(variable, isa)
    assert cpu_has_bf16() is native


@pytest.mark.parametrize("capability", ["AVX2", "DEFAULT", "NO AVX"])
def test_pytorch_s_kernels_below_avx512_have_no_bf16(processor_with_bf16, monkeypatch, capability):
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert not cpu_has_bf16()


def test_a_processor_without_the_instructions_has_no_bf16(processor_with_bf16, monkeypatch):
    monkeypatch.setattr(Path, "read_text", lambda self, encoding: "flags : fpu avx2 avx512f\n")
    assert not cpu_has_bf16()


def test_aten_cpu_capability_is_obeyed(monkeypatch):
    monkeypatch.setenv("ATEN_CPU_CAPABILITY", "avx2")
    code = "from akshar.training.hardware import cpu_has_bf16; print(cpu_has_bf16())"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"
