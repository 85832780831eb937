"""Who may ask: only pages of this server, under a name that it goes by; and what a browser may do with answers."""

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
    """The names under which a server may be asked.

    Another site's page can make its own name lead here (DNS rebinding), but not change the name that the browser
    then sends along.

    Args:
        host: that the server was told to bind to. Beyond this machine, its addresses and its name are known too.
    """

    def __init__(self, host: str):
        self.names = {*LOCAL, host.lower()}
        self.any_address = not is_local(host)
        if self.any_address:
            own = socket.gethostname().lower()
            self.names |= {own, own.partition(".")[0], f"{own.partition('.')[0]}.local"}

    def known(self, header: str) -> bool:
        """Whether a `Host` header, NAME or NAME:PORT, is one of ours."""
        try:
            name = (urlsplit(f"//{header}").hostname or "").lower()
        except ValueError:
            return False
        return name in self.names or (self.any_address and _is_address(name))


class Guard:
    """ASGI middleware: foreign hosts and foreign pages are refused, every answer carries `HEADERS`.

    Args:
        app: what is guarded.
        hosts: the names that are ours.
    """

    def __init__(self, app: ASGIApp, hosts: Hosts):
        self.app = app
        self.hosts = hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answers a request, or has it answered."""
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
            return "this server goes by another name; open the address that it printed"
        origin = headers.get("origin")
        if origin is not None and origin.partition("//")[2] != host:
            return "only this server's own page may ask"
        return None


def is_local(host: str) -> bool:
    """Whether only this machine reaches a host.

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
