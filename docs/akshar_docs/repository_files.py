"""Pages and links for files of the repository that lie outside `docs/`."""

import os
import re
from collections.abc import Callable
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1]
ROOT = DOCS.parent
PAGES = DOCS / "repository"  # README.md is shown as repository/readme.md
LINK = re.compile(r"(\]\()([^)\s#:]+)((?:#[^)\s]*)?\))")
CODE = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)


def repository_page(name: str, folder: Path) -> str:
    """Return the text of a Markdown file outside `docs/`, with links that work from another folder.

    Args:
        name: of the file in the repository, as "README.md".
        folder: where the page lies.
    """
    file = ROOT / name
    return _map_links(file.read_text(encoding="utf-8"), lambda path: _relative(file.parent / path, folder))


def link_pages(text: str, folder: Path) -> str:
    """Direct a page's links to files of the repository: to the page that shows the file, or to the file itself."""

    def on_site(path: str) -> str:
        target = Path(os.path.normpath(folder / path))
        if target.is_relative_to(DOCS):
            return path
        page = PAGES / target.relative_to(ROOT).as_posix().lower()
        if page.is_file():
            return _relative(page, folder)
        return f"path:{path}"  # MyST copies the file

    return _map_links(text, on_site)


def _map_links(text: str, change: Callable[[str], str]) -> str:
    """Change the relative links of a page, but nothing in code."""
    kept = CODE.findall(text)
    parts = [LINK.sub(lambda match: match[1] + change(match[2]) + match[3], part) for part in CODE.split(text)]
    return "".join(part + code for part, code in zip(parts, [*kept, ""], strict=True))


def _relative(path: Path, folder: Path) -> str:
    return Path(os.path.relpath(path, folder)).as_posix()
