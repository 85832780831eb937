"""The drawing page as a folder for any static host: page, graph, runtime, and a service worker to keep them."""

import gzip
import hashlib
import json
import shutil
from collections.abc import Mapping
from pathlib import Path

from akshar import __version__
from akshar.errors import UsageError
from akshar.files import write_atomic
from akshar.reader.export.graphs.framing import PROBLEMS
from akshar.reader.export.licences import licences
from akshar.reader.page.answers import classes_of, groups_of
from akshar.reader.page.files import STATIC, fonts, page_html
from akshar.reader.reader import TOP, Reader
from akshar.reader.restriction import OUTSIDE

GRAPH, FACTS, WORKER, PAGE = "reader.onnx", "model.json", "service-worker.js", "index.html"
FOLDER = "akshar-"  # start of the name of the folder with the page's parts
DIGITS = 12  # of the digest in its name
PARTS = ("draw.css", "draw.js", "ask.js", "ink.js", "show.js", "read_browser.js", "icon.svg")  # of the page
# A server sends this as a header; a static host may not let its users do so.
POLICY = (
    "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src 'self' data: blob:; object-src 'none'; "
    "base-uri 'none'; form-action 'none'"
)


def web_files(graph: bytes, reader: Reader, runtime: Mapping[str, bytes]) -> dict[str, bytes]:
    """Make the folder's files: the page, and in a folder with their digest in its name what it is made of.

    Args:
        graph: with framing, from `framed`.
        reader: of the same network.
        runtime: from `find_runtime`.

    Returns:
        Content of each file, by its path in the folder; the page itself is last.
    """
    parts = {
        **{f"static/{name}": (STATIC / name).read_bytes() for name in PARTS},
        **{f"font/{weight}.ttf": path.read_bytes() for weight, path in fonts().items()},
        **{f"onnxruntime/{name}": content for name, content in runtime.items()},
        GRAPH: graph,
        FACTS: json.dumps(_facts(reader), ensure_ascii=False, indent=1).encode(),
    }
    version = _digest({**parts, PAGE: _page(reader, "").encode()})
    inside = {f"{FOLDER}{version}/{name}": content for name, content in parts.items()}
    page = _page(reader, f"{FOLDER}{version}")
    kept = ["./", *inside]
    head = f"const VERSION = {json.dumps(version)};\nconst FILES = {json.dumps(kept)};\n"
    return {
        **inside,
        "LICENCES.txt": licences(reader.predictor.card).encode(),
        WORKER: head.encode() + (STATIC / WORKER).read_bytes(),
        PAGE: page.encode(),
    }


def write_page(folder: Path, graph: bytes, reader: Reader, runtime: Mapping[str, bytes]) -> str:
    """Write the files of `web_files`, and remove those of earlier exports; other files in the folder stay.

    Returns:
        One line about the folder.
    """
    earlier = _exports(folder)
    files = web_files(graph, reader, runtime)
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(path, content)
    for export in earlier:
        if f"{export.name}/{FACTS}" not in files:
            shutil.rmtree(export)
    size = sum(map(len, files.values()))
    sent = sum(len(gzip.compress(content, 6)) for content in files.values())
    return f"{len(files)} files, {size / 1e6:.1f} MB, {sent / 1e6:.1f} MB where the host compresses them"


def refuse_foreign(folder: Path, named: str) -> None:
    """Refuse a folder with somebody's files.

    Args:
        folder: to be written to; it need not exist yet.
        named: what the user gave, for the message.

    Raises:
        UsageError: it has files, and none of an earlier export.
    """
    if folder.is_dir() and any(folder.iterdir()) and not _exports(folder):
        raise UsageError(f"{named}: has other files; name an empty or a new folder")


def _exports(folder: Path) -> list[Path]:
    """Folders of earlier exports."""
    return [path.parent for path in folder.glob(f"{FOLDER}{'[0-9a-f]' * DIGITS}/{FACTS}")]


def _page(reader: Reader, folder: str) -> str:
    """The page, with its parts in a folder."""
    takes = "drawings" if reader.predictor.input_spec.framing == "ink" else "pictures"
    page = page_html(reader.predictor.card.subject, "browser", takes)
    page = page.replace('"static/', f'"{folder}/static/').replace('"font/', f'"{folder}/font/')
    early = [f"static/{name}" for name in PARTS if name.endswith(".js")]
    head = [f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">']
    head += [f'<link rel="modulepreload" href="{folder}/{name}">' for name in early]
    charset = '<meta charset="utf-8">'
    return page.replace(charset, "\n".join([charset, *head]), 1)


def _digest(files: Mapping[str, bytes]) -> str:
    digest = hashlib.sha256()
    for name, content in sorted(files.items()):
        digest.update(f"{name} {len(content)} ".encode() + content)
    return digest.hexdigest()[:DIGITS]


def _facts(reader: Reader) -> dict[str, object]:
    """What the page knows of the network; see read_browser.js."""
    spec = reader.predictor.input_spec
    return {
        "akshar": __version__,
        "classes": [one.model_dump() for one in classes_of(reader)],
        "groups": [one.model_dump() for one in groups_of(reader)],
        "channels": 3 if spec.keeps_colours else 1,
        "problems": PROBLEMS,
        "threshold": reader.threshold,
        "outside": OUTSIDE,
        "top": TOP,
    }
