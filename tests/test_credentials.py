"""Credentials in addresses: the parts of a run get them, and no file that it leaves holds them."""

import json
import os
import subprocess

import pytest
from conftest import TINY

from akshar.cli import main
from akshar.credentials import STORE, is_masked, mask, mask_and_remember, restore
from akshar.data.download import download
from akshar.errors import DataError
from akshar.runs.git_state import read_git_state, write_diff

MINE = """
from dataclasses import dataclass

from pytorch_lightning import Callback

from akshar.devanagari.glyphs import Glyphs
from akshar.errors import DataError


@dataclass(frozen=True)
class Remote(Glyphs):
    url: str = ""

    def load(self):
        if "s3cret" not in self.url:
            raise DataError(f"{self.url}: not reached")
        print(f"reading {self.url}")
        return super().load()


class Report(Callback):
    def __init__(self, url):
        assert "t0ken" in url, url
"""
DATA = "data.url=https://me:s3cret@host/glyphs.zip"
REPORT = 'callbacks.report.url="https://host/hook?token=t0ken"'
WORDS = [
    *TINY,
    "scheduler=none",
    "data._target_=remote_parts.Remote",
    f"+{DATA}",
    "callbacks.report._target_=remote_parts.Report",
]
WORDS += [f"+{REPORT}"]


@pytest.fixture(autouse=True)
def forget(monkeypatch):
    """Know no credentials before and after a test."""
    monkeypatch.setenv(STORE, "{}")


@pytest.fixture
def mine(workplace, monkeypatch):
    (workplace / "remote_parts.py").write_text(MINE)
    monkeypatch.syspath_prepend(workplace)
    return workplace


def holding(folder, *secrets):
    """Files that hold one of some texts."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert len(files) > 3
    return [path for path in files if any(secret.encode() in path.read_bytes() for secret in secrets)]


def test_no_file_of_a_run_holds_credentials(mine, refused, fault):
    assert main(["train", *WORDS, "hydra.run.dir=run"]) == 0
    run = mine / "run"
    assert holding(run, "s3cret", "t0ken") == []
    config = json.loads((run / "result.json").read_text())["config"]
    assert config["data"]["url"] == "https://***@host/glyphs.zip"
    assert config["callbacks"]["report"]["url"] == "https://host/hook?token=***"

    os.environ[STORE] = "{}"  # as in another process
    longer = ("train", "resume=run", "trainer.max_epochs=3", "--trust", "remote_parts")
    (line,) = refused(*longer)
    key = "callbacks.report.url"
    assert line.endswith(f"{key}: records do not keep its credentials; give {key}=VALUE again")
    assert main([*longer, DATA, REPORT]) == 0
    assert holding(run, "s3cret", "t0ken") == []
    fault(
        "`data.url=https://user:secret@host/...`, a token in a callback's address",
        "each part gets it; config, result, provenance, event files, checkpoints and logs hold `***`; a resume "
        "asks again for what it needs",
    )


def test_a_failure_does_not_write_credentials(mine, capfd):
    words = [word.replace("me:s3cret@host", "me:wr0ng@other") for word in WORDS]
    assert main(["train", *words, "hydra.run.dir=run"]) == 1
    assert "https://***@other/glyphs.zip: not reached" in capfd.readouterr().err
    assert holding(mine / "run", "wr0ng", "t0ken") == []


@pytest.mark.slow
def test_a_sweep_with_a_config_file_of_one_s_own_holds_none(mine):
    (mine / "own" / "callbacks").mkdir(parents=True)
    (mine / "own" / "callbacks" / "hook.yaml").write_text(
        "report:\n  _target_: remote_parts.Report\n  url: https://host/hook?token=t0ken\n"
    )
    words = [*WORDS[:-2], "callbacks=hook", "trainer.max_epochs=1", "seed=1,2", "hydra.sweep.dir=sweep"]
    assert main(["train", "-m", "--config-dir", "own", *words]) == 0
    assert (mine / "sweep" / "multirun.yaml").exists()
    assert (mine / "sweep" / "1" / ".hydra" / "config.yaml").exists()
    assert holding(mine / "sweep", "s3cret", "t0ken") == []


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("data.url=https://u:s@h/x.zip", "data.url=https://***@h/x.zip"),
        ("x=[https://u:s@h/x,https://v:t@k/y?token=9]", "x=[https://***@h/x,https://***@k/y?token=***]"),
        ("https://a:b,c@d@h:80/?X-Amz-Signature=1&part=2#z", "https://***@h:80/?X-Amz-Signature=***&part=2#z"),
        ("storage='postgresql://me:pw@db/x'", "storage='postgresql://***@db/x'"),
        ("https://h/x?sig=1&design=2", "https://h/x?sig=***&design=2"),
        ("file:///a@b/c and user@host.org", "file:///a@b/c and user@host.org"),
        ("https://h/x?page=2", "https://h/x?page=2"),
    ],
)
def test_what_is_masked_can_be_restored(text, masked):
    assert mask(text) == masked == mask(masked)
    assert not is_masked(text)
    assert is_masked(masked) == (text != masked)
    assert mask_and_remember({"a": [text]}) == {"a": [masked]}
    assert restore({"a": [masked]}) == {"a": [text]}


def test_a_download_names_its_address_without_credentials(tmp_path, no_network, caplog):
    caplog.set_level("INFO")
    for url, reason in [
        ("https://me:s3cret@host.invalid/x.zip", "could not be downloaded (no connection); try another"),
        (
            "https://***@host/x.zip",
            "records do not keep its credentials; give data.url=ADDRESS again, or try another",
        ),
    ]:
        with pytest.raises(DataError) as caught:
            download(url, tmp_path, lambda path: path, "try another")
        assert str(caught.value).startswith("https://***@host")
        assert reason in str(caught.value)
    assert "s3cret" not in caplog.text


SECRET_LINES = """password = "hunter22"
api_key: 'abcdefgh'
token = "ghp_0123456789012345678901234567890123456"
AKIAABCDEFGHIJKLMNOP
remote = https://me:hunter22@host/x.git
-----BEGIN RSA PRIVATE KEY-----
c2VjcmV0
-----END RSA PRIVATE KEY-----
token = tokenizer.next()
"""


def test_uncommitted_changes_are_kept_without_secrets(tmp_path, fault):
    repository, folder = tmp_path / "repository", tmp_path / "repository" / "src"
    folder.mkdir(parents=True)

    def git(*words):
        identity = ("-c", "user.name=x", "-c", "user.email=x@y")
        subprocess.run(["git", "-C", str(repository), *identity, *words], check=True, capture_output=True)

    git("init", "-q")
    files = [folder / "code.py", repository / ".env", folder / "server.pem", repository / "other.txt"]
    for path in files:
        path.write_text("first\n")
    git("add", "-A")
    git("commit", "-qm", "first")
    for path in files:
        path.write_text(SECRET_LINES)
    kept = tmp_path / "uncommitted.diff"
    write_diff(kept, folder)
    text = kept.read_text()
    for secret in ("hunter22", "abcdefgh", "ghp_0", "AKIAABCD", "c2VjcmV0", ".env", "server.pem"):
        assert secret not in text
    for line in (
        "src/code.py",
        "other.txt",
        '+password = "***"',
        "+remote = https://***@host/x.git",
        "tokenizer.next()",
    ):
        assert line in text
    assert kept.stat().st_mode & 0o777 == 0o600
    assert read_git_state(folder).dirty
    fault(
        "passwords, keys and tokens in uncommitted changes of the code",
        "`uncommitted.diff` holds `***`, leaves out `.env`, `*.pem` and the like, and only its owner can read it",
    )


def test_credentials_are_given_back_to_their_own_address_alone(monkeypatch):
    monkeypatch.setenv(STORE, "{}")
    mask_and_remember("https://me:secret@host/a")
    assert restore(["https://***@host/a", "https://***@host/ab", "https://***@host.evil.com/a"]) == [
        "https://me:secret@host/a",
        "https://***@host/ab",
        "https://***@host.evil.com/a",
    ]
