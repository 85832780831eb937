"""What the server of `akshar draw` answers to a request, and which requests it refuses."""

import base64
import io
import threading
import zlib

import numpy as np
import pytest
import schemathesis
from drawing import CLASSES, LABELS, LOCAL, PNG, InkPredictor, picture, row_picture, send
from fastapi.testclient import TestClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
    unsupported_method,
)

from akshar.pictures.input_spec import InputSpec
from akshar.reader.page.app import create_app
from akshar.reader.page.limits import BODY_BYTES
from akshar.reader.reader import Reader


@pytest.fixture(scope="module")
def engine():
    return InkPredictor()


@pytest.fixture(scope="module")
def client(engine):
    with TestClient(create_app(Reader(engine), rate=0), base_url=LOCAL) as client:
        yield client


def blank(width=50, height=50):
    file = io.BytesIO()
    Image.new("L", (width, height), 255).save(file, "PNG")
    return file.getvalue()


def png_of_size(side):
    """A PNG that says it has side x side pixels, and holds next to nothing."""

    def chunk(name, content):
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    size = side.to_bytes(4, "big")
    head = chunk(b"IHDR", size + size + bytes([8, 0, 0, 0, 0]))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF", "PPM"])
@pytest.mark.parametrize("said", ["image/png", "image/x-unheard-of", "application/octet-stream", None])
def test_a_picture_is_read(kind, said, client):
    headers = {"Content-Type": said} if said else {}
    response = client.post("/predict", content=picture(kind=kind), headers=headers)
    answer = response.json()
    assert response.status_code == 200
    with Image.open(io.BytesIO(base64.b64decode(answer["pixels"].partition(",")[2]))) as seen:
        pixels = np.asarray(seen)
    assert pixels.shape == (32, 32)
    read = CLASSES[int(InkPredictor.labels(pixels[None])[0])]
    assert (answer["letter"], answer["problem"]) == (LABELS[read], None)
    assert len(answer["guesses"]) == 5
    assert answer["guesses"][0]["class_name"] == read
    assert answer["guesses"][0]["confidence"] == answer["confidence"] == pytest.approx(0.9)
    left, top, right, bottom = answer["box"]
    assert 0 <= left < right <= 96
    assert 0 <= top < bottom <= 96
    assert answer["milliseconds"] > 0


def test_what_is_no_character_is_said_to_be_none(client):
    all_ink = Image.new("L", (60, 60), 255)
    all_ink.paste(0, (8, 8, 52, 52))
    file = io.BytesIO()
    all_ink.save(file, "PNG")
    for content, problem in ((blank(), "blank"), (file.getvalue(), "all ink")):
        answer = client.post("/predict", content=content, headers=PNG).json()
        assert (answer["problem"], answer["letter"], answer["guesses"]) == (problem, None, [])
    with TestClient(create_app(Reader(InkPredictor(sure=0.3))), base_url=LOCAL) as unsure:
        answer = unsure.post("/predict", content=picture(), headers=PNG).json()
    assert (answer["problem"], answer["letter"]) == ("unsure", None)
    assert answer["guesses"][0]["confidence"] == pytest.approx(0.3)


def test_a_row_is_read_from_left_to_right(client):
    answer = client.post("/predict?line=true", content=row_picture(), headers=PNG).json()
    assert [round(one["box"][0], -1) for one in answer["characters"]] == [30, 110, 190]
    assert answer["text"] == "".join(one["letter"] for one in answer["characters"])
    assert client.post("/predict?line=true", content=blank(), headers=PNG).json()["characters"] == []


def test_a_model_of_another_size_is_drawn_for(engine):
    predictor = InkPredictor()
    predictor.input_spec = InputSpec(3, 48, 40, "dark on light", "none", 0, 0.5, 0.5)
    with TestClient(create_app(Reader(predictor)), base_url=LOCAL) as client:
        answer = send(client, picture()).json()
        row = send(client, row_picture(), path="/predict?line=true")
    with Image.open(io.BytesIO(base64.b64decode(answer["pixels"].partition(",")[2]))) as seen:
        assert (seen.size, seen.mode) == ((40, 48), "RGB")
    assert answer["problem"] is None
    assert (row.status_code, row.json()["detail"][:19]) == (422, "input_spec.framing=")


REFUSED = {
    "nothing": (lambda client: send(client, b""), 400, "the body is empty"),
    "text": (lambda client: send(client, b"hello"), 422, "not an image in a supported format"),
    "a PNG cut short": (lambda client: send(client, picture()[:-40]), 422, "cannot be read"),
    "PostScript": (lambda client: send(client, b"%!PS-Adobe-3.0 EPSF-3.0\n"), 422, "not an image"),
    "said to be text": (lambda client: send(client, picture(), {"Content-Type": "text/plain"}), 415, "image/png"),
    "a form": (lambda client: client.post("/predict", files={"file": picture()}), 415, "as the body"),
    "compressed": (lambda client: send(client, picture(), {**PNG, "Content-Encoding": "gzip"}), 415, "Encoding"),
    "too many bytes": (lambda client: send(client, bytes(BODY_BYTES + 1)), 413, "larger than 8 MB"),
    "too many bytes in parts": (
        lambda client: send(client, (bytes(1_000_000) for _ in range(20))),
        413,
        "larger than 8 MB",
    ),
    "30,000 x 30,000 pixels": (lambda client: send(client, png_of_size(30_000)), 413, "pixels allowed"),
    "6,000 x 6,000 pixels": (lambda client: send(client, png_of_size(6000)), 413, "30,000,000 pixels allowed"),
    "a row of specks": (
        lambda client: send(client, specks(), path="/predict?line=true"),
        422,
        "places that could be characters",
    ),
    "line=perhaps": (lambda client: send(client, picture(), path="/predict?line=perhaps"), 422, "line: "),
    "only=digitz": (
        lambda client: send(client, picture(), path="/predict?only=digitz"),
        400,
        "only=digitz: not a group, letter or class of this network; did you mean digits? It knows",
    ),
    "GET": (lambda client: client.get("/predict"), 405, "Method Not Allowed"),
    "no such page": (lambda client: client.get("/docs"), 404, "Not Found"),
    "no such font": (lambda client: client.get("/font/..%2f..%2fpyproject.ttf"), 404, ""),
    "a path that leads out": (lambda client: client.get("/static/..%2fapp.py"), 404, "Not Found"),
    "another name": (
        lambda client: client.get("/", headers={"Host": "evil.example:8000"}),
        403,
        "does not name this server",
    ),
    "a broken name": (lambda client: client.get("/", headers={"Host": "[::1"}), 403, "does not name this server"),
    "another page": (
        lambda client: send(client, picture(), {**PNG, "Origin": "http://evil.example"}),
        403,
        "other sites' pages are refused",
    ),
    "a sandboxed page": (
        lambda client: send(client, picture(), {**PNG, "Origin": "null"}),
        403,
        "other sites' pages",
    ),
}


def specks():
    image = Image.new("L", (1500, 60), 255)
    for left in range(5, 1490, 5):
        image.paste(0, (left, 20, left + 3, 40))
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


@pytest.mark.parametrize("name", REFUSED)
def test_a_bad_request_is_refused_with_a_reason(name, client):
    ask, status, reason = REFUSED[name]
    response = ask(client)
    assert response.status_code == status
    assert reason in response.json()["detail"]
    assert "\n" not in response.json()["detail"]


def test_every_answer_says_what_a_browser_may_do_with_it(client):
    for path in ("/", "/static/draw.js", "/font/Regular.ttf", "/healthz", "/nowhere"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'self'; img-src 'self' data: blob:;")
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "access-control-allow-origin" not in headers
    assert client.get("/font/Regular.ttf").headers["Content-Type"] == "font/ttf"
    assert "text/javascript" in client.get("/static/draw.js").headers["Content-Type"]
    assert client.head("/").status_code == 200
    assert "Write one &lt;character&gt;; it is read as you write." in client.get("/").text


def test_the_classes_are_listed(client):
    classes = client.get("/classes").json()
    assert [one["class_name"] for one in classes] == [*CLASSES]
    assert classes[0] == {"class_name": "character_1_ka", "letter": "क", "name": "ka"}


def test_a_part_of_the_alphabet_can_be_asked_for(client):
    digits, consonants = client.get("/groups").json()
    assert (digits["name"], digits["class_names"]) == ("digits", [f"digit_{value}" for value in range(10)])
    assert (consonants["name"], consonants["class_names"][0]) == ("consonants", "character_1_ka")
    whole = send(client, picture()).json()
    letter, name = whole["letter"], whole["guesses"][0]["class_name"]
    alone = send(client, picture(), path=f"/predict?only={letter}").json()
    assert (alone["letter"], len(alone["guesses"])) == (letter, 1)
    assert alone["confidence"] > whole["confidence"]
    other = "consonants" if name in digits["class_names"] else "digits"
    row = send(client, row_picture(), path=f"/predict?line=true&only={other}").json()["characters"]
    for answer in (send(client, picture(), path=f"/predict?only={other}").json(), *row):
        known = digits if other == "digits" else consonants
        assert {guess["class_name"] for guess in answer["guesses"]} <= {*known["class_names"]}
    assert send(client, picture(), path=f"/predict?only={other}").json()["problem"] == "unsure"


# The same examples each time: what is new is looked for with more of them, not by chance in CI.
FUZZ = settings(
    max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
FILES = [picture(kind=kind) for kind in ("PNG", "JPEG", "GIF", "BMP", "TIFF", "WEBP", "PPM")]


@FUZZ
@given(st.binary(max_size=300), st.sampled_from(["image/png", "image/gif", "application/octet-stream"]))
def test_any_bytes_are_answered(client, content, kind):
    assert send(client, content, {"Content-Type": kind}).status_code in (200, 400, 413, 422)


@FUZZ
@given(st.sampled_from(FILES), st.data(), st.booleans())
def test_any_damaged_picture_is_answered(client, file, data, line):
    damaged = bytearray(file)
    for position in data.draw(st.lists(st.integers(0, len(file) - 1), min_size=1, max_size=8)):
        damaged[position] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(1, len(file)))
    response = send(client, bytes(damaged[:cut]), path=f"/predict?line={str(line).lower()}")
    assert response.status_code in (200, 413, 422)


OWN = create_app(Reader(InkPredictor()), rate=0)
schema = schemathesis.openapi.from_asgi("/openapi.json", OWN, headers={"Host": "127.0.0.1"})


@schema.parametrize()
@settings(max_examples=25, deadline=None)
def test_the_server_keeps_to_its_openapi(case):
    kept = [
        not_a_server_error,
        status_code_conformance,
        content_type_conformance,
        response_schema_conformance,
        unsupported_method,
    ]
    case.call_and_validate(checks=kept, headers={"Host": "127.0.0.1"})


def test_no_answer_is_mixed_up_among_many_at_once(engine):
    app = create_app(Reader(engine), rate=0)
    parts = ["digits", "consonants", None]
    alone = [Reader(InkPredictor()).read(picture(slant), parts[slant % 3]) for slant in range(60)]
    assert len({answer.letter for answer in alone}) > 10
    found = {}
    with TestClient(app, base_url=LOCAL) as client:

        def ask(slant):
            part = parts[slant % 3]
            answer = send(client, picture(slant), path=f"/predict?only={part}" if part else "/predict").json()
            found[slant] = [guess["class_name"] for guess in answer["guesses"]]

        threads = [threading.Thread(target=ask, args=(slant,)) for slant in range(60)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [found[slant] for slant in range(60)] == [[one.class_name for one in each.guesses] for each in alone]
