"""The page's server: its files, and a reader behind `POST /predict`."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from akshar import __version__
from akshar.errors import DataError
from akshar.pictures.decode import decode
from akshar.pictures.frame import SPEC
from akshar.pictures.framing import FramedPicture, frame_picture
from akshar.pictures.line import cut_line
from akshar.pictures.text import font_files
from akshar.reader.page.answers import Class, LineReading, Reading, Refusal, character_of, classes_of, line_of
from akshar.reader.page.batching import Batcher
from akshar.reader.page.guard import Guard, Hosts
from akshar.reader.page.limits import ANY, CHARACTERS, RATE, Answering, Rate, check_pixels, check_rate, read_body
from akshar.reader.reader import Reader

STATIC = Path(__file__).parent / "static"
FONT = "fontpkg_mukta"  # Devanagari and Latin drawn for one another
WEIGHTS = ("Regular", "SemiBold")
DECODERS = min(4, os.cpu_count() or 1)  # pictures decoded at once, which bounds memory
REFUSALS = {
    400: "no picture, or cut short",
    403: "asked under a foreign name, or by a foreign page",
    408: "the picture did not arrive in time",
    413: "too many bytes or pixels",
    415: "not said to be a picture",
    422: "not a picture that can be read",
    429: "too many requests; Retry-After says when",
    503: "too many requests of all clients together; Retry-After says when",
}
BODY = {"schema": {"type": "string", "format": "binary"}}
PICTURE = {"requestBody": {"required": True, "content": {"image/*": BODY, ANY: BODY}}}


def create_app(reader: Reader, host: str = "127.0.0.1", rate: float = RATE) -> FastAPI:
    """The server as an ASGI application.

    Args:
        reader: what reads.
        host: that it will be bound to; requests under other names are refused, see `Hosts`.
        rate: requests a second of one client address; 0 for any number.
    """
    limit = Rate(rate)
    answering = Answering()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.batcher = Batcher(reader.read_placed)
        with ThreadPoolExecutor(DECODERS, "decoder") as app.state.decoders:
            yield
        app.state.batcher.close()

    app = FastAPI(
        title="Akshar",
        version=__version__,
        description="Reads pictures of handwritten Devanagari characters.",
        docs_url=None,  # both would load scripts from elsewhere
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(Guard, hosts=Hosts(host))
    app.add_exception_handler(RequestValidationError, _bad_query)

    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": words} for status, words in REFUSALS.items()
    }

    @app.post("/predict", responses=refusals, openapi_extra=PICTURE)
    async def predict(
        request: Request, line: bool = Query(False, description="a row of separate characters")
    ) -> Reading | LineReading:
        """Reads the picture that is the body: PNG, JPEG, WebP, GIF, BMP, TIFF; dark on light or light on dark."""
        check_rate(limit, request)
        with answering.one_more(request):
            content = await read_body(request)
            start = time.perf_counter()
            loop = asyncio.get_running_loop()
            placed = await loop.run_in_executor(app.state.decoders, _find, content, line)
            answers = await app.state.batcher.read(placed)
            milliseconds = round(1e3 * (time.perf_counter() - start), 2)
            if line:
                return line_of(answers, milliseconds)
            return Reading(**character_of(answers[0]).model_dump(), milliseconds=milliseconds)

    @app.get("/classes")
    def classes() -> list[Class]:
        """What the model can tell apart, in its order."""
        return classes_of(reader.classes)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Answers as long as the server does."""
        return {"status": "ok"}

    _add_files(app)
    return app


def _find(content: bytes, line: bool) -> list[FramedPicture]:
    """The characters of a picture's file, framed."""
    check_pixels(content)
    try:
        grey = decode(content)
        placed = cut_line(grey, SPEC) if line else [frame_picture(grey, SPEC)]
    except DataError as error:
        raise HTTPException(422, str(error)) from error
    if len(placed) > CHARACTERS:
        raise HTTPException(422, f"{len(placed):,} marks that could be characters, {CHARACTERS} are read")
    return placed


def _bad_query(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    words = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
    return JSONResponse({"detail": words}, 422)


def _add_files(app: FastAPI) -> None:
    fonts = {path.stem.rpartition("-")[2]: path for path in font_files(FONT)}

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def index() -> FileResponse:
        return FileResponse(STATIC / "index.html")

    @app.get("/font/{weight}.ttf", include_in_schema=False)
    def font(weight: str) -> FileResponse:
        if weight not in WEIGHTS:
            raise HTTPException(404, "no such font")
        return FileResponse(fonts[weight], media_type="font/ttf", headers={"Cache-Control": "max-age=86400"})

    app.mount("/static", StaticFiles(directory=STATIC))
