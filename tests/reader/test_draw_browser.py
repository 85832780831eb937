"""What a person does on the page of `akshar draw`, in a real Chromium; and how it bears many at once."""

import base64
import io
import itertools
import re
from pathlib import Path

import pytest
from browser import DESKTOP, LOW_WINDOW, PHONE, PHONE_SIDEWAYS, keep, opened
from conftest import WEIGHTS, write_picture
from drawing import at, picture, served, strokes_of, wait_for_letter, write
from PIL import Image, ImageDraw

DOCS = Path(__file__).parents[2] / "docs"
WRITTEN = "क ल ढ फ अ भ ए ४ २ ०"
pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def server():
    with served(WEIGHTS, "--rate", "0") as server:
        yield server


def write_by_finger(page, letter):
    """Writes with touches, as a phone sends them."""
    session = page.context.new_cdp_session(page)

    def touch(kind, *points):
        points = [dict(zip("xy", at(page, point), strict=True)) for point in points]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})

    for stroke in strokes_of(letter):
        touch("touchStart", stroke[0])
        for point in stroke[1:]:
            touch("touchMove", point)
        touch("touchEnd")


def state(page):
    return page.locator("#answer").get_attribute("data-state")


def ink(page):
    """Share of the sheet's pixels that are drawn on, once the page has drawn what was asked of it."""
    page.evaluate("() => new Promise((drawn) => requestAnimationFrame(() => requestAnimationFrame(drawn)))")
    return page.evaluate(
        "() => { const c = document.getElementById('canvas'); const d = c.getContext('2d')"
        ".getImageData(0, 0, c.width, c.height).data; let n = 0;"
        "for (let i = 3; i < d.length; i += 4) n += d[i] > 127; return 4 * n / d.length }"
    )


def test_characters_are_read_as_they_are_written(server, request):
    with opened(server.url, DESKTOP) as page:
        for letter in WRITTEN.split():
            write(page, letter)
            wait_for_letter(page, letter)
            assert state(page) == "read"
            assert page.locator("#guesses li").first.inner_text().startswith(letter)
            assert page.locator("#seen").evaluate("image => image.naturalWidth") == 32
            assert page.locator("#seen").get_attribute("alt") == "The network's input: 32 by 32 pixels"
            page.wait_for_function(
                "letter => document.getElementById('live').textContent.startsWith(letter)", arg=letter
            )
            page.keyboard.press("Escape")
        assert page.locator("#recent button").count() == 10
        if request.config.getoption("--write-screenshots"):
            page.set_viewport_size({"width": 1280, "height": 800})
            write(page, "इ")
            wait_for_letter(page, "इ")
            page.wait_for_timeout(1000)
            keep(page, DOCS / "draw.png")


def test_an_answer_comes_before_the_pen_is_lifted(server):
    with opened(server.url, DESKTOP) as page:
        (stroke,) = strokes_of("४")
        page.mouse.move(*at(page, stroke[0]))
        page.mouse.down()
        for point in stroke[1:]:
            page.mouse.move(*at(page, point))
        wait_for_letter(page, "४")
        page.mouse.up()


def test_undo_clear_and_keys(server):
    with opened(server.url, DESKTOP) as page:
        undo, clear = page.get_by_role("button", name="Undo"), page.get_by_role("button", name="Clear")
        assert undo.is_disabled()
        assert clear.is_disabled()
        assert state(page) == "empty"
        write(page, "ल")
        wait_for_letter(page, "ल")
        whole = ink(page)
        page.keyboard.press("Control+z")
        assert 0 < ink(page) < whole
        for _ in range(3):
            undo.click()
        page.wait_for_function("() => document.getElementById('answer').dataset.state === 'empty'")
        assert ink(page) == 0
        assert undo.is_disabled()
        write(page, "ल")
        wait_for_letter(page, "ल")
        for way in ("Escape", "Delete", clear.click):
            page.keyboard.press(way) if isinstance(way, str) else way()
            assert (ink(page), state(page)) == (0, "empty")
            page.keyboard.press("Control+z")  # also what was cleared comes back
            wait_for_letter(page, "ल")
        page.keyboard.press("Control+Shift+Delete")  # the browser's own
        assert ink(page) > 0
        assert page.locator("#recent button").count() == 1
        page.keyboard.press("Escape")
        page.locator("#recent button").press("Enter")
        wait_for_letter(page, "ल")
        page.locator("#undo").focus()
        for name in ("undo", "clear", "width", "open"):
            assert page.evaluate("document.activeElement.id") == name
            page.keyboard.press("Tab")


def test_a_part_of_the_alphabet_is_chosen_with_the_keyboard_and_kept(server):
    with opened(server.url, DESKTOP) as page:
        whole, digits, consonants = (
            page.get_by_role("radio", name=name) for name in ("All", "Digits", "Consonants")
        )
        assert (
            page.get_by_role("group", name="What you write").get_by_role("radio").first.get_attribute("value") == ""
        )
        assert whole.is_checked()
        write(page, "ठ")
        wait_for_letter(page, "ठ")
        whole.focus()
        page.keyboard.press("ArrowRight")
        assert digits.is_checked()
        page.get_by_text("Not sure; perhaps it is something else.").first.wait_for()
        assert page.locator("#letter").inner_text() in "०१२३४५६७८९"
        page.keyboard.press("ArrowRight")
        assert consonants.is_checked()
        wait_for_letter(page, "ठ")
        assert state(page) == "read"
        digits.click()
        page.keyboard.press("Escape")
        assert digits.is_checked()
        write(page, "२")
        wait_for_letter(page, "२")
        assert state(page) == "read"
        page.keyboard.press("Escape")
        write(page, "ठ")
        page.wait_for_function("() => document.getElementById('answer').dataset.state === 'unsure'")


def test_the_pen_s_width(server):
    with opened(server.url, DESKTOP) as page:
        inked = []
        for width in (6, 30):
            page.get_by_label("Pen width").fill(str(width))
            write(page, "१")
            inked.append(ink(page))
            page.keyboard.press("Escape")
        assert inked[1] > 3 * inked[0] > 0


def test_pictures_chosen_pasted_and_dropped(server, tmp_path):
    write_picture(tmp_path / "a.png", size=80)
    Image.new("L", (40, 40), 255).save(tmp_path / "blank.png")
    (tmp_path / "cut.png").write_bytes(picture()[:-60])
    (tmp_path / "note.txt").write_text("no picture")
    with opened(server.url, DESKTOP) as page:
        said = page.locator("#words")
        page.set_input_files("#file", tmp_path / "a.png")
        page.locator("#seen").wait_for()
        assert ink(page) > 0.9
        page.set_input_files("#file", tmp_path / "blank.png")
        page.get_by_text("Nothing is written in this picture.").first.wait_for()
        assert state(page) == "none"
        page.set_input_files("#file", tmp_path / "cut.png")
        page.wait_for_function("() => document.getElementById('words').textContent.includes('cannot be read')")
        page.set_input_files("#file", tmp_path / "note.txt")
        page.get_by_text("That is not a picture.").first.wait_for()
        write(page, "२")  # in place of the picture
        wait_for_letter(page, "२")
        for kind, locked in (("paste", "clipboardData"), ("drop", "dataTransfer")):
            page.keyboard.press("Escape")
            page.evaluate(
                "([kind, held, base64]) => {"
                "const bytes = Uint8Array.from(atob(base64), c => c.charCodeAt(0));"
                "const data = new DataTransfer();"
                "data.items.add(new File([bytes], 'x.png', { type: 'image/png' }));"
                "const Kind = kind === 'paste' ? ClipboardEvent : DragEvent;"
                "document.dispatchEvent(new Kind(kind, { [held]: data, bubbles: true, cancelable: true })) }",
                [kind, locked, base64.b64encode(two()).decode()],
            )
            wait_for_letter(page, "२")
        assert said.inner_text() == ""


def test_a_picture_pasted_while_a_stroke_is_drawn(server, tmp_path):
    (tmp_path / "two.png").write_bytes(two())
    with opened(server.url, DESKTOP) as page:
        failed = []
        page.on("pageerror", lambda error: failed.append(str(error)))
        page.mouse.move(*at(page, (0.2, 0.2)))
        page.mouse.down()
        page.mouse.move(*at(page, (0.4, 0.4)))
        page.set_input_files("#file", tmp_path / "two.png")
        wait_for_letter(page, "२")
        page.mouse.move(*at(page, (0.8, 0.2)))
        page.mouse.up()
        page.wait_for_timeout(200)
        wait_for_letter(page, "२")
        assert failed == []


def two():
    """The file of a picture of २."""
    image = Image.new("L", (200, 200), 255)
    for stroke in strokes_of("२"):
        ImageDraw.Draw(image).line([(200 * x, 200 * y) for x, y in stroke], fill=0, width=10, joint="curve")
    file = io.BytesIO()
    image.save(file, "PNG")
    return file.getvalue()


def test_too_much_ink_is_said(server):
    with opened(server.url, DESKTOP) as page:
        page.get_by_label("Pen width").fill("30")
        page.mouse.move(*at(page, (0.3, 0.3)))
        page.mouse.down()
        for row in range(14):
            for x in (0.3, 0.7) if row % 2 else (0.7, 0.3):
                page.mouse.move(*at(page, (x, 0.3 + row / 35)))
        page.mouse.up()
        page.get_by_text("Too much ink to recognise a character.").first.wait_for()


@pytest.mark.parametrize(
    "viewport", [DESKTOP, LOW_WINDOW, PHONE, PHONE_SIDEWAYS], ids=["desktop", "low", "phone", "sideways"]
)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_page_fits_and_is_legible(viewport, scheme, server):
    with opened(server.url, viewport) as page:
        page.emulate_media(color_scheme=scheme)
        write(page, "क")
        wait_for_letter(page, "क")
        assert page.evaluate("document.documentElement.scrollWidth") <= viewport["width"]
        for name in ("#only", "#canvas", "#letter", "#guesses", "#undo"):
            bottom = page.locator(name).evaluate("element => element.getBoundingClientRect().bottom")
            assert bottom <= viewport["height"]
        assert page.locator("#undo").evaluate("element => element.offsetHeight") >= 44
        tools = [page.locator(name).bounding_box() for name in ("#undo", "#clear", "#width", "#open")]
        assert all(one["x"] + one["width"] <= other["x"] for one, other in itertools.pairwise(tools))
        style = "getComputedStyle(document.body)"
        ink_colour, paper = page.evaluate(f"[{style}.color, {style}.backgroundColor]")
        brightness = [sum(map(int, re.findall(r"\d+", colour)[:3])) for colour in (ink_colour, paper)]
        assert (brightness[0] < brightness[1]) == (scheme == "light")
        assert page.evaluate("document.fonts.check('600 20px Mukta', 'अक')")
        page.get_by_text("What it can read").click()
        assert page.locator("#known li").count() == 58


def test_a_finger_writes_on_a_phone(server):
    with opened(server.url, PHONE) as page:
        write_by_finger(page, "भ")
        wait_for_letter(page, "भ")
        assert page.evaluate("scrollY") == 0
        page.get_by_role("button", name="Clear").click()
        assert state(page) == "empty"


def test_nothing_is_loaded_from_elsewhere(server):
    with opened("about:blank", DESKTOP) as page:
        asked, refused = [], []
        page.on("request", lambda request: asked.append(request.url))
        page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
        page.goto(server.url)
        write(page, "क")
        wait_for_letter(page, "क")
        page.keyboard.press("Escape")
        page.wait_for_timeout(200)
        assert not refused
        assert all(url.startswith((server.url, "data:", "blob:")) for url in asked)


def test_a_stopped_server_is_said_to_be():
    with served(WEIGHTS) as server, opened(server.url, DESKTOP) as page:
        write(page, "क")
        wait_for_letter(page, "क")
        assert server.stop() == (0, "")
        write(page, "१")
        page.wait_for_function("() => document.getElementById('words').textContent.includes('does not answer')")
        assert state(page) == "failed"
