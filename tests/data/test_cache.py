"""The cache: complete or missing, built once by many processes, clean after a full disk."""

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from akshar.data.cache import cached_arrays, fingerprint
from akshar.errors import DataError


def arrays():
    return {"pixels": np.arange(12, dtype=np.uint8).reshape(3, 4)}


def never():
    raise AssertionError("built although it was there")


def test_what_was_built_is_read_back_and_not_built_again(tmp_path):
    cached_arrays(tmp_path / "set", arrays, ["pixels"])
    again = cached_arrays(tmp_path / "set", never, ["pixels"])
    assert np.array_equal(again["pixels"], arrays()["pixels"])
    assert isinstance(again["pixels"], np.memmap)
    again["pixels"][0, 0] = 99  # copy on write: the file stays as it is
    assert cached_arrays(tmp_path / "set", never, ["pixels"])["pixels"][0, 0] == 0


def test_a_folder_that_lacks_a_part_is_built_again(tmp_path):
    cached_arrays(tmp_path / "set", arrays, ["pixels"])
    whole = cached_arrays(tmp_path / "set", lambda: arrays() | {"labels": np.zeros(3)}, ["pixels", "labels"])
    assert set(whole) == {"pixels", "labels"}


def test_a_build_that_fails_or_is_killed_leaves_nothing_that_is_read(tmp_path):
    with pytest.raises(ZeroDivisionError):
        cached_arrays(tmp_path / "set", lambda: {"pixels": 1 // 0}, ["pixels"])
    left_behind = tmp_path / "set.partial-1"
    left_behind.mkdir()
    (left_behind / "pixels.npy").write_bytes(b"half")
    assert np.array_equal(cached_arrays(tmp_path / "set", arrays, ["pixels"])["pixels"], arrays()["pixels"])
    assert not left_behind.exists()


def test_many_that_start_at_once_build_once(tmp_path):
    script = (
        "import sys, time, pathlib, numpy as np\n"
        "from akshar.data.cache import cached_arrays\n"
        "def build():\n"
        "    (pathlib.Path(sys.argv[1]) / f'built-{time.time_ns()}').touch()\n"
        "    time.sleep(0.5)\n"
        "    return {'pixels': np.ones(5, np.uint8)}\n"
        "print(cached_arrays(pathlib.Path(sys.argv[1]) / 'set', build, ['pixels'])['pixels'].sum())\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    with ThreadPoolExecutor(4) as pool:
        done = list(
            pool.map(lambda _: subprocess.run(command, capture_output=True, text=True, check=True), range(4))
        )
    assert [process.stdout.strip() for process in done] == ["5"] * 4
    assert len(list(tmp_path.glob("built-*"))) == 1


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this machine mounts no small disk")
    try:
        with pytest.raises(DataError, match=r"the disk is full.*data.cache_dir=FOLDER or AKSHAR_CACHE"):
            cached_arrays(tmp_path / "set", lambda: {"pixels": np.zeros(1_000_000, np.uint8)}, ["pixels"])
        assert not list(tmp_path.glob("set*/*"))
        assert len(cached_arrays(tmp_path / "set", arrays, ["pixels"])["pixels"]) == 3  # what fits works afterwards
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_place_that_cannot_be_written_is_told(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="the cache cannot be written"):
        cached_arrays(tmp_path / "file" / "set", arrays, ["pixels"])


def test_a_fingerprint_changes_with_a_file(tmp_path):
    path = tmp_path / "file"
    path.write_text("one")
    first = fingerprint([path])
    assert fingerprint([path]) == first
    assert fingerprint([path], "other key") != first
    path.write_text("three")
    assert fingerprint([path]) != first
