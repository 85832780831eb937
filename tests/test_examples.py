"""The notebooks of examples/ run as they are, in an empty folder, and what they say of their results is true."""

import re
from pathlib import Path

import pytest

from akshar.models.tutorial import Tutorial

EXAMPLES = Path(__file__).parents[1] / "examples"
DOCS = EXAMPLES.parent / "docs"
TEXT = (EXAMPLES / "tutorial.md").read_text(encoding="utf-8")


class Executed:
    """The outputs of a notebook that ran without an error."""

    def __init__(self, notebook):
        self.cells = [cell for cell in notebook.cells if cell.cell_type == "code"]

    def pictures(self) -> int:
        return sum("image/png" in output.get("data", {}) for cell in self.cells for output in cell.outputs)

    def printed(self, words: str) -> str:
        """What the only cell printed whose source has these words."""
        return self._stream(words, "stdout")

    def logged(self, words: str) -> str:
        """What akshar logged in that cell."""
        return self._stream(words, "stderr")

    def _stream(self, words: str, name: str) -> str:
        (cell,) = [cell for cell in self.cells if words in cell.source]
        return "".join(output.text for output in cell.outputs if output.get("name") == name)

    def percentages(self, words: str, line: str) -> list[list[float]]:
        """The percentages of each printed line that has a text."""
        lines = [printed for printed in self.printed(words).splitlines() if line in printed]
        return [[float(number) for number in re.findall(r"(\d+\.\d)%", printed)] for printed in lines]


@pytest.fixture(scope="module", params=["tutorial", "research"])
def executed(request, tmp_path_factory) -> tuple[str, Executed]:
    """Run a notebook with Jupyter's own tools; an error in a cell is raised."""
    import jupytext
    import nbclient

    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AKSHAR_CACHE", str(folder / "cache"))
        patch.delenv("AKSHAR_DHCD", raising=False)
        notebook = jupytext.read(EXAMPLES / f"{request.param}.md")
        where = {"metadata": {"path": str(folder)}}
        nbclient.NotebookClient(notebook, timeout=600, kernel_name="python3", resources=where).execute()
    return request.param, Executed(notebook)


@pytest.mark.slow
def test_a_notebook_runs_and_its_statements_hold(executed):
    name, notebook = executed
    {"tutorial": check_tutorial, "research": check_research}[name](notebook)


def check_tutorial(notebook: Executed) -> None:
    assert notebook.pictures() == 6  # augmentation, two batches, curves, predictions, the digit of one's own
    assert "from -1 to 1\n" in notebook.printed("denormalise(images")
    assert "the same images" in notebook.printed("denormalise(images")
    assert "4000 of 4000" in notebook.printed("folds = [")
    assert "25,676,322" in notebook.printed("network = Tutorial(")
    assert "with 29,722 parameters" in notebook.logged("result = akshar.train(")
    ((accuracy, low, high),) = notebook.percentages("test = result.test", "test images")
    assert 93 < low < accuracy < high
    ((lowest, highest),) = notebook.percentages("range(50)", "50 passes")
    assert lowest == highest == accuracy
    ((lowest, highest),) = notebook.percentages("range(10)", "10 passes")
    assert lowest < highest
    changes = ("augment.noise=0 ", "augment.flip_horizontal=0.5", "augment.noise=0.3")
    runs = [notebook.percentages("recall = {", change) for change in changes]
    assert [len(of_change) for of_change in runs] == [2, 2, 2]  # seeds
    plain, flipped, noisy = ([run[0] for run in of_change] for of_change in runs)
    assert max(flipped) < min(plain) - 5  # "a flip costs far more than the seeds differ"
    lost = sum(plain) - sum(flipped)
    lost_of_two = sum(sum(run[1:]) for run in runs[0]) - sum(sum(run[1:]) for run in runs[1])
    assert lost_of_two / 10 > lost / 2  # "most of the loss is ३ and ६", two classes of ten
    assert abs(sum(noisy) - sum(plain)) / 2 < 4  # "neither good nor harm"
    assert "pooled" in notebook.printed("sweep=kfold")
    assert "४  4" in notebook.printed("reader.read(").splitlines()[0]


def check_research(notebook: Executed) -> None:
    assert notebook.pictures() == 1
    assert "McNemar" in notebook.printed('main(["compare"')
    assert len(re.findall("seed . ", notebook.printed("studied[augment, result.seed]"))) == 6
    assert "mean difference" in notebook.printed("t.ppf")


def test_the_recorded_figures_are_those_of_the_docs():
    """What the tutorial says that it did not run itself is written where it was measured."""
    grid = (DOCS.parent / "RECORDS.md").read_text(encoding="utf-8")
    assert "| 95 | 99.82 % | 99.77 % |" in TEXT
    assert "| 32 | 100 | 95 | 99.82 | 99.77 |" in grid
    assert "The tutorial's grid" in (DOCS / "sweeps.md").read_text(encoding="utf-8")  # to which it links


def test_the_network_is_as_large_as_the_tutorial_says():
    network = Tutorial(num_classes=10, in_channels=3, image_size=(32, 32))
    parameters = sum(weights.numel() for weights in network.parameters())
    assert f"{parameters / 1e6:.1f} million parameters" in TEXT
    assert network.classifier[1].in_features == 25_600
    assert round(parameters / 29_722, -1) == 860  # times smaller is the other network; 29,722 in its run's log
