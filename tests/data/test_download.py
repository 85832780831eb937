"""Downloads from a real server on this machine: retried, reported when refused, never half read."""

from collections.abc import Iterator

import pytest
from serving import Server

from akshar.data.download import TRIES, download
from akshar.errors import DataError

CONTENT = bytes(range(256)) * 4


@pytest.fixture
def server(monkeypatch) -> Iterator[Server]:
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between two tries
    serving = Server(CONTENT)
    yield serving
    serving.httpd.shutdown()


def fetch(server, folder, read=lambda path: path.read_bytes()):
    return download(server.url, folder, read, "take another way")


def test_the_file_is_read_and_removed(server, tmp_path):
    assert fetch(server, tmp_path) == CONTENT
    assert not list(tmp_path.iterdir())


def test_what_was_left_behind_is_not_read(server, tmp_path):
    (tmp_path / "download.partial").write_bytes(b"half")
    assert fetch(server, tmp_path) == CONTENT


@pytest.mark.parametrize("failure", [503, "cut short"])
def test_a_failure_is_retried(server, tmp_path, failure):
    server.failures = [failure] * (TRIES - 1)
    assert fetch(server, tmp_path) == CONTENT
    assert server.requests == TRIES


def test_a_refusal_is_reported_with_the_way_out(server, tmp_path):
    server.failures = [404] * 10
    with pytest.raises(
        DataError, match=r"data.zip could not be downloaded \(the server answered 404\); take another"
    ):
        fetch(server, tmp_path)
    assert not list(tmp_path.iterdir())


def test_a_missing_network_is_reported(no_network, tmp_path, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(DataError, match="no connection"):
        download("http://nowhere.invalid/x.zip", tmp_path, lambda path: path, "wait")


def test_an_error_while_reading_leaves_no_file(server, tmp_path):
    def read(path):
        raise DataError("not what it should be")

    with pytest.raises(DataError, match="not what it should be"):
        fetch(server, tmp_path, read)
    assert not list(tmp_path.iterdir())
