"""Runs the web application on a socket until a signal stops it."""

import asyncio
import errno
import os
import signal
import socket
from http import HTTPStatus

import uvicorn
from fastapi import FastAPI

from akshar.errors import UsageError
from akshar.reader.page.connections import BACKLOG, Connection
from akshar.reader.page.log_limit import limit_logs

QUEUE = 512  # connections that the system keeps until they are accepted
STOP_SECONDS = 4.0  # for requests in progress when the server stops
STOPS = (signal.SIGINT, signal.SIGTERM)


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        for listener in sockets or ():
            listener.listen(QUEUE)  # asyncio has made it as short as the number it accepts at once

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        asyncio.get_running_loop().call_later(STOP_SECONDS, self._end)
        await super().shutdown(sockets)

    def _end(self) -> None:
        """End the requests still in progress; uvicorn's own timeout would log each."""
        for connection in [*self.server_state.connections]:
            if isinstance(connection, Connection):
                connection.end(HTTPStatus.SERVICE_UNAVAILABLE)
        for task in [*self.server_state.tasks]:
            task.cancel()


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket.

    Args:
        host: a name or an address.
        port: 0 for a free one.

    Raises:
        UsageError: the port is in use or not allowed, or the host does not belong to this machine.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # asyncio disables Nagle's delay (40 ms for small parts) only on sockets created with IPPROTO_TCP.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # on Windows this lets two servers share a port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(QUEUE)
        except OSError:
            listener.close()
            raise
        return listener
    except socket.gaierror as error:
        raise UsageError(f"--host {host}: no such host ({error.strerror})") from error
    except PermissionError as error:
        raise UsageError(f"--port {port}: not permitted; use one above 1023, or --port 0 for a free one") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"--port {port}: in use; use another, or --port 0 for a free one") from error
        raise UsageError(f"--host {host}: cannot listen on it ({error.strerror})") from error


def url_of(listener: socket.socket) -> str:
    """URL to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, str(host))
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: FastAPI, listener: socket.socket) -> bool:
    """Serve until Ctrl-C or SIGTERM, then finish requests in progress for STOP_SECONDS.

    A second Ctrl-C does not wait for them.

    Returns:
        Whether the server started.
    """
    server = create_server(app)
    # When done, uvicorn raises the signal that stopped it again, for the handlers that it had replaced.
    before = {number: signal.signal(number, lambda *_: None) for number in STOPS}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
    return server.started


def create_server(app: FastAPI) -> uvicorn.Server:
    """Create the server that `serve` runs."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=Connection,
        proxy_headers=False,  # or a client on this machine could name another address for each request
        backlog=BACKLOG,
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=int(STOP_SECONDS) + 2,
    )
    limit_logs()
    return _Server(config)
