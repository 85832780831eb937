"""The page of `akshar export --format web`, in a real Chromium, with and without a network."""

import contextlib
import functools
import shutil
import statistics
import threading
from base64 import b64decode
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pytest
from browser import DESKTOP, PHONE, PHONE_SIDEWAYS, keep, opened
from conftest import OLD_WEIGHTS
from drawing import shade_model, strokes_of, wait_for_letter, write
from PIL import Image

import akshar
from akshar.cli import main
from akshar.devanagari.letters import SUBSETS
from akshar.errors import AksharError
from akshar.pictures.input_spec import InputSpec
from akshar.reader.export.web_folder import write_page
from akshar.reader.export.web_runtime import find_runtime

DOCS = Path(__file__).parents[2] / "docs"
DRAWINGS = 200
READY = "The answer appears here while you write."
# The page's answer to a drawing, and the picture that it is the answer to.
READ = """async ([items, only]) => {
    const code = document.querySelector("script").src;
    const { read } = await import(new URL("read_browser.js", code));
    const { paintStrokes } = await import(new URL("ink.js", code));
    return [(await read(items, only)).answer, paintStrokes(items).canvas.toDataURL()];
}"""
# A picture is dropped while the strokes are read again.
DROP = """() => {
    document.getElementById("only").dispatchEvent(new Event("change"));
    const data = new DataTransfer();
    data.items.add(new File(["x"], "x.png", { type: "image/png" }));
    document.dispatchEvent(new DragEvent("drop", { dataTransfer: data, bubbles: true, cancelable: true }));
}"""
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """The shipped reader as a page."""
    try:
        find_runtime()
    except AksharError as error:
        pytest.skip(f"onnxruntime-web cannot be had here: {error}")
    folder = tmp_path_factory.mktemp("web") / "page"
    assert main(["export", "letters58", "--format", "web", "--data", "glyphs", "--output", str(folder)]) == 0
    return folder


class Host(SimpleHTTPRequestHandler):
    """Static files, as some hosts send them: a folder's address is redirected to its page."""

    redirected = False

    def do_GET(self):
        if self.redirected and self.path.endswith("/"):
            self.send_response(302)
            self.send_header("Location", f"{self.path}index.html")
            self.end_headers()
        else:
            super().do_GET()

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def hosted(folder, redirected=False):
    """The address of a static host."""
    kind = type("Kind", (Host,), {"redirected": redirected})
    host = ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(kind, directory=str(folder)))
    threading.Thread(target=host.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{host.server_port}/"
    finally:
        host.shutdown()
        host.server_close()


@contextlib.contextmanager
def ready(folder, viewport=DESKTOP):
    """The page, loaded."""
    with hosted(folder) as url, opened(url, viewport) as page:
        page.get_by_text(READY).first.wait_for(timeout=120_000)
        yield page


def said(page, words):
    page.locator("#words", has_text=words).wait_for(timeout=120_000)


def test_the_page_reads_without_a_network_after_the_first_visit(folder, request):
    asked = []
    with hosted(folder) as url, opened(url, DESKTOP) as page:
        page.on("request", lambda request: asked.append(request.url))
        page.get_by_text(READY).first.wait_for(timeout=120_000)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
        page.context.set_offline(True)
        for address in (url, f"{url}index.html?again"):
            page.goto(address)
            page.get_by_text(READY).first.wait_for(timeout=120_000)
            for letter in "इ४क":
                write(page, letter)
                wait_for_letter(page, letter)
                page.keyboard.press("Escape")
        assert page.evaluate("document.fonts.check('600 20px Mukta', 'अक')")
        assert {address.startswith(url) for address in asked} == {True}
        page.get_by_role("radio", name="Digits").check()
        write(page, "ठ")
        said(page, "Not sure; perhaps it is something else.")
        page.keyboard.press("Escape")
        if request.config.getoption("--write-screenshots"):
            page.get_by_role("radio", name="All").check()
            page.set_viewport_size({"width": 1280, "height": 800})
            write(page, "ण")
            wait_for_letter(page, "ण")
            page.wait_for_timeout(1000)
            keep(page, DOCS / "web.png")


def test_a_host_that_redirects(folder):
    with hosted(folder, redirected=True) as url, opened(url, DESKTOP) as page:
        for offline in (False, False, True):
            page.context.set_offline(offline)
            page.goto(url if not offline else f"{url}index.html")
            said(page, READY)
            page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")


def test_the_next_visit_shows_what_is_there_now(folder, tmp_path):
    """Another export in the same folder, then something else at the same address."""
    shutil.copytree(folder, tmp_path / "page")
    (graph,) = (tmp_path / "page").glob("akshar-*/reader.onnx")
    with hosted(tmp_path / "page") as url, opened(url, DESKTOP) as page:
        said(page, READY)
        page.evaluate("() => navigator.serviceWorker.ready.then(() => null)")
        write_page(tmp_path / "page", graph.read_bytes(), akshar.load(OLD_WEIGHTS), find_runtime())
        page.reload()
        said(page, READY)
        page.get_by_text("What it can read").click()
        assert page.locator("#known li").count() == 46
        (tmp_path / "page" / "index.html").write_text("<p>Another page")
        page.reload()
        page.get_by_text("Another page").wait_for()


def test_answers_are_those_of_python(folder):
    reader, draw = akshar.load("letters58"), np.random.default_rng(1)
    letters = [character.letter for character in SUBSETS["letters58"]]
    times, read = [], 0
    with ready(folder) as page:
        for number in range(DRAWINGS):
            letter, left, size = letters[number % len(letters)], draw.uniform(0.05, 0.4), draw.uniform(0.3, 0.55)
            width = draw.uniform(0.02, 0.07)
            items = [
                {"width": width, "points": (draw.normal(0, 0.006, (len(stroke), 2)) + stroke).tolist()}
                for stroke in strokes_of(letter, left=left, size=size)
            ]
            only = [None, None, "digits", "vowels"][number % 4]
            got, picture = page.evaluate(READ, [items, only])
            expected = reader.read(b64decode(picture.partition(",")[2]), only)
            assert (got["letter"], got["name"], got["problem"]) == (
                expected.letter,
                expected.name,
                expected.problem,
            )
            assert tuple(got["box"]) == expected.box
            assert [one["letter"] for one in got["guesses"]][:1] == [one.letter for one in expected.guesses][:1]
            for one, other in zip(got["guesses"], expected.guesses, strict=True):
                assert one["confidence"] == pytest.approx(other.confidence, abs=1e-3)
            times.append(got["milliseconds"])
            read += got["problem"] is None
    assert read > DRAWINGS / 2
    print(f"{read} of {DRAWINGS} drawings read, as by Python; median {statistics.median(times):.0f} ms")


def test_what_cannot_be_read_is_said(folder):
    with ready(folder) as page:
        write(page, "१", left=0.05, size=0.3)
        write(page, "२", left=0.6, size=0.3)
        said(page, "More than one character; write one at a time.")
        page.keyboard.press("Escape")
        said(page, READY)
        box = page.locator("#canvas").bounding_box()
        page.mouse.move(box["x"] + 40, box["y"] + 40)
        page.mouse.down()
        page.mouse.move(box["x"] + 40, box["y"] + 300)
        page.mouse.up()
        said(page, "Only one stroke so far; keep writing.")
        assert page.locator("#open").is_hidden()
        page.evaluate(DROP)
        page.wait_for_timeout(1000)  # by then the strokes have been read
        said(page, "This page reads drawings alone; akshar draw also reads pictures.")
        page.get_by_text("What it can read").click()
        assert page.locator("#known li").count() == 58
        assert page.get_by_text("photographs, ruled paper and rows of characters").is_visible()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("reader.onnx", None, "reader.onnx could not be loaded (HTTP status 404)."),
        ("reader.onnx", b"no graph", "The reader could not be started in this browser ("),
        ("model.json", b"{", "The reader could not be started in this browser ("),
        ("onnxruntime/ort-wasm-simd-threaded.wasm", None, "ort-wasm-simd-threaded.wasm could not be loaded"),
        ("onnxruntime/ort.wasm.bundle.min.js", None, "The reader could not be started in this browser ("),
    ],
)
def test_a_page_that_is_not_whole(name, content, words, folder, tmp_path):
    shutil.copytree(folder, tmp_path / "page")
    (file,) = tmp_path.glob(f"page/akshar-*/{name}")
    file.unlink() if content is None else file.write_bytes(content)
    with hosted(tmp_path / "page") as url, opened(url, DESKTOP) as page:
        said(page, words)
        write(page, "क")
        said(page, words)
        assert page.locator("#answer").get_attribute("data-state") == "failed"


def test_a_browser_without_webassembly(folder):
    with hosted(folder) as url, opened("about:blank", DESKTOP) as page:
        page.add_init_script("delete globalThis.WebAssembly")
        page.goto(url)
        said(page, "This browser has no WebAssembly, which the reader needs.")


def test_a_page_that_is_opened_as_a_file_says_what_it_needs(folder):
    with opened((folder / "index.html").as_uri(), DESKTOP) as page:
        said(page, "If it was opened as a file, it needs a web server: python -m http.server in its folder.")


@pytest.mark.parametrize(("viewport", "scheme"), [(PHONE, "light"), (PHONE_SIDEWAYS, "dark")])
def test_the_page_fits_a_phone(folder, viewport, scheme):
    with ready(folder, viewport) as page:
        page.emulate_media(color_scheme=scheme)
        write(page, "भ")
        wait_for_letter(page, "भ")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        for name in ("#only", "#canvas", "#letter", "#guesses", "#undo"):
            bottom = page.locator(name).evaluate("element => element.getBoundingClientRect().bottom")
            assert bottom <= viewport["height"]


def test_a_network_that_is_not_for_ink_takes_pictures(tmp_path):
    model = shade_model(tmp_path / "shades.onnx", InputSpec(3, 48, 64, "light on dark", "crop", 0, 0.5, 0.5))
    assert main(["export", str(model), "--format", "web"]) == 0
    colours = np.random.default_rng(1).integers(0, 256, (90, 120, 3), dtype=np.uint8)
    for name, shift in (("light", 0.6), ("dark", -0.4)):  # of the mean from the middle: an answer that is not sure
        shade = colours.astype(float) + 127 + shift - colours.mean()
        Image.fromarray(shade.clip(0, 255).round().astype(np.uint8)).save(tmp_path / f"{name}.png")
    with ready(tmp_path / "shades-web") as page:
        for name in ("light", "dark"):
            page.set_input_files("#file", tmp_path / f"{name}.png")
            expected = akshar.load(model).read(tmp_path / f"{name}.png")
            assert expected.problem is None
            wait_for_letter(page, expected.letter)
            percent = float(page.locator("#percent").inner_text().split()[0])
            assert percent == pytest.approx(100 * expected.confidence, abs=3)
        page.set_input_files("#file", Path(__file__))
        said(page, "That is not a picture.")


def test_the_folder_is_small_enough(folder):
    sizes = [path.stat().st_size for path in folder.rglob("*") if path.is_file()]
    assert sum(sizes) <= 17e6
