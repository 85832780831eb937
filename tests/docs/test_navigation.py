"""The lists of pages: complete, without doubles, and the source of the site's navigation."""

from pathlib import Path

import pytest

from akshar_docs.generated import complete
from akshar_docs.navigation import LISTS, sections

DOCS = Path(__file__).parents[2] / "docs"


def shown_files() -> list[str]:
    """Files outside `docs/` that are pages of the site."""
    return [stub.read_text(encoding="utf-8").split()[2] for stub in (DOCS / "repository").rglob("*.md")]


def entries(name: str) -> list[str]:
    text = (DOCS / f"{name}.md").read_text(encoding="utf-8")
    return [page for _, pages in sections(text) for page in pages]


def test_every_page_is_in_one_list():
    listed = [page for name in LISTS for page in entries(name)]
    pages = {path.relative_to(DOCS).with_suffix("").as_posix() for path in DOCS.rglob("*.md")}
    shown = {f"../{stub.removesuffix('.md')}" for stub in shown_files()}
    own = {page for page in pages if not page.startswith("repository/")} - {"index"}
    assert sorted(listed) == sorted(own | shown)


@pytest.mark.parametrize("name", LISTS)
def test_a_list_has_a_toctree_with_its_pages(name):
    text = complete(name, (DOCS / f"{name}.md").read_text(encoding="utf-8"))
    toctrees = text.split("```{toctree}")[1:]
    found = [line for toctree in toctrees for line in toctree.splitlines() if line and line[0] not in ":`"]
    assert found == [
        f"repository/{page.removeprefix('../').lower()}" if page.startswith("../") else page
        for page in entries(name)
    ]
