"""A self-contained HTML page: one file with its images, readable offline and on a phone."""

import base64
import html
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from akshar.files import write_atomic

STYLE = """
:root { color-scheme: light dark;
  --ink: #1f2328; --paper: #ffffff; --soft: #f3f4f6; --line: #d0d7de; --link: #0072b2; }
@media (prefers-color-scheme: dark) {
  :root { --ink: #e6e8eb; --paper: #16181b; --soft: #22262b; --line: #3b4148; --link: #56b4e9; }
}
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 1rem; max-width: 62rem; background: var(--paper); color: var(--ink);
  font: 16px/1.5 system-ui, "Noto Sans", "Noto Sans Devanagari", sans-serif; }
h1 { font-size: 1.6rem; line-height: 1.25; margin: .5rem 0 1rem; overflow-wrap: anywhere; }
h2 { font-size: 1.2rem; margin: 2.5rem 0 .5rem; border-top: 1px solid var(--line); padding-top: 1rem; }
p { margin: .5rem 0; max-width: 46rem; }
a { color: var(--link); }
nav a { margin-right: 1rem; white-space: nowrap; }
figure { margin: 1rem 0; padding: .5rem; background: #ffffff; border: 1px solid var(--line); border-radius: 6px;
  overflow-x: auto; }
figure img { display: block; max-width: 100%; height: auto; }
@media (max-width: 40rem) { figure img { max-width: none; width: 44rem; } }
.scroll { overflow-x: auto; }
table { border-collapse: collapse; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .3rem .9rem .3rem 0; border-bottom: 1px solid var(--line); }
td + td, th + th { text-align: right; }
code { background: var(--soft); padding: .1rem .3rem; border-radius: 3px; overflow-wrap: anywhere; }
"""


@dataclass
class Section:
    """A section of the page.

    Attributes:
        title: heading.
        text: paragraphs, plain text.
        figures: PNG files, each with its alternative text.
        table: rows of cells; the first row holds the column names.
    """

    title: str
    text: Sequence[str] = ()
    figures: Sequence[tuple[Path, str]] = ()
    table: Sequence[Sequence[str]] = field(default_factory=list)


def write_page(path: Path, title: str, sections: Sequence[Section]) -> None:
    """Write the page atomically, with its images embedded.

    Args:
        path: of the HTML file.
        title: plain text.
        sections: from top to bottom.
    """
    links = "".join(f'<a href="#s{number}">{html.escape(s.title)}</a> ' for number, s in enumerate(sections))
    body = "".join(_section(number, section) for number, section in enumerate(sections))
    page = (
        f'<!doctype html>\n<html lang="en"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{html.escape(title)}</title>'
        f"<style>{STYLE}</style></head><body><h1>{html.escape(title)}</h1><nav>{links}</nav>{body}</body></html>\n"
    )
    write_atomic(path, page.encode())


def _section(number: int, section: Section) -> str:
    parts = [f'<section id="s{number}"><h2>{html.escape(section.title)}</h2>']
    parts += [f"<p>{html.escape(text)}</p>" for text in section.text]
    if section.table:
        head, *rows = section.table
        cells = "".join(f"<th>{html.escape(cell)}</th>" for cell in head)
        lines = "".join("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
        parts.append(f'<div class="scroll"><table><tr>{cells}</tr>{lines}</table></div>')
    for file, alternative in section.figures:
        content = base64.b64encode(file.read_bytes()).decode()
        source = f"data:image/png;base64,{content}"
        parts.append(f'<figure><img src="{source}" alt="{html.escape(alternative)}" loading="lazy"></figure>')
    return "".join(parts) + "</section>"
