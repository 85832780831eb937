"""What a request may cost: bytes, pixels, seconds, and how many of them a client may send."""

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

BODY_BYTES = 8_000_000  # a photograph of a telephone
BODY_SECONDS = 20.0  # in which a body has to arrive
PIXELS = 30_000_000
CHARACTERS = 200  # in one row
AT_ONCE = 128  # requests being answered; more are sent away
OF_ONE = 64  # of these, of one client: its unfinished bodies do not keep others out
RATE = 50.0  # requests a second of one client: a page that is drawn on asks about twenty times
BURST = 2.0  # seconds' worth of requests that may come at once
CLIENTS = 4096  # addresses remembered
ANY = "application/octet-stream"


class Rate:
    """How often each client may ask, by the generic cell rate algorithm (ITU-T I.371): one number a client.

    Args:
        per_second: requests of one client; 0 for any number.
        clock: seconds, never backwards.
    """

    def __init__(self, per_second: float = RATE, clock: Callable[[], float] = time.monotonic):
        self.interval = 1 / per_second if per_second else 0.0
        self._clock = clock
        self._paid_until: dict[str, float] = {}

    def wait(self, client: str) -> float:
        """Seconds that a client has to wait before it may ask; 0 where it may, which counts as asked."""
        if not self.interval:
            return 0.0
        now = self._clock()
        paid = max(now, self._paid_until.get(client, now))
        early = paid + self.interval - now - max(BURST, self.interval)
        if early > 1e-9:
            return early
        self._paid_until.pop(client, None)  # the last that asked is the last in order
        self._paid_until[client] = paid + self.interval
        if len(self._paid_until) > CLIENTS:
            del self._paid_until[next(iter(self._paid_until))]
        return 0.0


def check_rate(rate: Rate, request: Request) -> None:
    """Sends a client away that asks too often.

    Raises:
        HTTPException: 429, with the whole seconds to wait.
    """
    if wait := rate.wait(request.client.host if request.client else ""):
        headers = {"Retry-After": str(math.ceil(wait))}
        raise HTTPException(429, f"too many requests; the next in {wait:.2f} s", headers)


class Answering:
    """The requests being answered, by client."""

    def __init__(self) -> None:
        self._of: Counter[str] = Counter()

    @contextmanager
    def one_more(self, request: Request) -> Iterator[None]:
        """Counts a request while it lasts.

        Raises:
            HTTPException: 429 where its client has too many already, 503 where all clients have.
        """
        client = request.client.host if request.client else ""
        if self._of[client] >= OF_ONE:
            raise HTTPException(429, "too many requests at once", {"Retry-After": "1"})
        if self._of.total() >= AT_ONCE:
            raise HTTPException(503, "too many requests of all clients at once", {"Retry-After": "1"})
        self._of[client] += 1
        try:
            yield
        finally:
            self._of -= Counter([client])


async def read_body(request: Request) -> bytes:
    """A picture's file as it is sent, never more of it than is allowed.

    Raises:
        HTTPException: 400 cut short or empty, 408 too slow, 413 too large, 415 not said to be a picture.
    """
    kind = request.headers.get("content-type", ANY).partition(";")[0].strip().lower()
    if kind != ANY and not kind.startswith("image/"):
        raise HTTPException(415, "send a picture's file as the body, with Content-Type image/png or the like")
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
    """Looks at a picture's size before it is decoded.

    Raises:
        HTTPException: 413 for too many pixels; what is no picture passes, for the decoder to tell.
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
