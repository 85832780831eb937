"""Atomic writes, seeds, optional packages, and collective operations of a single process."""

import errno
import json
import os
import stat
import subprocess
import sys
import threading

import pytest
import torch

from akshar import distributed
from akshar.errors import Interrupted, UsageError
from akshar.extras import require_packages
from akshar.files import atomic_file, is_full, link_atomic, printable, write_atomic, write_json
from akshar.seeds import derive_seed, generator


def test_a_file_is_written_completely_or_left_as_it_was(tmp_path):
    path = tmp_path / "x"
    write_atomic(path, b"one")

    def fail_half_way():
        with atomic_file(path) as file:
            file.write(b"tw")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        fail_half_way()
    assert path.read_bytes() == b"one"
    assert [*tmp_path.iterdir()] == [path]


def test_a_link_replaces_what_was_there(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    first.write_bytes(b"1")
    second.write_bytes(b"2")
    link_atomic(first, second)
    assert second.read_bytes() == b"1"
    assert first.stat().st_ino == second.stat().st_ino
    link_atomic(first, second)  # the same file already
    write_atomic(first, b"3")
    assert second.read_bytes() == b"1"
    assert {*tmp_path.iterdir()} == {first, second}


def test_a_link_is_followed_also_to_nothing(tmp_path, fault):
    (tmp_path / "far").mkdir()
    for name in ("there", "missing"):
        (tmp_path / name).symlink_to(f"far/{name}")
    (tmp_path / "far" / "there").write_bytes(b"old")
    for name in ("there", "missing"):
        write_atomic(tmp_path / name, b"new")
        assert (tmp_path / name).is_symlink()
        assert (tmp_path / "far" / name).read_bytes() == b"new"
    best = tmp_path / "best"
    best.symlink_to("far/there")
    link_atomic(best, tmp_path / "missing")
    assert (tmp_path / "far" / "missing").stat().st_ino == (tmp_path / "far" / "there").stat().st_ino
    fault("an output that is a symbolic link, also to nothing", "its target is written; the link stays")


def test_an_existing_file_keeps_its_mode_and_owner(tmp_path, fault):
    kept, new, other = tmp_path / "kept", tmp_path / "new", tmp_path / "other"
    kept.write_bytes(b"old")
    kept.chmod(0o600)
    if os.getuid() == 0:
        os.chown(kept, 65534, 65534)
    owner = kept.stat().st_uid, kept.stat().st_gid
    mask = os.umask(0o027)
    try:
        write_atomic(kept, b"new")
        write_atomic(new, b"new")
    finally:
        os.umask(mask)
    assert stat.S_IMODE(kept.stat().st_mode) == 0o600
    assert (kept.stat().st_uid, kept.stat().st_gid) == owner
    assert stat.S_IMODE(new.stat().st_mode) == 0o640
    other.write_bytes(b"other")
    with pytest.raises(OSError, match="a link would change its mode or owner"):
        link_atomic(other, kept)
    assert kept.read_bytes() == b"new"
    fault("an output that exists with mode 600", "mode and owner stay as they are")


@pytest.mark.parametrize("kind", ["pipe", "device"])
def test_what_is_no_regular_file_is_written_directly(kind, tmp_path, fault):
    path, read = tmp_path / kind, []
    if kind == "pipe":
        os.mkfifo(path)
        reader = threading.Thread(target=lambda: read.append(path.read_bytes()), daemon=True)
        reader.start()
    else:
        try:
            os.mknod(path, stat.S_IFCHR | 0o666, os.makedev(1, 3))  # another /dev/null
            path.open("wb").close()
        except PermissionError:
            pytest.skip("devices cannot be made here")
    before = stat.S_IFMT(path.stat().st_mode)
    write_atomic(path, b"text")
    assert stat.S_IFMT(path.stat().st_mode) == before
    assert [*tmp_path.iterdir()] == [path]
    if kind == "pipe":
        reader.join(10)
        assert read == [b"text"]
    fault("an output that is a pipe or a device, as /dev/null", "is written, and stays what it is")


@pytest.mark.parametrize("to", ["file", "pipe"])
def test_dev_stdout_is_written_in_order(to, tmp_path):
    code = "from akshar.files import *; print(1); write_atomic(Path('/dev/stdout'), b'2\\n'); print(3)"
    with (tmp_path / "out").open("w+b") as file:
        target = file if to == "file" else subprocess.PIPE
        done = subprocess.run([sys.executable, "-c", code], stdout=target, check=True)
        file.seek(0)
        assert (file.read() if to == "file" else done.stdout) == b"1\n2\n3\n"


def test_a_name_as_long_as_the_file_system_allows(tmp_path, fault):
    path = tmp_path / ("n" * 251 + ".csv")
    write_atomic(path, b"text")
    assert path.read_bytes() == b"text"
    fault("an output with a name of 255 bytes", "written")


def test_nobody_else_decides_what_is_written(tmp_path):
    """A link that waits under the name of a file being written is not followed, and two writers do not mix."""
    path, victim = tmp_path / "x", tmp_path / "victim"
    victim.write_bytes(b"victim")
    (tmp_path / ".x.partial").symlink_to(victim)
    with atomic_file(path) as first:
        first.write(b"fir")
        with atomic_file(path) as second:
            second.write(b"second")
        first.write(b"st")
    assert path.read_bytes() == b"first"
    assert victim.read_bytes() == b"victim"


def test_an_error_names_the_file_and_not_its_partial_one(tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        write_atomic(tmp_path / "nowhere" / "x", b"")
    assert caught.value.filename == str(tmp_path / "nowhere" / "x")


def test_json_is_written_as_text_that_people_read(tmp_path):
    write_json(tmp_path / "x.json", {"letter": "क", "value": [1, None]})
    text = (tmp_path / "x.json").read_text(encoding="utf-8")
    assert "क" in text
    assert json.loads(text) == {"letter": "क", "value": [1, None]}


def test_no_space_left_is_known_by_its_number():
    assert is_full(OSError(errno.ENOSPC, "x"))
    assert is_full(OSError(errno.EDQUOT, "x"))
    assert not is_full(OSError(errno.ENOENT, "x"))
    assert not is_full(ValueError())


@pytest.mark.parametrize("text", ["चित्र.png", "ज\u094d\u200dञ", "a b"])
def test_what_can_be_shown_is_left_alone(text):
    assert printable(text) == text


def test_what_moves_the_cursor_is_escaped():
    assert printable("a\nb\x1b[2J\u202e") == "a\\nb\\x1b[2J\\u202e"


def test_seeds_of_different_keys_differ_and_are_the_same_every_time():
    assert derive_seed(7, "augment", 1) == 4_342_364_001_322_635_932
    seeds = {derive_seed(*keys) for keys in [(1,), (2,), (1, 1), ("1/1", 1), (1, "a"), (1, "b")]}
    assert len(seeds) == 6
    assert all(0 <= seed < 2**63 for seed in seeds)
    assert torch.equal(torch.rand(3, generator=generator(1, "x")), torch.rand(3, generator=generator(1, "x")))


def test_a_missing_package_is_named_with_its_extra():
    require_packages("akshar draw", "json", "numpy", extra="draw")
    message = r"^akshar draw: needs nowhere; get it with  pip install 'akshar\[draw\]'$"
    with pytest.raises(UsageError, match=message):
        require_packages("akshar draw", "json", "nowhere", extra="draw")


def test_errors_have_their_exit_codes():
    assert UsageError("a", "b").problems == ("a", "b")
    assert str(UsageError("a", "b")) == "a\nb"
    assert [Interrupted(number).exit_code for number in (2, 15, 10)] == [130, 143, 143]
    assert not isinstance(Interrupted(2), Exception)


def test_a_single_process_exchanges_nothing():
    value = torch.arange(3)
    assert distributed.world_size() == 1
    assert distributed.rank() == 0
    assert distributed.all_reduce_sum(value) is value
    assert distributed.all_gather(value) is value
    assert distributed.all_reduce_max(4) == distributed.broadcast_int(4) == 4
    distributed.broadcast_([value])
    assert value.tolist() == [0, 1, 2]
