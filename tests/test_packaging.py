"""Version, citation and classifiers of the package, and the check of what is in its archives."""

import importlib.util
import io
import re
import tarfile
import tomllib
import zipfile
from pathlib import Path

import pytest
from omegaconf import OmegaConf
from packaging.specifiers import SpecifierSet

from akshar import __version__

ROOT = Path(__file__).parents[1]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
CITATION = OmegaConf.to_object(OmegaConf.load(ROOT / "CITATION.cff"))


def test_the_version_is_written_once_in_the_code():
    files = [ROOT / "README.md", ROOT / "pyproject.toml", *(ROOT / "src").rglob("*.py")]
    found = [path for path in files if __version__ in path.read_text(encoding="utf-8")]
    assert found == [ROOT / "src" / "akshar" / "__init__.py"]


def test_the_citation_agrees_with_the_package():
    assert CITATION["version"] == __version__
    assert CITATION["abstract"].rstrip(".") == PROJECT["description"]
    assert CITATION["license"] == PROJECT["license"]
    assert CITATION["keywords"] == PROJECT["keywords"]
    assert CITATION["authors"] == PROJECT["authors"]


def test_the_classifiers_name_the_versions_of_python_that_are_allowed():
    allowed = SpecifierSet(PROJECT["requires-python"])
    versions = [line.rpartition(" ")[2] for line in PROJECT["classifiers"] if ":: 3." in line]
    assert versions == [version for version in (f"3.{minor}" for minor in range(40)) if version in allowed]


def test_the_tests_that_take_a_minute_exist():
    (command,) = re.findall(r"^pytest tests/.*", (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8"), re.M)
    assert [path for path in command.split()[1:] if not (ROOT / path).exists()] == []


@pytest.fixture
def distributions(tmp_path, monkeypatch):
    """`.ci/check_distributions.py`, the files that git tracks, and a function that checks two archives."""
    spec = importlib.util.spec_from_file_location("check_distributions", ROOT / ".ci" / "check_distributions.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    tracked = {"README.md", "conf/train.yaml", "src/akshar/api.py", "src/akshar/conf.py", "tests/test_api.py"}
    monkeypatch.setattr(module, "tracked_files", lambda: tracked)

    def check(in_sdist, in_wheel):
        with tarfile.open(tmp_path / "akshar-1.tar.gz", "w:gz") as archive:
            for name in in_sdist:
                archive.addfile(tarfile.TarInfo(f"akshar-1/{name}"), io.BytesIO())
        with zipfile.ZipFile(tmp_path / "akshar-1-py3-none-any.whl", "w") as archive:
            for name in in_wheel:
                archive.writestr(name, "")
        return module.main(tmp_path)

    return module, tracked, check


WHEEL = {"akshar/api.py", "akshar/conf/train.yaml", "akshar-1.dist-info/METADATA"}


def test_archives_with_all_that_belongs_in_them_pass(distributions, capsys):
    _, tracked, check = distributions
    assert check(tracked | {"PKG-INFO"}, WHEEL) == 0
    assert capsys.readouterr().out.splitlines() == [
        "akshar-1.tar.gz: 6 files, 0.0 MB",
        "akshar-1-py3-none-any.whl: 2 files, 0.0 MB",
    ]


def test_what_is_missing_foreign_or_too_large_is_named(distributions, monkeypatch, capsys):
    module, tracked, check = distributions
    monkeypatch.setattr(module, "LIMIT", 100)
    wheel = WHEEL - {"akshar/conf/train.yaml"} | {"tests/test_api.py"}
    assert check(tracked - {"src/akshar/api.py"} | {"PKG-INFO", "secret.txt"}, wheel) == 1
    *_, sdist_missing, sdist_foreign, sdist_size, missing, foreign, _ = capsys.readouterr().out.splitlines()
    assert sdist_missing == "akshar-1.tar.gz: src/akshar/api.py: is missing"
    assert sdist_foreign == "akshar-1.tar.gz: secret.txt: does not belong in it"
    assert sdist_size == "akshar-1.tar.gz: 0.0 MB: must be at most 0 MB"
    assert missing == "akshar-1-py3-none-any.whl: akshar/conf/train.yaml: is missing"
    assert foreign == "akshar-1-py3-none-any.whl: tests/test_api.py: does not belong in it"
