"""The cache: complete or missing, built once by many processes, clean after a full disk."""

import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
from damage import flip_bit

from akshar.data.cache import Stream, cached_arrays, fingerprint
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
    with pytest.raises(ValueError, match="read-only"):
        again["pixels"][0, 0] = 99


def test_an_array_is_written_while_it_is_made(tmp_path):
    stream = Stream((3, 4), np.uint8, (np.full(4, row, np.uint8) for row in range(3)))
    read = cached_arrays(tmp_path / "set", lambda: {"pixels": stream}, ["pixels"])["pixels"]
    assert (read.shape, read.dtype, read[:, 0].tolist()) == ((3, 4), np.uint8, [0, 1, 2])


def test_a_stream_that_fails_leaves_nothing(tmp_path):
    def rows():
        yield np.zeros(4, np.uint8)
        raise DataError("no picture")

    with pytest.raises(DataError, match="no picture"):
        cached_arrays(tmp_path / "set", lambda: {"pixels": Stream((2, 4), np.uint8, rows())}, ["pixels"])
    assert [path.suffix for path in tmp_path.iterdir()] == [".lock"]


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


DAMAGE = {
    "a flipped bit": lambda path: path.write_bytes(flip_bit(path.read_bytes(), -1)),
    "a file cut short": lambda path: os.truncate(path, path.stat().st_size - 3),
    "an empty file": lambda path: os.truncate(path, 0),
    "a missing file": lambda path: path.unlink(),
    "damaged checksums": lambda path: path.with_name("checksums.json").write_text("{"),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_cache_is_built_again(name, tmp_path, caplog, fault):
    first = cached_arrays(tmp_path / "set", arrays, ["pixels"])["pixels"]
    DAMAGE[name](tmp_path / "set" / "pixels.npy")
    again = cached_arrays(tmp_path / "set", arrays, ["pixels"])["pixels"]
    assert np.array_equal(again, arrays()["pixels"])
    if name in ("a missing file", "damaged checksums"):  # another process goes on reading what it had mapped
        assert np.array_equal(first, arrays()["pixels"])
    assert "building it again" in caplog.text
    cached_arrays(tmp_path / "set", never, ["pixels"])
    assert sorted(path.name for path in (tmp_path / "set").iterdir()) == ["checksums.json", "pixels.npy"]
    assert not list(tmp_path.glob("*.partial-*"))
    fault(f"{name} in the data cache", "noticed at the next read; built again")


def test_a_cache_without_checksums_is_of_an_earlier_version(tmp_path):
    cached_arrays(tmp_path / "set", arrays, ["pixels"])
    (tmp_path / "set" / "checksums.json").unlink()
    cached_arrays(tmp_path / "set", never, ["pixels"])


READ_AS_NOBODY = (
    "import mmap, os, sys, pathlib, numpy as np\n"
    "from akshar.data.cache import cached_arrays\n"
    "os.seteuid(65534)\n"
    "build = lambda: {'pixels': np.ones(5, np.uint8)}\n"
    "print(cached_arrays(pathlib.Path(sys.argv[1]), build, ['pixels'])['pixels'].sum())"
)


def read_as_nobody(folder):
    command = [sys.executable, "-c", READ_AS_NOBODY, str(folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def public(tmp_path_factory):
    """A folder in which everybody may create files, as in /tmp."""
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        place.chmod(0o1777)
        yield place


@pytest.mark.skipif(not hasattr(os, "geteuid"), reason="owners are checked on POSIX")
def test_a_cache_that_others_can_change_is_refused(public, fault):
    mine = public / "mine"
    cached_arrays(mine / "set", arrays, ["pixels"])
    for path in (mine, mine / "set"):
        path.chmod(0o777)
        with pytest.raises(DataError, match=r"other users can change this cache.*AKSHAR_CACHE") as caught:
            cached_arrays(mine / "set", arrays, ["pixels"])
        assert str(path) in str(caught.value)
        path.chmod(0o755)
    cached_arrays(mine / "set", never, ["pixels"])
    cached_arrays(public / "set", arrays, ["pixels"])  # own folder among those of others
    fault("a data cache that other users can write to, or put where it is looked for", "refused, with the way out")


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root gives a folder away")
def test_a_cache_of_another_user_is_refused_and_one_of_root_read(public):
    cached_arrays(public / "set", arrays, ["pixels"])
    read = read_as_nobody(public / "set")
    assert read.stdout == "66\n", read.stderr  # root's, and not writable
    os.chown(public / "set", 12345, 12345)
    read = read_as_nobody(public / "set")
    assert "DataError" in read.stderr
    assert "other users can change this cache" in read.stderr
    with pytest.raises(DataError, match="other users can change this cache"):
        cached_arrays(public / "set", never, ["pixels"])


def test_a_new_cache_is_not_open_to_all_whatever_the_umask(tmp_path):
    before = os.umask(0)
    try:
        cached_arrays(tmp_path / "root" / "set", arrays, ["pixels"])
        cached_arrays(tmp_path / "root" / "set", never, ["pixels"])
    finally:
        os.umask(before)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="mounting a small disk needs root")
def test_a_full_disk_is_told_and_leaves_nothing(tmp_path):
    command = ["mount", "-t", "tmpfs", "-o", "size=200k", "tmpfs", str(tmp_path)]
    mounted = subprocess.run(command, capture_output=True, check=False)
    if mounted.returncode:
        pytest.skip("this machine mounts no small disk")
    try:
        with pytest.raises(DataError, match=r"no space left for it.*data.cache_dir=FOLDER or AKSHAR_CACHE"):
            cached_arrays(tmp_path / "set", lambda: {"pixels": np.zeros(1_000_000, np.uint8)}, ["pixels"])
        assert not list(tmp_path.glob("set*/*"))
        assert len(cached_arrays(tmp_path / "set", arrays, ["pixels"])["pixels"]) == 3  # what fits works afterwards
    finally:
        subprocess.run(["umount", str(tmp_path)], check=True)


def test_a_folder_with_other_files_is_not_replaced(tmp_path):
    (tmp_path / "dhcd").mkdir()
    (tmp_path / "dhcd" / "mine.zip").write_text("mine")
    with pytest.raises(DataError, match=r"dhcd: is not a cache, it holds mine\.zip, and is not replaced"):
        cached_arrays(tmp_path / "dhcd", arrays, ["pixels"])
    assert (tmp_path / "dhcd" / "mine.zip").read_text() == "mine"


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
