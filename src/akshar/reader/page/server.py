"""A server on a socket, until a signal asks it to stop."""

import errno
import os
import signal
import socket

import uvicorn
from fastapi import FastAPI

from akshar.errors import UsageError
from akshar.reader.page.limits import BODY_SECONDS

STOP_SECONDS = int(BODY_SECONDS) + 5  # that requests in flight have to finish: also a body that never arrives
STOPS = (signal.SIGINT, signal.SIGTERM)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket.

    Args:
        host: a name or an address.
        port: 0 for any that is free.

    Raises:
        UsageError: the port is taken or not allowed, or there is no such host here.
    """
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        # Only of a socket that says it is TCP does asyncio send small parts at once; others wait 40 ms.
        listener = socket.socket(family, kind, socket.IPPROTO_TCP)
        try:
            if os.name == "posix":  # elsewhere it would let two servers share a port
                listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen(512)
        except OSError:
            listener.close()
            raise
        return listener
    except socket.gaierror as error:
        raise UsageError(f"--host {host}: no such host ({error.strerror})") from error
    except PermissionError as error:
        raise UsageError(f"--port {port}: is not allowed here; take one above 1023, or --port 0") from error
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise UsageError(f"--port {port}: is in use; take another, or --port 0 for a free one") from error
        raise UsageError(f"--host {host}: cannot be listened on ({error.strerror})") from error


def url_of(listener: socket.socket) -> str:
    """The address to open in a browser on this machine."""
    host, port = listener.getsockname()[:2]
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, str(host))
    return f"http://[{host}]:{port}/" if ":" in host else f"http://{host}:{port}/"


def serve(app: FastAPI, listener: socket.socket) -> bool:
    """Answers until Ctrl-C or SIGTERM; requests in flight are finished, a second Ctrl-C does not wait for them.

    Returns:
        Whether it had come up.
    """
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http="h11",
        ws="none",
        lifespan="on",
        log_level="error",
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=STOP_SECONDS,
    )
    server = uvicorn.Server(config)
    # uvicorn raises the signals that stopped it once more when it is done, for handlers from before.
    before = {number: signal.signal(number, lambda *_: None) for number in STOPS}
    try:
        server.run(sockets=[listener])
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        listener.close()
    return server.started
