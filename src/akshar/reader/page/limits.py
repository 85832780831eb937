"""Limits of requests: bytes, pixels, seconds, and the rate of one client."""

import asyncio
import io
import math
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from fastapi import HTTPException
from PIL import Image
from starlette.requests import ClientDisconnect, Request

from akshar.pictures.decode import FORMATS

BODY_BYTES = 8_000_000  # a phone's photo
BODY_SECONDS = 20.0  # time for a body to arrive
PIXELS = 30_000_000
CHARACTERS = 200  # in one row
AT_ONCE = 128  # requests in progress; more are refused
OF_ONE = 64  # of these from one client, so that its unfinished bodies leave room for others
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
    if wait := rate.wait(request.client.host if request.client else ""):
        headers = {"Retry-After": str(math.ceil(wait))}
        raise HTTPException(429, f"too many requests; try again in {wait:.2f} s", headers)


class Answering:
    """Number of requests in progress, by client."""

    def __init__(self) -> None:
        self._requests: Counter[str] = Counter()

    @contextmanager
    def one_more(self, request: Request) -> Iterator[None]:
        """Count a request while it is in progress.

        Raises:
            HTTPException: 429 for too many requests from its client, 503 for too many from all clients.
        """
        client = request.client.host if request.client else ""
        if self._requests[client] >= OF_ONE:
            raise HTTPException(429, "too many requests at once", {"Retry-After": "1"})
        if self._requests.total() >= AT_ONCE:
            raise HTTPException(503, "too many requests from all clients at once", {"Retry-After": "1"})
        self._requests[client] += 1
        try:
            yield
        finally:
            self._requests -= Counter([client])


async def read_body(request: Request) -> bytes:
    """Reads a picture's file from a request, up to BODY_BYTES.

    Raises:
        HTTPException: 400 cut short or empty, 408 too slow, 413 too large, 415 wrong Content-Type or encoding.
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
        async with asyncio.timeout(BODY_SECONDS):
            async for part in request.stream():
                body += part
                if len(body) > BODY_BYTES:
                    raise too_large
    except TimeoutError as error:
        raise HTTPException(408, f"the picture did not arrive within {BODY_SECONDS:g} s") from error
    except ClientDisconnect as error:
        raise HTTPException(400, "the picture was cut short") from error
    if not body:
        raise HTTPException(400, "no picture: the body is empty")
    return bytes(body)


def check_pixels(content: bytes) -> None:
    """Check a picture's size before it is decoded.

    Raises:
        HTTPException: 413 for too many pixels. Files that are not pictures pass: the decoder reports them.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with Image.open(io.BytesIO(content), formats=FORMATS) as image:
                pixels = image.width * image.height
    except Image.DecompressionBombError:
        pixels = PIXELS + 1
    except Exception:  # Pillow raises almost anything on a broken file
        return
    if pixels > PIXELS:
        raise HTTPException(413, f"more than the {PIXELS:,} pixels allowed; scale the picture down")
