"""`akshar draw MODEL`: a page to draw a character on, which shows what the model reads while it is drawn."""

import argparse
import os
import sys
import webbrowser
from collections.abc import Sequence

from akshar.commands.model_argument import require_model
from akshar.errors import UsageError
from akshar.extras import require_packages

PORT = 8000
PORTS = range(65536)


def main(arguments: Sequence[str]) -> int:
    """Runs the verb.

    Args:
        arguments: what follows `akshar draw`.

    Returns:
        0 when it was stopped, 1 where the server did not come up.
    """
    asked = _parser().parse_args(arguments)
    model = require_model(asked.model, "draw")
    require_packages("akshar draw", "fastapi", "uvicorn", extra="draw")
    if asked.port not in PORTS:
        raise UsageError(f"--port {asked.port}: from 0 to 65535")
    if not 0 <= asked.rate < float("inf"):
        raise UsageError(f"--rate {asked.rate:g}: requests a second, from 0 (any number) up")
    from akshar.reader.page.guard import is_local
    from akshar.reader.page.server import listen, serve, url_of

    listener = listen(asked.host, asked.port)  # before the model, which takes seconds
    from akshar.reader.page.app import create_app
    from akshar.reader.reader import load

    app = create_app(load(model, trust=asked.trust), asked.host, asked.rate)
    if not is_local(asked.host):
        print(f"--host {asked.host}: whoever reaches this machine can send pictures to it", file=sys.stderr)
    url = url_of(listener)
    print(f"draw on {url}  (Ctrl-C stops)", flush=True)
    if asked.open if asked.open is not None else _has_desktop():
        webbrowser.open(url)
    return 0 if serve(app, listener) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar draw", description=__doc__)
    parser.add_argument("model", nargs="?", help="a run's folder, a checkpoint, or an exported model")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1: this machine alone)")
    parser.add_argument("--port", type=int, default=PORT, help=f"0 takes a free one ({PORT})")
    parser.add_argument(
        "--open", action=argparse.BooleanOptionalAction, help="in the browser (on a desktop's terminal)"
    )
    parser.add_argument(
        "--rate", type=float, default=50, metavar="N", help="requests a second of one client, 0 for any number (50)"
    )
    parser.add_argument("--trust", action="append", default=[], metavar="PACKAGE", help="of your own networks")
    return parser


def _has_desktop() -> bool:
    """Whether a browser with windows can be expected, not one in this terminal."""
    windows = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return windows and sys.stdout.isatty()
