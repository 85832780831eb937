"""What a person sees: the report at desktop and phone width, and TensorBoard's pages, in a real Chromium."""

import shutil
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, keep, opened, tensorboard
from conftest import DHCD, TINY

from akshar.cli import main

DOCS = Path(__file__).parents[1] / "docs"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def run(request, finished, tmp_path_factory):
    """An inspected run: a small one, or the one whose screenshots are to be written."""
    folder = tmp_path_factory.mktemp("seen") / "run"
    named = request.config.getoption("--write-screenshots")
    shutil.copytree(named or finished[1], folder)
    with pytest.MonkeyPatch.context() as patch:
        if named and DHCD:
            patch.setenv("AKSHAR_DHCD", DHCD)
        assert main(["inspect", str(folder)]) == 0
    return folder


@pytest.fixture
def shots(request):
    """Whether screenshots are to be written."""
    return bool(request.config.getoption("--write-screenshots"))


@pytest.mark.parametrize("viewport", [DESKTOP, PHONE], ids=["desktop", "phone"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_report_fits_its_page(viewport, scheme, run, shots):
    with opened((run / "report.html").as_uri(), viewport) as page:
        page.emulate_media(color_scheme=scheme)
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        pictures = page.locator("figure img")
        assert pictures.count() == 12
        for number in range(12):
            pictures.nth(number).scroll_into_view_if_needed()
        page.wait_for_function("[...document.images].every(image => image.complete && image.naturalWidth > 200)")
        style = "getComputedStyle(document.body)"
        ink, paper = page.evaluate(f"[{style}.color, {style}.backgroundColor]")
        brightness = [sum(int(part) for part in colour.strip("rgb()").split(",")[:3]) for colour in (ink, paper)]
        assert (brightness[0] < brightness[1]) == (scheme == "light")
        page.get_by_role("link", name="Errors").click()
        assert page.get_by_role("heading", name="Errors").is_visible()
        if shots and (viewport, scheme) == (DESKTOP, "light"):
            keep(page, DOCS / "report.png")


PAGES = {
    "custom_scalars": ["training", "by step"],
    "images": ["train_batch", "predictions", "report/confusion"],
    "hparams": ["optimizer.lr", "BEST/accuracy/val"],
    "projector": [],
    "text": ["config/text_summary", "provenance/text_summary"],
}


@pytest.mark.parametrize("name", PAGES)
def test_tensorboard_shows_a_run(name, run, shots):
    with tensorboard(run) as address, opened(f"{address}/#{name}", DESKTOP) as page:
        for text in PAGES[name]:
            page.get_by_text(text, exact=True).first.wait_for(timeout=60_000)
        if name == "projector":  # in a frame of its own frame
            inner = page.frame_locator("iframe").frame_locator("iframe")
            inner.get_by_text("test_features").first.wait_for(state="attached", timeout=60_000)
            inner.get_by_text("Points: ").first.wait_for(timeout=60_000)
        if name == "custom_scalars":
            assert page.locator("tf-custom-scalar-multi-line-chart-card").count() >= 5
        page.wait_for_timeout(2000)  # for charts that are still being drawn
        if shots and name in ("custom_scalars", "projector"):
            keep(page, DOCS / f"tensorboard-{name.replace('_', '-')}.png")


def test_tensorboard_compares_the_runs_of_a_sweep(workplace):
    assert main(["train", "-m", *TINY, "seed=1,2", "hydra.sweep.dir=sweep"]) == 0
    with tensorboard(workplace / "sweep") as address, opened(f"{address}/#hparams", DESKTOP) as page:
        page.get_by_text("optimizer.lr", exact=True).first.wait_for(timeout=60_000)
        page.get_by_text("BEST/accuracy/test", exact=True).first.wait_for(timeout=60_000)
        boxes = page.locator(".hparam-checkbox, .metric-checkbox")
        ticked = boxes.evaluate_all("boxes => boxes.filter(box => box.checked).map(box => box.textContent.trim())")
        assert ticked[0] == "seed"  # what differs between the runs comes first
        assert {"BEST/accuracy/test", "BEST/accuracy/val", "BEST/loss/test"} < {*ticked}  # of metrics, five at most
