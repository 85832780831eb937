"""The built site in a browser: readable on a phone, letters of Devanagari, search."""

import subprocess
import sys
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from browser import DESKTOP, PHONE, opened

DOCS = Path(__file__).parents[2] / "docs"
# Elements of the text beyond the right edge, except in what scrolls by itself
TOO_WIDE = """() => [...document.querySelectorAll('main article *')].filter(
    element => element.getBoundingClientRect().right > innerWidth + 1
    && !element.closest('.pst-scrollable-table-container, pre, .headerlink')
).map(element => element.outerHTML.slice(0, 200))"""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """The folder of the site, built as `.ci/run` builds it."""
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("site")
    options = ("-q", "-W", "--keep-going", "-b", "html", "-D", "nb_execution_mode=off")
    subprocess.run([sys.executable, "-m", "sphinx", *options, DOCS, folder], check=True, timeout=600)
    return folder


@pytest.fixture(scope="module")
def address(site):
    """The address of a server of the site; the search reads pages, which a browser does not allow for files."""

    class Handler(SimpleHTTPRequestHandler):
        def __init__(self, *args):
            super().__init__(*args, directory=site)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.mark.parametrize(
    "page",
    [
        *("index", "try-it", "how-to", "train", "how-it-is-built", "signs"),
        *("reference/config", "reference/commands", "reference/python-api", "reference/result"),
        *("repository/readme", "repository/records", "repository/examples/tutorial"),
    ],
)
def test_pages_are_readable_on_a_phone(site, page):
    with opened((site / f"{page}.html").as_uri(), PHONE) as shown:
        assert shown.evaluate("document.documentElement.scrollWidth - innerWidth") <= 0
        assert shown.evaluate(TOO_WIDE) == []


def test_letters_of_devanagari_have_a_font(site):
    with opened((site / "signs.html").as_uri(), PHONE) as shown:
        shown.evaluate("document.fonts.ready")
        fonts = shown.evaluate("[...document.fonts].map(font => [font.family, font.status])")
        assert ["Devanagari", "loaded"] in fonts


@pytest.mark.parametrize(
    ("words", "place"),
    [
        ("batch_size", "reference/config.html#confval-data.batch_size"),
        ("read_line", "reference/python-api.html#akshar.Reader.read_line"),
        ("क्ष", "signs.html"),
    ],
)
def test_search_finds(address, words, place):
    with opened(f"{address}/search.html?q={words}", DESKTOP) as shown:
        shown.wait_for_function(f"""[...document.querySelectorAll('#search-results a')].some(
            link => link.getAttribute('href').includes({place!r}))""")


def test_the_reader_reads_in_its_frame(address):
    with opened(f"{address}/try-it.html", DESKTOP) as shown:
        frame = shown.frame_locator("iframe.reader")
        frame.get_by_text("The answer appears here while you write.").first.wait_for(timeout=120_000)


def test_the_picture_of_the_rooms_shows_one_room_under_the_pointer(site):
    with opened((site / "how-it-is-built.html").as_uri(), DESKTOP) as shown:
        shown.locator(".rooms [data-room=training] text").hover()
        faded = shown.evaluate("getComputedStyle(document.querySelector('.rooms [data-room=cli]')).opacity")
        assert (faded, shown.locator(".rooms .room").count()) == ("0.2", 17)
