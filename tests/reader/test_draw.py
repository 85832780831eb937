"""`akshar draw`: how it starts and stops."""

import contextlib
import http.client
import io
import json
import signal
import socket
import urllib.parse
import urllib.request

import numpy as np
import pytest
from drawing import PNG, served, wait_until_read
from PIL import Image

from akshar.commands.arguments import require_model
from akshar.errors import UsageError
from akshar.reader.page.server import listen, url_of


def noise_png(side):
    """A PNG that does not shrink."""
    file = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (side, side, 3), np.uint8)).save(file, "PNG")
    return file.getvalue()


def run_folder(workplace, name, status="completed", checkpoint=True):
    folder = workplace / "outputs" / "train" / name
    (folder / "checkpoints").mkdir(parents=True)
    record = {"status": status, "epoch": 1, "step": 9, "updated": "2026-01-01T00:00:00Z", "pid": 1, "host": "a"}
    (folder / "status.json").write_text(json.dumps({**record, "error": None}))
    if checkpoint:
        (folder / "checkpoints" / "best.ckpt").touch()


def test_without_a_model_the_way_to_one_is_said(workplace, refused):
    (line,) = refused("draw")
    assert "draw: name a model: letters58, which comes with akshar, or a run, outputs/train/RUN;" in line
    assert "`akshar train experiment=quickstart` trains one" in line
    run_folder(workplace, "2026-01-01_a")
    run_folder(workplace, "2026-01-02_b")
    run_folder(workplace, "2026-01-03_c", status="failed")
    run_folder(workplace, "2026-01-04_d", checkpoint=False)
    (line,) = refused("draw")
    assert line.endswith("akshar draw outputs/train/2026-01-02_b")
    with pytest.raises(UsageError, match="akshar predict outputs/train/2026-01-02_b"):
        require_model(None, "predict")
    assert require_model("mine.onnx", "predict") == "mine.onnx"


def test_what_cannot_be_served_is_said(refused):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        (line,) = refused("draw", "some/run", "--port", str(port))
    assert line == f"error: --port {port}: in use; use another, or --port 0 for a free one"
    (line,) = refused("draw", "some/run", "--port", "99999")
    assert "from 0 to 65535" in line
    (line,) = refused("draw", "some/run", "--rate", "nan")
    assert "--rate nan" in line
    (line,) = refused("draw", "some/run", "--host", "192.0.2.1", "--port", "0")
    assert "--host 192.0.2.1: cannot listen on it" in line
    (line,) = refused("draw", "no/such/run", "--port", "0")
    assert "no/such/run" in line


def test_an_address_to_open():
    with listen("127.0.0.1", 0) as listener:
        port = listener.getsockname()[1]
        assert url_of(listener) == f"http://127.0.0.1:{port}/"
    with listen("0.0.0.0", 0) as listener:
        assert url_of(listener).startswith("http://127.0.0.1:")


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_when_all_is_answered(number, finished):
    content = noise_png(900)  # takes a while, but less than the server waits
    with served(finished[1]) as server:
        assert urllib.request.urlopen(server.url).status == 200
        address = urllib.parse.urlsplit(server.url)
        with contextlib.closing(http.client.HTTPConnection(address.hostname, address.port, timeout=60)) as client:
            client.request("POST", "/predict", content, PNG)
            wait_until_read(address.port)
            code, printed = server.stop(number)
            response = client.getresponse()
            got = json.load(response)
    assert (code, printed, response.status) == (0, "", 200)
    assert got["milliseconds"] > 0


def test_another_host_is_warned_of(finished):
    with served(finished[1], "--host", "0.0.0.0") as server:
        assert urllib.request.urlopen(f"{server.url}healthz").status == 200
        code, printed = server.stop()
    assert code == 0
    assert printed == "--host 0.0.0.0: anyone who can reach this machine can send pictures to it\n"
