"""The site's navigation, made from the lists of links that readers of the repository use."""

import re

LISTS = ("index", "tutorial", "how-to", "reference", "explanation")
ENTRY = re.compile(r"^- .*?\]\(([^)#]+)\.md\)", re.MULTILINE)


def sections(text: str) -> list[tuple[str, list[str]]]:
    """List the pages of a list, by heading: the first link of each entry.

    >>> sections("# Learn\\n\\n- [Train](train.md): first\\n\\n## More\\n\\n- [Data](data.md), see [this](x.md)\\n")
    [('Learn', ['train']), ('More', ['data'])]
    """
    parts = re.split(r"^#+ (.*)$", text, flags=re.MULTILINE)[1:]
    found = [(heading, ENTRY.findall(body)) for heading, body in zip(parts[::2], parts[1::2], strict=True)]
    return [(heading, pages) for heading, pages in found if pages]


def toctrees(text: str) -> str:
    """Return a hidden toctree for each section of a list."""
    return "".join(
        f"\n\n```{{toctree}}\n:hidden:\n:caption: {heading}\n\n{chr(10).join(pages)}\n```\n"
        for heading, pages in sections(text)
    )
