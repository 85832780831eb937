"""Refuses requests from other sites' pages and for other hosts, and restricts what browsers do with responses."""

import ipaddress
import socket
from urllib.parse import urlsplit

from fastapi.responses import JSONResponse
from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

LOCAL = ("localhost", "127.0.0.1", "::1")
HEADERS = {
    "Content-Security-Policy": "default-src 'self'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}


class Hosts:
    """Host names that belong to a server.

    Another site can point its domain at this address (DNS rebinding), but cannot change the `Host` header that
    browsers then send.

    Args:
        host: address that the server listens on. If other machines reach it, any IP address and this machine's name
            are valid too.
    """

    def __init__(self, host: str):
        self.names = {*LOCAL, host.lower()}
        self.any_address = not is_local(host)
        if self.any_address:
            own = socket.gethostname().lower()
            self.names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}

    def known(self, header: str) -> bool:
        """Whether a `Host` header, NAME or NAME:PORT, names this server."""
        try:
            name = (urlsplit(f"//{header}").hostname or "").lower()
        except ValueError:
            return False
        return name in self.names or (self.any_address and _is_address(name))


class Guard:
    """ASGI middleware that refuses requests for other hosts or from other pages, and adds `HEADERS` to responses.

    Args:
        app: the application behind it.
        hosts: names of this server.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts):
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handles one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return

        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                headers.setdefault("Cache-Control", "no-cache")
            await send(message)

        reason = self._refusal(Headers(scope=scope))
        app = self.app if reason is None else JSONResponse({"detail": reason}, 403)
        await app(scope, receive, with_headers)

    def _refusal(self, headers: Headers) -> str | None:
        host = headers.get("host", "")
        if not self.hosts.known(host):
            return "the Host header does not name this server; open the address that it printed"
        origin = headers.get("origin")
        if origin is not None and origin.partition("//")[2] != host:
            return "requests from other sites' pages are refused"
        return None


def is_local(host: str) -> bool:
    """Whether a host is reachable from this machine only.

    >>> [is_local(host) for host in ("127.0.0.1", "localhost", "::1", "0.0.0.0", "192.168.1.5")]
    [True, True, True, False, False]
    """
    return host == "localhost" or (_is_address(host) and ipaddress.ip_address(host).is_loopback)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
