"""The HTML page of a report."""

import re

from PIL import Image

from akshar.report.page import Section, write_page


def test_a_page_embeds_its_images_and_escapes_its_text(tmp_path):
    Image.new("L", (4, 4)).save(tmp_path / "figure.png")
    sections = [
        Section("A <b>", ["x & y"], [(tmp_path / "figure.png", 'a "figure"')]),
        Section("Second", table=[("name", "value"), ("<i>", "1")]),
    ]
    write_page(tmp_path / "page.html", "<title>", sections)
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert re.findall(r"<h2>(.*?)</h2>", page) == ["A &lt;b&gt;", "Second"]
    assert "<p>x &amp; y</p>" in page
    assert 'alt="a &quot;figure&quot;"' in page
    assert page.count("data:image/png;base64,") == 1
    assert "<th>name</th><th>value</th>" in page
    assert "<td>&lt;i&gt;</td><td>1</td>" in page
    assert not re.findall(r"src=\"(?!data:)", page)
    assert page.count('href="#s') == 2
