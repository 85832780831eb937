"""Atomic writes, seeds, optional packages, and collective operations of a single process."""

import errno
import json

import pytest
import torch

from akshar import distributed
from akshar.errors import Interrupted, UsageError
from akshar.extras import require_packages
from akshar.files import atomic_file, is_full, link_atomic, partial_of, printable, write_atomic, write_json
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
    partial_of(second).write_bytes(b"left behind")
    link_atomic(first, second)
    assert second.read_bytes() == b"1"
    assert first.stat().st_ino == second.stat().st_ino
    write_atomic(first, b"3")
    assert second.read_bytes() == b"1"


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
