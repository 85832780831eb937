"""A browser's connection to the server, with deadlines and a limit of connections, which uvicorn lacks."""

import json
import os
from asyncio import TimerHandle, Transport
from collections import Counter
from http import HTTPStatus
from typing import Any, cast

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from akshar.reader.page.limits import client_name

CONNECTIONS = 160  # open at once; more than the requests in progress, `limits.AT_ONCE`
CONNECTIONS_OF_ONE = 80  # of these from one client
BACKLOG = 16  # connections accepted at once; some times as many before the first of them is counted
RESERVED_FILES = 128  # of the process: its own, and connections that are not counted yet or being closed

HEAD, BODY, ANSWER, SENDING, CLOSING = "head", "body", "answer", "sending", "closing"
# Time that a client may take. ANSWER has none: it is the server's work, which `work_limits` bounds.
SECONDS = {HEAD: 10.0, BODY: 20.0, SENDING: 20.0, CLOSING: 10.0}
DETAILS = {
    HTTPStatus.LENGTH_REQUIRED: "send the body with a Content-Length, not in chunks",
    HTTPStatus.REQUEST_TIMEOUT: "the request did not arrive in time",
    HTTPStatus.SERVICE_UNAVAILABLE: "too many connections, or the server is stopping",
}


class _Parser(h11.Connection):
    """Refuses bodies in chunks: those of one byte cost a hundred times the work of the same body in one piece."""

    def next_event(self) -> Any:
        event = super().next_event()
        if isinstance(event, h11.Request) and any(name == b"transfer-encoding" for name, _ in event.headers):
            raise h11.RemoteProtocolError("a body in chunks")
        return event


class Connection(H11Protocol):
    """One connection, which ends when its client is too slow, or when others need its place.

    If there are too many connections, a new one replaces the one that has waited longest for its client, of the
    client with the most connections; never one whose request is complete.

    Attributes:
        phase: what the connection waits for: HEAD or BODY of a request, ANSWER by the server, SENDING of the answer
            to a client that does not read it, or CLOSING.
        since: the event loop's time when the phase began.
        host: name of the client.
    """

    phase = CLOSING
    since = 0.0
    host = ""
    _timer: TimerHandle | None = None

    def __init__(self, *args: Any, **kwargs: Any):
        super().__init__(*args, **kwargs)
        self.conn = _Parser(h11.SERVER)

    def connection_made(self, transport: Transport) -> None:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Count the connection, and close another one if there are too many."""
        super().connection_made(transport)
        self.host = client_name(self.client[0] if self.client else "")
        self._follow()
        self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the connection."""
        super().connection_lost(exc)
        if self._timer:
            self._timer.cancel()

    def data_received(self, data: bytes) -> None:
        """Handle a part of a request."""
        super().data_received(data)
        self._follow()

    def on_response_complete(self) -> None:
        """Wait for the next request."""
        super().on_response_complete()
        self._follow()

    def pause_writing(self) -> None:
        """Wait for a client that does not read."""
        super().pause_writing()
        self._follow()

    def resume_writing(self) -> None:
        """Go on with the answer."""
        super().resume_writing()
        self._follow()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or a body in chunks."""
        if self.conn.their_state is h11.SEND_BODY:
            self.end(HTTPStatus.LENGTH_REQUIRED)
        else:
            super().send_400_response(msg)

    def shutdown(self) -> None:
        """Finish the request in progress, if it has arrived, then close."""
        if self.phase == ANSWER:
            super().shutdown()
        else:
            self.end(HTTPStatus.SERVICE_UNAVAILABLE)

    def end(self, status: HTTPStatus) -> None:
        """Close the connection now; a client with an open request is told why as far as it reads."""
        if self.transport.is_closing() or self.transport.get_write_buffer_size():
            self.transport.abort()
            return
        if self._has_open_request():
            content = json.dumps({"detail": DETAILS[status]}).encode()
            headers = [("content-type", "application/json"), ("content-length", str(len(content)))]
            headers += [("connection", "close")]
            headers += [("retry-after", "1")] if status == HTTPStatus.SERVICE_UNAVAILABLE else []
            response = h11.Response(status_code=status, headers=headers, reason=status.phrase.encode())
            for event in (response, h11.Data(data=content), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        if self.cycle:  # the application hears that the client is gone, and its answer is dropped
            self.cycle.disconnected = True
            self.cycle.message_event.set()
        self.transport.close()
        self._follow()

    def _has_open_request(self) -> bool:
        """Whether a request has begun to arrive that has no answer yet."""
        if self.conn.our_state is h11.IDLE:
            return bool(self.conn.trailing_data[0])
        return self.conn.our_state is h11.SEND_RESPONSE

    def _follow(self) -> None:
        """Start a new phase's deadline."""
        phase = self._current()
        if phase == self.phase and self._timer:
            return
        if self._timer:
            self._timer.cancel()
        self.phase, self.since = phase, self.loop.time()
        seconds = SECONDS.get(phase)
        self._timer = self.loop.call_later(seconds, self.end, HTTPStatus.REQUEST_TIMEOUT) if seconds else None

    def _current(self) -> str:
        if self.transport.is_closing():
            return CLOSING
        if self.flow.write_paused:
            return SENDING
        return {h11.IDLE: HEAD, h11.SEND_BODY: BODY}.get(self.conn.their_state, ANSWER)

    def _make_room(self) -> None:
        everyone = cast("set[Connection]", self.connections)
        of_each = Counter(one.host for one in everyone)
        too_many = len(everyone) > most_connections()
        if not too_many and of_each[self.host] <= CONNECTIONS_OF_ONE:
            return
        hosts = of_each if too_many else (self.host,)
        waiting = [one for one in everyone - {self} if one.phase != ANSWER and one.host in hosts]
        if not waiting and not too_many:  # all of them are being answered, which `Answering` limits
            return
        longest = max(waiting, key=lambda one: (of_each[one.host], -one.since), default=self)
        longest.end(HTTPStatus.SERVICE_UNAVAILABLE)
        self.connections.discard(longest)  # it no longer counts, though the event loop has still to close it


def most_connections() -> int:
    """Number of connections for which the process can have files; each may send one of the page's files."""
    if os.name != "posix":
        return CONNECTIONS
    import resource

    files, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return CONNECTIONS if files == resource.RLIM_INFINITY else min(CONNECTIONS, (files - RESERVED_FILES) // 2)
