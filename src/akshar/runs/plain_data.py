"""Loads a file of `torch.save` as plain data: nothing in it is run, and it takes no more memory than its size.

Torch's own `weights_only=True` runs no code of the file, but believes the sizes that the file claims.
"""

import pickletools
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor

from akshar.errors import UsageError
from akshar.files import printable

MAX_PICKLE = 8_000_000  # bytes of the part that holds everything but the tensors' values; kilobytes are usual
MAX_VALUES = 1_000_000
MAX_DEPTH = 50
SHARING = 4  # a file's tensors may refer to the same bytes, as tied weights do, but not without end
# What a checkpoint is made of. Torch allows more, such as a `bytearray` of any length.
CALLED = frozenset(
    {"collections OrderedDict", "torch Size", "torch._utils _rebuild_tensor_v2", "torch._utils _rebuild_parameter"}
)
STORAGES = frozenset(
    f"torch {kind}Storage"
    for kind in ("BFloat16", "Bool", "Byte", "Char", "Double", "Float", "Half", "Int", "Long", "Short")
)


def load_plain(path: Path) -> object:
    """Load plain values and tensors on the CPU.

    Args:
        path: of a file that exists.

    Raises:
        UsageError: it is something else, damaged, holds code, or claims more than it has; the message names it.
    """
    if path.suffix == ".onnx":
        raise UsageError(
            f"{printable(path)}: an exported file is for reading and cannot be trained further; name a run, a "
            "checkpoint or a .safetensors file"
        )
    try:
        _check_archive(path)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about files that torch then refuses
            content = torch.load(path, map_location="cpu", weights_only=True)
        _check_sizes(content, SHARING * path.stat().st_size)
    except _Refused as error:
        raise UsageError(f"{printable(path)}: not a checkpoint of plain data ({error})") from error
    except Exception as error:  # zipfile, pickletools and torch raise many kinds
        raise UsageError(
            f"{printable(path)}: not a checkpoint of plain data (it is damaged, or something else)"
        ) from error
    return content


class _Refused(Exception):
    """Why a file is not loaded."""


def _check_archive(path: Path) -> None:
    """Check what a file is made of before torch reads it."""
    with path.open("rb") as file:
        if file.read(4) != b"PK\x03\x04":  # torch would read it in another way than `zipfile`
            raise _Refused("it is damaged, or something else")
    with zipfile.ZipFile(path) as archive:
        members = archive.infolist()
        unpacked = sum(member.file_size for member in members)
        if any(member.compress_type != zipfile.ZIP_STORED for member in members) or unpacked > path.stat().st_size:
            raise _Refused("it unpacks to more than its size")
        (pickled,) = [member for member in members if member.filename.endswith("/data.pkl")]
        if pickled.file_size > MAX_PICKLE:
            raise _Refused(f"it holds {pickled.file_size:,} bytes beside its tensors; {MAX_PICKLE:,} are allowed")
        for opcode, argument, _ in pickletools.genops(archive.read(pickled)):
            named = argument if opcode.name == "GLOBAL" else None
            if named is not None and named not in CALLED | STORAGES and not _is_dtype(str(named)):
                raise _Refused("it holds code, which is not run")


def _is_dtype(named: str) -> bool:
    module, _, name = named.partition(" ")
    return module == "torch" and isinstance(getattr(torch, name, None), torch.dtype)


def _check_sizes(content: object, max_bytes: int) -> None:
    """Check that going through the values ends, and that tensors have as many bytes as they claim."""
    waiting, values, tensor_bytes = [(content, 0)], 0, 0
    while waiting:
        node, depth = waiting.pop()
        values += 1
        if values > MAX_VALUES or depth > MAX_DEPTH:
            raise _Refused("it holds too many values, or too deeply nested ones")
        if isinstance(node, Tensor):
            size = node.numel() * node.element_size()
            tensor_bytes += size
            if size > node.untyped_storage().nbytes() or tensor_bytes > max_bytes:
                raise _Refused("its tensors claim more bytes than it has")
        elif isinstance(node, Mapping):
            waiting += [(child, depth + 1) for pair in node.items() for child in pair]
        elif isinstance(node, list | tuple | set):
            waiting += [(child, depth + 1) for child in node]
