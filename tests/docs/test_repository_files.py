"""Files outside `docs/` on the site: their links, and links to them."""

from pathlib import Path

import pytest

from akshar_docs.generated import complete
from akshar_docs.repository_files import DOCS, LINK, PAGES, link_pages, repository_page


@pytest.mark.parametrize(
    ("link", "on_site"),
    [
        ("[a](sweeps.md#grids)", "[a](sweeps.md#grids)"),
        ("[a](../README.md#licence)", "[a](repository/readme.md#licence)"),
        ("[a](../examples/tutorial.md)", "[a](repository/examples/tutorial.md)"),
        ("[a](../conf/train.yaml)", "[a](path:../conf/train.yaml)"),
        ("![a](draw.png)", "![a](draw.png)"),
        ("[a](https://example.org/x.md)", "[a](https://example.org/x.md)"),
        ("[a](#here)", "[a](#here)"),
        ("`[a](../README.md)`", "`[a](../README.md)`"),
        ("```\n[a](../README.md)\n```", "```\n[a](../README.md)\n```"),
    ],
)
def test_links_of_a_page(link, on_site):
    assert link_pages(link, DOCS) == on_site


@pytest.mark.parametrize("path", sorted(PAGES.rglob("*.md")), ids=lambda path: path.stem)
def test_a_page_of_the_repository_has_the_whole_text_and_links_that_exist(path):
    page = path.relative_to(DOCS).with_suffix("").as_posix()
    stub = path.read_text(encoding="utf-8")
    text = complete(page, stub).replace("(path:", "(")
    original = repository_page(stub.split()[2], DOCS.parent)
    assert LINK.sub("", text) == LINK.sub("", original + "\n")
    links = [link for _, link, _ in LINK.findall(text)]
    assert links
    assert [link for link in links if not (Path(path.parent) / link).is_file()] == []
