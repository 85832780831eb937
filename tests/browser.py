"""A real browser and a real TensorBoard, for tests that look at pages."""

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

DESKTOP, LOW_WINDOW = {"width": 1280, "height": 900}, {"width": 1000, "height": 540}
PHONE, PHONE_SIDEWAYS = {"width": 390, "height": 844}, {"width": 667, "height": 375}


@contextlib.contextmanager
def opened(url, viewport):
    """A page in Chromium; errors that it reports fail the test.

    Args:
        url: of the page, file:// or http://.
        viewport: its width and height, pixels.
    """
    chromium = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if chromium is None:
        pytest.skip("there is no Chromium here")
    from playwright.sync_api import sync_playwright

    errors = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=viewport)
        page.on("pageerror", lambda error: errors.append(str(error)))
        page.goto(url)
        yield page
        browser.close()
    assert not errors


@contextlib.contextmanager
def tensorboard(folder: Path) -> Iterator[str]:
    """The address of a TensorBoard that shows a folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "tensorboard.main", "--logdir", folder.name, "--port", str(port)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder.parent, **quiet)  # whose path is on the page
    try:
        address = f"http://127.0.0.1:{port}"
        deadline = time.monotonic() + 60
        while True:
            with contextlib.suppress(OSError):
                urllib.request.urlopen(address, timeout=5).close()
                break
            assert time.monotonic() < deadline
            time.sleep(0.2)
        yield address
    finally:
        process.terminate()
        process.wait()


def keep(page, path: Path, clip=None) -> None:
    """Saves a screenshot as a small PNG."""
    page.screenshot(path=path, clip=clip)
    with Image.open(path) as shot:
        shot.convert("RGB").quantize(64).save(path, optimize=True)
