"""Whom the server of `akshar draw` refuses: clients that ask too often or too much at once, and other hosts."""

import contextlib

import pytest
from drawing import LOCAL, InkPredictor, picture, send
from fastapi import HTTPException
from fastapi.testclient import TestClient
from starlette.requests import Request

from akshar.reader.page import limits
from akshar.reader.page.app import create_app
from akshar.reader.page.guard import Hosts
from akshar.reader.page.limits import CLIENTS, OF_ONE, Answering, Rate
from akshar.reader.reader import Reader


@pytest.fixture(scope="module")
def engine():
    return InkPredictor()


def test_who_asks_too_often_waits(engine):
    with TestClient(create_app(Reader(engine), rate=0.5), base_url=LOCAL) as client:
        first, second = (send(client, picture()) for _ in range(2))
        assert client.get("/").status_code == 200
    assert (first.status_code, second.status_code) == (200, 429)
    assert int(second.headers["Retry-After"]) == 2


def test_a_rate_allows_a_burst_and_then_its_pace():
    now = 0.0
    rate = Rate(50, clock=lambda: now)
    assert [rate.wait("a") for _ in range(100)] == [0] * 100
    assert rate.wait("a") == pytest.approx(0.02)
    assert rate.wait("b") == 0
    allowed = 0
    for _ in range(1000):
        now += 0.01
        allowed += rate.wait("a") == 0
    assert allowed == pytest.approx(500, abs=1)
    for number in range(2 * CLIENTS):
        rate.wait(str(number))
    assert len(rate._paid_until) <= CLIENTS


@pytest.mark.parametrize(("limit", "status"), [("AT_ONCE", 503), ("OF_ONE", 429)])
def test_too_many_at_once_are_sent_away(limit, status, engine, monkeypatch):
    monkeypatch.setattr(limits, limit, 0)
    with TestClient(create_app(Reader(engine)), base_url=LOCAL) as client:
        response = send(client, picture())
    assert (response.status_code, response.headers["Retry-After"]) == (status, "1")


def test_one_client_s_unfinished_bodies_leave_room_for_others(engine):
    answering = Answering(1)

    def ask(host):
        return answering.one_more(Request({"type": "http", "client": (host, 1)}))

    with contextlib.ExitStack() as unfinished:
        for _ in range(OF_ONE):
            unfinished.enter_context(ask("a"))
        with pytest.raises(HTTPException, match="429"):
            unfinished.enter_context(ask("a"))
        unfinished.enter_context(ask("b"))
    with ask("a"):  # all have ended
        pass


@pytest.mark.parametrize(
    ("host", "known", "foreign"),
    [
        ("127.0.0.1", "127.0.0.1:8000 localhost LOCALHOST:1 [::1]:8000", "192.168.1.5 evil.example [fe80::1] ''"),
        ("0.0.0.0", "192.168.1.5:8000 localhost [fe80::1]:80", "evil.example evil.example:8000 127.0.0.1.evil"),
        ("box.example", "box.example:8000 BOX.example", "evil.example"),
    ],
)
def test_a_server_knows_its_names(host, known, foreign):
    hosts = Hosts(host)
    assert all(map(hosts.known, known.split()))
    assert not any(map(hosts.known, foreign.split()))
