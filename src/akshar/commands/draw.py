"""`akshar draw MODEL`: opens a page to draw on; the model reads the drawing while you draw."""

import argparse
import os
import sys
import webbrowser
from collections.abc import Sequence

from akshar.commands.arguments import add_trust, require_model
from akshar.errors import UsageError
from akshar.extras import require_packages

PORT = 8000
PORTS = range(65536)


def main(arguments: Sequence[str]) -> int:
    """Run the command.

    Args:
        arguments: the words after `akshar draw`.

    Returns:
        0 after it was stopped; 1 if the server did not start.
    """
    args = _parser().parse_args(arguments)
    model = require_model(args.model, "draw")
    require_packages("akshar draw", "fastapi", "uvicorn", extra="draw")
    if args.port not in PORTS:
        raise UsageError(f"--port {args.port}: must be from 0 to 65535")
    if not 0 <= args.rate < float("inf"):
        raise UsageError(f"--rate {args.rate:g}: must be at least 0 requests per second; 0 means no limit")
    from akshar.reader.page.guard import is_local
    from akshar.reader.page.server import listen, serve, url_of

    listener = listen(args.host, args.port)  # before loading the model, which takes seconds
    from akshar.reader.page.app import create_app
    from akshar.reader.reader import load

    app = create_app(load(model, trust=args.trust), args.host, args.rate)
    if not is_local(args.host):
        print(f"--host {args.host}: anyone who can reach this machine can send pictures to it", file=sys.stderr)
    url = url_of(listener)
    print(f"draw on {url}  (Ctrl-C stops)", flush=True)
    if args.open if args.open is not None else _has_desktop():
        webbrowser.open(url)
    return 0 if serve(app, listener) else 1


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="akshar draw", description=__doc__)
    parser.add_argument("model", nargs="?", help="a run's folder, a checkpoint, or an exported model")
    parser.add_argument(
        "--host", default="127.0.0.1", help="address to listen on (default: %(default)s, this machine only)"
    )
    parser.add_argument("--port", type=int, default=PORT, help="0 for a free one (default: %(default)s)")
    parser.add_argument(
        "--open",
        action=argparse.BooleanOptionalAction,
        help="open the page in the browser (default: only on a desktop)",
    )
    parser.add_argument(
        "--rate",
        type=float,
        default=50,
        metavar="N",
        help="limit of requests per second from one client, 0 for no limit (default: %(default)g)",
    )
    add_trust(parser)
    return parser


def _has_desktop() -> bool:
    """Whether a graphical browser can be expected, and not one in this terminal."""
    windows = sys.platform in ("win32", "darwin") or any(map(os.environ.get, ("DISPLAY", "WAYLAND_DISPLAY")))
    return windows and sys.stdout.isatty()
