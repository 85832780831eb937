"""Limits of requests: bytes, pixels, the rate of one client, and how many are answered at once."""

import asyncio
import ipaddress
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import HTTPException
from starlette.requests import ClientDisconnect, Request

BODY_BYTES = 8_000_000  # a phone's photo
PIXELS = 30_000_000
CELLS = 2_000  # candidates in one row, about ten for each character
AT_ONCE = 128  # pictures that have arrived and are being read; more are refused
OF_ONE = 64  # of these from one client
RATE = 50.0  # requests per second from one client; the page sends about twenty while someone draws
BURST = 2.0  # seconds of requests that may arrive at once
CLIENTS = 4096  # addresses to remember
ANY = "application/octet-stream"


class Rate:
    """Rate limit per client, by the generic cell rate algorithm (ITU-T I.371), which stores one number per client.

    Args:
        per_second: requests from one client; 0 for no limit.
        clock: monotonic time, seconds.
    """

    def __init__(self, per_second: float = RATE, clock: Callable[[], float] = time.monotonic):
        self.interval = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._paid_until: dict[str, float] = {}

    def wait(self, client: str) -> float:
        """Count a request of a client and return 0, or returns the seconds until its next request is allowed."""
        if not self.interval:
            return 0.0
        now = self._clock()
        paid = max(now, self._paid_until.get(client, now))
        early = paid + self.interval - now - max(BURST, self.interval)
        if early > 1e-9:
            return early
        self._paid_until.pop(client, None)  # keeps clients in order of their last request
        self._paid_until[client] = paid + self.interval
        if len(self._paid_until) > CLIENTS:
            del self._paid_until[next(iter(self._paid_until))]
        return 0.0


def check_rate(rate: Rate, request: Request) -> None:
    """Refuse a request beyond its client's rate.

    Raises:
        HTTPException: 429, with Retry-After in whole seconds.
    """
    if wait := rate.wait(client_of(request)):
        headers = {"Retry-After": str(math.ceil(wait))}
        raise HTTPException(429, f"too many requests; try again in {wait:.2f} s", headers)


def client_of(request: Request) -> str:
    """Name the client of a request, see `client_name`."""
    return client_name(request.client.host if request.client else "")


def client_name(host: str) -> str:
    """Name a client by its address; the addresses of an IPv6 network of 64 bits are those of one client.

    >>> [client_name(host) for host in ("192.0.2.7", "2001:db8::1", "2001:db8::2", "::ffff:192.0.2.7")]
    ['192.0.2.7', '2001:db8::/64', '2001:db8::/64', '192.0.2.7']
    """
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host
    if isinstance(address, ipaddress.IPv4Address):
        return host
    return str(address.ipv4_mapped or ipaddress.IPv6Network((address, 64), strict=False))


class Answering:
    """Number of pictures that are being read, by client.

    Args:
        decoding: pictures of one client that are decoded at the same time.
    """

    def __init__(self, decoding: int) -> None:
        self._decoding = decoding
        self._requests: Counter[str] = Counter()
        self._turns: dict[str, asyncio.Semaphore] = {}

    @contextmanager
    def one_more(self, request: Request) -> Iterator[None]:
        """Count a picture while it is being read.

        Raises:
            HTTPException: 429 for too many requests from its client, 503 for too many from all clients.
        """
        client = client_of(request)
        if self._requests[client] >= OF_ONE:
            raise HTTPException(429, "too many requests at once", {"Retry-After": "1"})
        if self._requests.total() >= AT_ONCE:
            raise HTTPException(503, "too many requests from all clients at once", {"Retry-After": "1"})
        self._requests[client] += 1
        try:
            yield
        finally:
            self._requests -= Counter([client])
            if client not in self._requests:
                self._turns.pop(client, None)

    def turn(self, request: Request) -> asyncio.Semaphore:
        """Turn of a counted picture to be decoded, so that one client's pictures leave a decoder for others."""
        return self._turns.setdefault(client_of(request), asyncio.Semaphore(self._decoding))


async def read_body(request: Request) -> bytes:
    """Reads a picture's file from a request, up to BODY_BYTES.

    Raises:
        HTTPException: 400 cut short or empty, 413 too large, 415 wrong Content-Type or encoding.
    """
    kind = request.headers.get("content-type", ANY).partition(";")[0].strip().lower()
    if kind != ANY and not kind.startswith("image/"):
        raise HTTPException(415, "send a picture's file as the body, with a Content-Type such as image/png")
    if request.headers.get("content-encoding", "identity").strip().lower() != "identity":
        raise HTTPException(415, "send the picture without Content-Encoding")
    too_large = HTTPException(413, f"larger than {BODY_BYTES // 1_000_000} MB; scale the picture down")
    length = request.headers.get("content-length", "")
    if length.isdecimal() and int(length[:20]) > BODY_BYTES:
        raise too_large
    body = bytearray()
    try:
        async for part in request.stream():
            body += part
            if len(body) > BODY_BYTES:
                raise too_large
    except ClientDisconnect as error:
        raise HTTPException(400, "the picture was cut short") from error
    if not body:
        raise HTTPException(400, "no picture: the body is empty")
    return bytes(body)
