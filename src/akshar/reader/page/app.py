"""The page's web application: static files, and a reader behind `POST /predict`."""

import asyncio
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import numpy as np
from fastapi import FastAPI, HTTPException, Query, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, HTMLResponse, JSONResponse
from starlette.staticfiles import StaticFiles

from akshar import __version__
from akshar.errors import DataError, UsageError
from akshar.pictures.characters import read_character, read_row
from akshar.pictures.decode import TooManyPixels
from akshar.pictures.decoder_pool import DecoderPool
from akshar.pictures.framing import FramedPicture
from akshar.pictures.input_spec import InputSpec
from akshar.pictures.line.cells import Cell
from akshar.reader.page.answers import (
    Class,
    Group,
    LineReading,
    Reading,
    Refusal,
    character_of,
    classes_of,
    groups_of,
    line_of,
)
from akshar.reader.page.batching import Batcher
from akshar.reader.page.files import STATIC, fonts, page_html
from akshar.reader.page.guard import Guard, Hosts
from akshar.reader.page.limits import ANY, CELLS, PIXELS, RATE, Answering, Rate, check_rate, read_body
from akshar.reader.reader import Reader

DECODERS = min(4, os.cpu_count() or 1)  # pictures of one client decoded at the same time; bounds memory
REFUSALS = {
    400: "the picture is missing or cut short, or `only` names no class of the model",
    403: "the Host or Origin header names another site",
    408: "the picture did not arrive in time",
    411: "the body came in chunks, without a Content-Length",
    413: "too many bytes or pixels",
    415: "the Content-Type is not an image's",
    422: "the picture cannot be read",
    429: "too many requests from this client; see Retry-After",
    503: "too many requests from all clients; see Retry-After",
}
BODY = {"schema": {"type": "string", "format": "binary"}}
PICTURE = {"requestBody": {"required": True, "content": {"image/*": BODY, ANY: BODY}}}


def create_app(reader: Reader, host: str = "127.0.0.1", rate: float = RATE) -> FastAPI:
    """Create the ASGI application.

    Args:
        reader: the model that answers.
        host: address it will listen on; requests for other hosts are refused, see `Hosts`.
        rate: limit of requests per second from one client address; 0 for no limit.
    """
    spec, subject = reader.predictor.input_spec, reader.predictor.card.subject
    limit = Rate(rate)
    answering = Answering(DECODERS)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        app.state.batcher, app.state.row_batcher = Batcher(reader.classify), Batcher(reader.look_once)
        with DecoderPool(DECODERS + 1) as app.state.decoders:
            yield
        app.state.batcher.close()
        app.state.row_batcher.close()

    app = FastAPI(
        title="Akshar",
        version=__version__,
        description=f"Reads pictures of one {subject} each.",
        docs_url=None,  # both load scripts from other sites
        redoc_url=None,
        lifespan=lifespan,
    )
    app.add_middleware(Guard, hosts=Hosts(host))
    app.add_exception_handler(RequestValidationError, _bad_query)

    refusals: dict[int | str, dict[str, Any]] = {
        status: {"model": Refusal, "description": reason} for status, reason in REFUSALS.items()
    }

    @app.post("/predict", responses=refusals, openapi_extra=PICTURE)
    async def predict(
        request: Request,
        line: bool = Query(False, description="the picture is a row of characters"),
        only: str | None = Query(None, description="a group, or letters: what the picture may show; see /groups"),
    ) -> Reading | LineReading:
        """Reads the picture in the body: PNG, JPEG, WebP, GIF, BMP or TIFF; dark on light or light on dark."""
        check_rate(limit, request)
        chosen = _chosen(reader, only)
        content = await read_body(request)
        with answering.one_more(request):
            start = time.perf_counter()
            loop = asyncio.get_running_loop()
            async with answering.turn(request):
                framed = await loop.run_in_executor(app.state.decoders, _frame, content, spec, line)
            if isinstance(framed, FramedPicture):
                (row,) = await app.state.batcher.classify([framed])
                answer = reader.answer(framed, row, chosen)
                return Reading(**character_of(answer).model_dump(), milliseconds=_milliseconds(start))
            rows = await app.state.row_batcher.classify([cell.framed for cell in framed])
            answers = await loop.run_in_executor(app.state.decoders, reader.answer_row, framed, rows, chosen)
            return line_of(answers, _milliseconds(start))

    @app.get("/classes")
    def classes() -> list[Class]:
        """List the model's classes, in its order."""
        return classes_of(reader)

    @app.get("/groups")
    def groups() -> list[Group]:
        """List the groups of the model's classes."""
        return groups_of(reader)

    @app.get("/healthz")
    def healthz() -> dict[str, str]:
        """Report that the server is running."""
        return {"status": "ok"}

    _add_files(app, subject)
    return app


def _chosen(reader: Reader, only: str | None) -> np.ndarray:
    """Positions of the classes that a request names."""
    try:
        return reader.choose(only)
    except UsageError as error:
        raise HTTPException(400, str(error)) from error


def _milliseconds(start: float) -> float:
    return round(1e3 * (time.perf_counter() - start), 2)


def _frame(content: bytes, spec: InputSpec, line: bool) -> FramedPicture | list[Cell]:
    """Frame the character in a picture's file, or the candidates of a row."""
    try:
        framed = read_row(content, spec, PIXELS) if line else read_character(content, spec, PIXELS)
    except TooManyPixels as error:
        raise HTTPException(413, str(error)) from error
    except (DataError, UsageError) as error:
        raise HTTPException(422, str(error)) from error
    if isinstance(framed, list) and len(framed) > CELLS:
        raise HTTPException(422, f"{len(framed):,} places that could be characters, at most {CELLS:,} are read")
    return framed


def _bad_query(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    detail = "; ".join(f"{problem['loc'][-1]}: {problem['msg']}" for problem in error.errors())
    return JSONResponse({"detail": detail}, 422)


def _add_files(app: FastAPI, subject: str) -> None:
    page, weights = page_html(subject, "server", "pictures"), fonts()

    @app.api_route("/", methods=["GET", "HEAD"], include_in_schema=False)
    def index() -> HTMLResponse:
        return HTMLResponse(page)

    @app.get("/font/{weight}.ttf", include_in_schema=False)
    def font(weight: str) -> FileResponse:
        if weight not in weights:
            raise HTTPException(404, "no such font")
        return FileResponse(weights[weight], media_type="font/ttf", headers={"Cache-Control": "max-age=86400"})

    app.mount("/static", StaticFiles(directory=STATIC))
