"""DHCD without an archive: downloaded once, only the decoded arrays are kept."""

from collections.abc import Iterator

import pytest
from serving import Server
from test_dhcd_archive import layout, pictures, png, write_zip

from akshar.devanagari.dhcd import DHCD
from akshar.errors import DataError


@pytest.fixture
def server(tmp_path, monkeypatch) -> Iterator[Server]:
    members = {name: png(pixels) for name, pixels in pictures().items()}
    serving = Server(write_zip(tmp_path / "served.zip", members).read_bytes())
    monkeypatch.setattr("time.sleep", lambda seconds: None)  # between two tries
    yield serving
    serving.httpd.shutdown()


@pytest.fixture
def source(server, tmp_path) -> DHCD:
    return DHCD(url=server.url, cache_dir=str(tmp_path / "cache"), layout=layout(pictures()))


def test_it_is_downloaded_once_and_only_the_decoded_arrays_are_kept(server, source, tmp_path):
    digest = source.load().digest()
    assert source.load().digest() == digest
    assert server.requests == 1
    assert not list((tmp_path / "cache").rglob("*.zip"))


def test_a_refusal_names_the_other_ways_to_the_data(server, source, tmp_path):
    server.failures = [404] * 10
    with pytest.raises(DataError, match=r"the server answered 404.*data.archive=FILE.*data=glyphs"):
        source.load()
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_a_wrong_file_is_removed_so_that_the_next_start_downloads_again(server, source):
    good, server.content = server.content, b"<html>a page of apology</html>"
    with pytest.raises(DataError, match="not a zip"):
        source.load()
    server.content = good
    assert len(source.load().train) == 12
