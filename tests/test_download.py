"""Downloads from a real server on this machine: tried again, said when refused, never half taken."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from test_dhcd_archive import layout, pictures, png, write_zip

from akshar.data import download as download_module
from akshar.devanagari.dhcd import DHCD
from akshar.errors import DataError


class Server:
    """Serves one file; the first answers can be failures, or cut short."""

    def __init__(self, content: bytes):
        self.content = content
        self.failures: list[int | str] = []
        self.requests = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                outer.requests += 1
                failure = outer.failures.pop(0) if outer.failures else None
                self.send_response(failure if isinstance(failure, int) else 200)
                self.send_header("Content-Length", str(len(outer.content)))
                self.end_headers()
                self.wfile.write(outer.content[:100] if failure else outer.content)

            def log_message(self, *_: object) -> None:
                pass

        self.httpd = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.httpd.server_port}/dhcd.zip"
        threading.Thread(target=self.httpd.serve_forever, daemon=True).start()


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


@pytest.mark.parametrize("failure", [503, "cut short"])
def test_it_is_tried_again(server, source, failure):
    server.failures = [failure, failure]
    assert len(source.load().train) == 12
    assert server.requests == download_module.TRIES


def test_a_refusal_is_told_with_the_way_out(server, source, tmp_path):
    server.failures = [404] * 10
    with pytest.raises(DataError, match=r"the server answered 404.*data.archive=FILE.*data=glyphs"):
        source.load()
    assert not list((tmp_path / "cache").rglob("*.npy"))


def test_no_network_is_told(tmp_path, no_network, monkeypatch):
    monkeypatch.setattr("time.sleep", lambda seconds: None)
    with pytest.raises(DataError, match="no connection"):
        DHCD(cache_dir=str(tmp_path)).load()


def test_a_wrong_file_is_removed_so_that_the_next_start_asks_again(server, source, tmp_path):
    good, server.content = server.content, b"<html>a page of apology</html>"
    with pytest.raises(DataError, match="not a zip"):
        source.load()
    server.content = good
    assert len(source.load().train) == 12
