"""`akshar draw` under attack: slow, silent and very many connections do no harm to others, and end in time."""

import asyncio
import contextlib
import json
import logging
import resource
import signal
import socket
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import pytest
from drawing import InkPredictor, picture, served, wait_for, wait_until_read
from hostile_pictures import slow_pgm

from akshar.reader.page import connections
from akshar.reader.page.app import create_app
from akshar.reader.page.connections import BODY, CLOSING, CONNECTIONS, CONNECTIONS_OF_ONE, HEAD, SENDING
from akshar.reader.page.log_limit import RECORDS, LogLimit
from akshar.reader.page.server import create_server, listen
from akshar.reader.reader import Reader

HALF_A_HEAD = b"POST /predict HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: image/png\r\n"
HALF_A_BODY = HALF_A_HEAD + b"Content-Length: 1000\r\n\r\nabc"
GET = b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"

# Lets a server decode pictures whose work is longer than its limits allow.
LARGE_PICTURES = """
from akshar.pictures import work_limits
from akshar.reader.page import limits

work_limits.DECODING_SECONDS = 1000.0
limits.BODY_BYTES = limits.PIXELS = 50_000_000
"""


@contextlib.contextmanager
def serving(rate=0.0):
    """Serve on a thread of this process; give the port."""
    listener = listen("127.0.0.1", 0)
    server = create_server(create_app(Reader(InkPredictor()), rate=rate))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
    thread.start()
    try:
        while not server.started:
            assert thread.is_alive()
            time.sleep(0.01)
        yield listener.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(20)
    assert not thread.is_alive()


@pytest.fixture
def short_deadlines(monkeypatch):
    """Make every deadline a second: a client that does its part keeps it also on a busy machine."""
    for phase in (HEAD, BODY, SENDING, CLOSING):
        monkeypatch.setitem(connections.SECONDS, phase, 1.0)


@pytest.fixture
def long_deadlines(monkeypatch):
    """Make every deadline a minute: longer than a test that does not wait for it."""
    for phase in (HEAD, BODY, SENDING, CLOSING):
        monkeypatch.setitem(connections.SECONDS, phase, 60.0)


def connect(port, sent=b"", source="127.0.0.1"):
    client = socket.create_connection(("127.0.0.1", port), timeout=30, source_address=(source, 0))
    client.sendall(sent)
    return client


def received(client):
    """Everything until the server closes."""
    parts = []
    with contextlib.suppress(ConnectionResetError):
        while part := client.recv(1 << 16):
            parts.append(part)
    return b"".join(parts)


def ask(port, headers=None):
    """Send a picture; give the status and the seconds that it took."""
    start = time.monotonic()
    request = urllib.request.Request(f"http://127.0.0.1:{port}/predict", picture(), {"Content-Type": "image/png"})
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    try:
        with urllib.request.urlopen(request, timeout=30) as response:
            assert json.load(response)["guesses"]
            return response.status, time.monotonic() - start
    except urllib.error.HTTPError as error:
        return error.code, time.monotonic() - start


@pytest.mark.parametrize(
    ("sent", "answered"),
    [
        (b"", b""),
        (HALF_A_HEAD, b"HTTP/1.1 408 "),
        (HALF_A_BODY, b"HTTP/1.1 408 "),
        (GET + HALF_A_HEAD, b"HTTP/1.1 200 "),
        (GET.replace(b"\r\n\r\n", b"\r\nContent-Length: 9\r\n\r\nabc"), b"HTTP/1.1 200 "),
        (GET, b"HTTP/1.1 200 "),
    ],
    ids=["nothing", "half a head", "half a body", "half a second head", "a body that nobody reads", "no more"],
)
def test_a_client_that_sends_no_more_is_not_waited_for(sent, answered, short_deadlines):
    with serving() as port:
        start = time.monotonic()
        with connect(port, sent) as client:
            got = received(client)
            assert time.monotonic() - start < 10  # the deadline of HEAD otherwise; the others are longer
            assert got.startswith(answered)
            assert bool(got) == bool(answered)
            if sent == GET + HALF_A_HEAD:
                assert b"HTTP/1.1 408 " in got
            assert ask(port)[0] == 200


def test_a_body_in_chunks_is_refused_before_it_is_read(fault):
    chunks = HALF_A_HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 100_000
    with serving() as port, contextlib.ExitStack() as clients:
        ask(port)
        for _ in range(60):  # half a minute of work, if they were read
            client = clients.enter_context(connect(port))
            with contextlib.suppress(ConnectionError):
                client.sendall(chunks)
        status, seconds = ask(port)
        assert status == 200
        assert seconds < 10
        with connect(port, HALF_A_HEAD + b"Transfer-Encoding: chunked\r\n\r\n") as client:
            got = received(client)
    assert got.startswith(b"HTTP/1.1 411 ")
    assert b"send the body with a Content-Length" in got
    fault("a body for `akshar draw` in 100,000 chunks of one byte", "refused before it is read, with status 411")


def test_a_client_that_sends_drop_by_drop_is_not_waited_for_longer(short_deadlines):
    with serving() as port, connect(port) as client:
        start = time.monotonic()
        with contextlib.suppress(ConnectionError):
            for byte in HALF_A_HEAD * 10:  # for 13 s
                client.sendall(bytes([byte]))
                time.sleep(0.02)
        assert time.monotonic() - start < 10


def test_a_client_that_does_not_read_is_not_waited_for(short_deadlines):
    font = b"GET /font/Regular.ttf HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
    with serving() as port:
        before = open_files()
        with socket.socket() as client:
            client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            client.connect(("127.0.0.1", port))
            client.sendall(font * 50)
            assert client.recv(9) == b"HTTP/1.1 "
            wait_for(lambda: open_files() <= before + 1)  # the client's own


def open_files():
    return len(list(Path("/proc/self/fd").iterdir()))


@pytest.mark.parametrize("sent", [b"", HALF_A_HEAD, HALF_A_BODY, GET], ids=["silent", "head", "body", "idle"])
def test_very_many_connections_keep_nobody_out(sent, long_deadlines, fault):
    with serving() as port:
        ask(port)
        before = open_files()
        with contextlib.ExitStack() as clients:
            for number in range(300):
                clients.enter_context(connect(port, sent))
                if number % 100 == 99:
                    status, seconds = ask(port)
                    assert status == 200
                    assert seconds < 10
            assert open_files() - before <= 300 + CONNECTIONS_OF_ONE + 5
        wait_for(lambda: open_files() <= before)
    fault("300 connections to `akshar draw` that send half a request", "others are answered; these are closed")


def test_the_connections_of_one_client_take_no_place_of_another():
    with serving() as port, contextlib.ExitStack() as clients:
        slow = clients.enter_context(connect(port, HALF_A_BODY, source="127.0.0.2"))
        for number in range(2 * CONNECTIONS):
            clients.enter_context(connect(port, HALF_A_HEAD, source=f"127.0.0.{3 + number % 2}"))
        assert ask(port)[0] == 200
        slow.sendall(bytes(997))  # still connected; no picture, but a whole request
        assert slow.recv(100).startswith(b"HTTP/1.1 422 ")


@pytest.mark.slow
def test_slow_pictures_of_one_client_leave_a_decoder_for_others(fault):
    content = slow_pgm(2000, 2000)  # two seconds of work each, and the decoders share Python's lock
    with serving() as port, contextlib.ExitStack() as clients:
        ask(port)
        for _ in range(20):
            client = clients.enter_context(connect(port, source="127.0.0.2"))
            client.sendall(HALF_A_HEAD + b"Content-Length: %d\r\n\r\n" % len(content) + content)
        wait_until_read(port)
        status, seconds = ask(port)
        assert status == 200
        assert seconds < 10
    fault("20 pictures at once from one client that take long to decode", "others are answered meanwhile")


def test_a_header_does_not_make_another_client(fault):
    with serving(rate=0.5) as port:
        assert ask(port, {"X-Forwarded-For": "10.0.0.1"})[0] == 200
        assert ask(port, {"X-Forwarded-For": "10.0.0.2"})[0] == 429
    fault("`X-Forwarded-For` with another address for each request to `akshar draw`", "counts as one client")


@pytest.mark.slow
@pytest.mark.skipif(not hasattr(resource, "prlimit"), reason="sets the limit of another process")
def test_few_open_files_suffice_and_its_log_stays_empty(finished):
    with served(finished[1]) as server:
        resource.prlimit(server.process.pid, resource.RLIMIT_NOFILE, (256, 256))
        port = urllib.parse.urlsplit(server.url).port
        with contextlib.ExitStack() as clients:
            for number in range(600):
                clients.enter_context(connect(port, HALF_A_HEAD, source=f"127.0.0.{2 + number % 50}"))
            assert ask(port)[0] == 200
            start = time.monotonic()
            assert server.stop(signal.SIGTERM) == (0, "")
            assert time.monotonic() - start < 20


@pytest.mark.slow
def test_stopped_at_work_it_ends_soon_and_quietly(finished, fault):
    content = slow_pgm(7000, 7000)  # more than 20 seconds of work, even on a fast machine
    with served(finished[1], first=LARGE_PICTURES) as server:
        port = urllib.parse.urlsplit(server.url).port
        head = HALF_A_HEAD + b"Content-Length: %d\r\n\r\n" % len(content)
        with contextlib.ExitStack() as clients:
            busy = [clients.enter_context(connect(port, head + content)) for _ in range(3)]
            unfinished = clients.enter_context(connect(port, HALF_A_BODY))
            wait_until_read(port)
            start = time.monotonic()
            assert server.stop(signal.SIGTERM) == (0, "")
            assert time.monotonic() - start < 20
            assert received(unfinished).startswith(b"HTTP/1.1 503 ")
            assert all(received(client)[:13] in (b"HTTP/1.1 503 ", b"HTTP/1.1 200 ") for client in busy)
    fault(
        "SIGTERM to `akshar draw` while it decodes pictures that take long",
        "ends within seconds, exit code 0",
    )


def record(error=None):
    info = (type(error), error, None) if error else None
    return logging.LogRecord("asyncio", logging.ERROR, "", 1, "failed %s", ("here",), info)


def test_a_flood_of_errors_does_not_fill_the_log():
    now = 0.0
    limit = LogLimit(clock=lambda: now)
    assert sum(limit.filter(record()) for _ in range(1000)) == RECORDS
    now = 61.0
    later = record()
    assert limit.filter(later)
    assert later.getMessage() == f"failed here ({1000 - RECORDS} more before, not written)"
    assert not limit.filter(record(asyncio.CancelledError()))
    assert sum(limit.filter(record()) for _ in range(1000)) == RECORDS - 1
