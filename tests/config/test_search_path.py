"""Folders of configs of one's own: `--config-dir`, and the project's `pyproject.toml`."""

import pytest

from akshar.commands.help import train_help
from akshar.config.project import project_conf
from akshar.config.search_path import search_path_override
from akshar.errors import UsageError


@pytest.fixture
def project(tmp_path, monkeypatch):
    """A project with a folder of configs, and the working directory in a folder below it."""
    (tmp_path / "pyproject.toml").write_text('[tool.akshar]\nconf = "my conf"\n')
    (tmp_path / "my conf" / "model").mkdir(parents=True)
    (tmp_path / "src" / "package").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "src" / "package")
    return tmp_path


def test_the_folder_is_found_from_below(project):
    assert project_conf() == project / "my conf"
    assert search_path_override([]) == [f"hydra.searchpath=['file://{project}/my conf']"]


def test_the_nearest_section_counts(project):
    inner = project / "src" / "pyproject.toml"
    inner.write_text("[project]\nname = 'other'\n")
    assert project_conf() == project / "my conf"
    (project / "src" / "conf").mkdir()
    inner.write_text('[tool.akshar]\nconf = "conf"\n')
    assert project_conf() == project / "src" / "conf"


def test_without_a_section_nothing_is_searched(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert project_conf() is None
    assert search_path_override([]) == []


def test_config_dir_comes_first(project):
    (project / "other").mkdir()
    (override,) = search_path_override([str(project / "other"), str(project / "my conf")])
    assert override == f"hydra.searchpath=['file://{project}/other','file://{project}/my conf']"


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("[tool.akshar", "is not valid TOML"),
        ("[tool.akshar]\n", 'tool.akshar.conf: must name a folder, as conf = "conf"'),
        ("[tool]\nakshar = 1\n", 'tool.akshar.conf: must name a folder, as conf = "conf"'),
        ("[tool.akshar]\nconf = 1\n", 'tool.akshar.conf: must name a folder, as conf = "conf"'),
        ("[tool.akshar]\nconf = 'nowhere'\n", "tool.akshar.conf=nowhere: no such folder"),
        ("[tool.akshar]\nconfs = 'conf'\n", "tool.akshar.confs: no such key; did you mean conf?"),
    ],
)
def test_a_wrong_section_is_one_line(content, problem, project):
    (project / "pyproject.toml").write_text(content)
    with pytest.raises(UsageError) as error:
        search_path_override([])
    (line,) = error.value.problems
    assert line.startswith(f"{project / 'pyproject.toml'}: ")
    assert problem in line
    assert "akshar train" in train_help()  # which does not need the project


@pytest.mark.parametrize(
    "name", ["train.yaml", "model/compact.yaml", "hydra/launcher/basic.yaml", "hydra/config.yaml"]
)
def test_a_file_that_hydra_would_not_read_is_refused(name, project):
    path = project / "my conf" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("")
    with pytest.raises(UsageError) as error:
        search_path_override([])
    assert str(error.value) == f"{path}: akshar has a config of this name; rename yours"


def test_a_folder_that_does_not_exist_is_refused():
    with pytest.raises(UsageError, match="--config-dir nowhere: no such folder"):
        search_path_override(["nowhere"])


def test_help_lists_the_project_s_choices(project):
    (project / "my conf" / "model" / "own.yaml").write_text("")
    assert ", own," in train_help()
