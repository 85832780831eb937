"""Every command of the README and of the pages in docs/ runs as written; long ones are shortened by overrides."""

import contextlib
import re
import shlex
import shutil
import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest
from conftest import TINY, write_fashion, write_picture
from PIL import Image

from akshar.cli import main
from akshar.new_project import TEMPLATE

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
REFERENCE = sorted((ROOT / "docs" / "reference").glob("*.md"))
TEXT = "\n".join(page.read_text(encoding="utf-8") for page in PAGES)
WEIGHTS = ROOT / "weights"
# test_new_project.py and test_slurm.py run the commands of these pages.
ELSEWHERE = [(ROOT / "docs" / name).read_text(encoding="utf-8") for name in ("your-own-project.md", "cluster.md")]
BLOCKS = [
    block
    for page in PAGES
    if (text := page.read_text(encoding="utf-8")) not in ELSEWHERE
    for block in re.findall(r"```sh\n(.*?)```", text, re.S)
]
COMMANDS = [*dict.fromkeys(line for block in BLOCKS for line in block.splitlines() if line)]
# Words that make a real training small; the command's own words come first.
SHORT = ["debug=smoke", *TINY[3:4], "trainer.max_epochs=1"]


# Words that take a run's config instead of composing one.
RECORDED = ("resume=", "repeat=")


def trainings():
    lines = [line for line in COMMANDS if line.startswith("akshar train") and "--cfg" not in line]
    return [line for line in lines if not any(word in line for word in RECORDED)]


def recorded():
    return [line for line in COMMANDS if any(word in line for word in RECORDED)]


def example(language, first_line):
    """The block of a page that starts with a line."""
    (block,) = re.findall(rf"```{language}\n({re.escape(first_line)}.*?)```", TEXT, re.S)
    return block


def test_the_readme_is_short_and_begins_with_the_two_commands():
    assert len(README.splitlines()) <= 150
    first, second = (block.strip() for block in re.findall(r"```sh\n(.*?)```", README, re.S)[:2])
    assert first == (
        "python3 -m venv .venv && .venv/bin/pip install -e . && .venv/bin/akshar train experiment=quickstart"
    )
    assert second == ".venv/bin/pip install -e '.[dev]' && .venv/bin/pytest"


@pytest.mark.slow
@pytest.mark.parametrize("line", trainings())
def test_trainings_run(line, workplace, dhcd_if_needed, monkeypatch, capfd):
    words = shlex.split(line.partition("#")[0])[1:]
    words = dhcd_if_needed(words)
    for shape, name in enumerate(("bar", "cross")):
        for number in range(60):
            write_picture(workplace / "my" / "images" / name / f"{number}.png", shape, size=40 + number)
    rows = [f"{path.relative_to('my')},{path.parent.name}" for path in sorted(Path("my").glob("images/*/*"))]
    (workplace / "my" / "labels.csv").write_text("\n".join(["file,label", *rows]))
    write_fashion(workplace / "my" / "data", train=600, test=100)
    pixels = np.random.default_rng(1).integers(0, 256, (120, 24, 24), dtype=np.uint8)
    labels = np.arange(120) % 2
    np.savez("images.npz", train=pixels, train_labels=labels, test=pixels[:20], test_labels=labels[:20])
    examples = (
        *(
            "my_package.py",
            "my_data.py",
            "my_lightning.py",
            "my_steps.py",
            "my/conf/model/mine.yaml",
            "my/conf/data/mine.yaml",
        ),
        *("my_metric.py", "my/conf/metrics/doubt.yaml", "my_loss.py", "my/conf/loss/penalised.yaml"),
    )
    for path in examples:
        language = "python" if path.endswith(".py") else "yaml"
        (workplace / path).parent.mkdir(parents=True, exist_ok=True)
        (workplace / path).write_text(example(language, f"# {path}"), encoding="utf-8")
    monkeypatch.syspath_prepend(workplace)
    few = ["hydra.sweeper.search.trials=3"] if "optuna" in line else []
    few += TINY[1:3] if "data=glyphs" in line else []
    if "outputs/train/RUN" in line:
        experiment = [word for word in words if word.startswith("experiment=")]  # with the same network
        first = ["train", *experiment, "data=glyphs", *SHORT, *TINY[1:3], "hydra.run.dir=outputs/train/RUN"]
        assert main(first) == 0
    assert main([*words, *SHORT, *few]) == 0, capfd.readouterr().err
    assert bool(list(workplace.glob("outputs/*/*"))) == ("--dry-run" not in line)


@pytest.mark.slow
@pytest.mark.parametrize(
    "line",
    [
        line
        for line in COMMANDS
        if line.startswith("akshar")
        and line not in trainings() + recorded()
        and not line.startswith(("akshar bench", "akshar draw"))  # other tests run these
    ],
)
def test_other_verbs_run(line, workplace, finished, capfd):
    if line.startswith("akshar sweep"):
        assert main(["train", "-m", *TINY, "seed=1,2"]) == 0
    shutil.copytree(finished[1], workplace / "outputs" / "train" / "RUN")
    if "outputs/multirun/SWEEP" in line:
        folds = ["sweep=kfold", "data.folds=2", "hydra.sweep.dir=outputs/multirun/SWEEP"]
        assert main(["train", "-m", *TINY, *folds]) == 0
    if "outputs/train/OTHER" in line:
        assert main(["train", *TINY, "hydra.run.dir=outputs/train/OTHER", "seed=4"]) == 0
    for name in ("picture.png", "postcode.jpg", "scans/1.png", "my/images/circle/1.png"):
        write_picture(workplace / name)
    shutil.copytree(WEIGHTS, workplace / "weights")
    assert main(shlex.split(line.partition("#")[0])[1:]) == 0
    assert any(capfd.readouterr())


@pytest.mark.slow
@pytest.mark.parametrize("line", recorded())
def test_runs_are_resumed_and_repeated(line, train):
    _, folder = train(*TINY, "scheduler=none")
    if "resume" in line and "max_epochs" not in line:  # as if it had been killed before its test
        (folder / "result.json").unlink()
        (folder / "status.json").write_text((folder / "status.json").read_text().replace("completed", "running"))
    assert main(shlex.split(line.replace("RUN", folder.name))[1:]) == 0


def test_every_command_is_of_a_kind_that_is_run():
    """What starts with none of these is not covered by a test: `.ci/run` runs the first two blocks, and Sphinx."""
    kinds = (
        "akshar ",
        "pip install ",
        "python3 -m venv",
        ".venv/bin/pip install",
        "python -m akshar.benchmarks",
        "tensorboard ",
        "sphinx-build ",
    )
    assert [line for line in COMMANDS if not line.startswith(kinds)] == []


@pytest.mark.parametrize("name", sorted({*re.findall(r"python -m (akshar\.benchmarks\.\w+)", TEXT)}))
def test_benchmarks_named_in_the_pages_exist(name, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [name, "--help"])
    with contextlib.suppress(SystemExit):  # of argparse
        import_module(name).main()
    assert capsys.readouterr().out


def test_the_examples_of_reading_run(workplace, digit_images, capsys):
    shutil.copytree(WEIGHTS, workplace / "weights")
    Image.fromarray(digit_images[60]).save(workplace / "picture.png")
    exec(compile(example("python", "from akshar import load"), "docs/read-pictures.md", "exec"), {})
    first, *guesses = capsys.readouterr().out.splitlines()
    assert first.startswith("२ 0.9")
    assert len(guesses) == 5
    assert guesses[0].startswith("२ 2 0.9")
    exec(compile(example("python", 'import akshar\n\nreader = akshar.load("letters58")'), "README.md", "exec"), {})
    assert capsys.readouterr().out == "२\n"


def test_the_example_of_making_pictures_runs(workplace):
    exec(compile(example("python", "# make_images.py"), "make_images.py", "exec"), {})
    assert {len([*folder.iterdir()]) for folder in Path("my/images").iterdir()} == {60}


@pytest.mark.parametrize(
    "page",
    [*PAGES, *REFERENCE, *(ROOT / f"{name}.md" for name in ("RECORDS", "CHANGELOG", "CONTRIBUTING"))],
    ids=lambda page: page.name,
)
def test_pictures_links_and_files_named_in_the_pages_exist(page):
    text = re.sub(r"```.*?```", "", page.read_text(encoding="utf-8"), flags=re.S)
    for link in re.findall(r"]\(([^)\s]+)\)", text):
        if link.startswith("https://"):
            continue
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        assert target.is_file(), link
        if anchor:
            headings = re.findall(r"^#+ (.*)$", target.read_text(encoding="utf-8"), re.M)
            assert anchor in {re.sub(r"[^\w -]", "", heading).lower().replace(" ", "-") for heading in headings}
    for path in re.findall(r"`((?:src|conf|tests|docs)/[\w/.]+)`", text):
        assert (ROOT / path).exists() or (page.name == "your-own-project.md" and (TEMPLATE / path).exists()), path
