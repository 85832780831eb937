"""A JPEG of too many scans, given to `akshar predict` and to the drawing page."""

from pathlib import Path

import pytest
from drawing import InkPredictor
from fastapi.testclient import TestClient
from hostile_pictures import jpeg, jpeg_with_scans
from small_files import write_small_checkpoint

from akshar.reader.page.app import create_app
from akshar.reader.reader import Reader

REFUSAL = "a JPEG of more than 100 scans, which takes too long to decode"


@pytest.mark.parametrize("words", [[], ["--line"]])
def test_predict_refuses_it_and_reads_the_others(words, workplace, capfd, refused):
    model = write_small_checkpoint(workplace / "model.ckpt")
    Path("evil.jpg").write_bytes(jpeg_with_scans(2000))
    Path("good.jpg").write_bytes(jpeg(progressive=True))
    assert refused("predict", str(model), "evil.jpg", "good.jpg", *words, exit_code=1) == [
        f"error: evil.jpg: {REFUSAL}"
    ]


@pytest.mark.parametrize("query", ["", "?line=true"])
def test_the_drawing_page_refuses_it_and_goes_on(query):
    app = create_app(Reader(InkPredictor()), rate=0)
    with TestClient(app, base_url="http://127.0.0.1:8000") as client:
        evil, good = (
            client.post(f"/predict{query}", content=content, headers={"Content-Type": "image/jpeg"})
            for content in (jpeg_with_scans(2000), jpeg(progressive=True))
        )
    assert (evil.status_code, evil.json()["detail"]) == (422, f"picture: {REFUSAL}")
    assert good.status_code == 200
