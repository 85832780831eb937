"""Sphinx's settings for the site: `sphinx-build -W --keep-going -b html docs build/site`."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE))

import akshar  # noqa: E402
from akshar.devanagari.cards import FONT  # noqa: E402
from akshar.pictures.text import font_files  # noqa: E402

project = "Akshar"
version = release = akshar.__version__
copyright = "the authors of Akshar, MIT licence"
language = "en"

extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "akshar_docs.generated",
]
exclude_patterns = ["akshar_docs"]

# Pages are Markdown that GitHub shows too.
myst_enable_extensions = ["deflist"]
myst_heading_anchors = 4

# The notebooks run when the site is built: `-D nb_execution_mode=off` leaves their outputs out.
nb_execution_mode = "force"
nb_execution_in_temp = True
nb_execution_raise_on_error = True
nb_execution_timeout = 600
nb_merge_streams = True

# Docstrings are in Google's style, with `code` in single backticks.
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_format = "short"
autodoc_typehints_description_target = "documented"
autodoc_preserve_defaults = True
napoleon_numpy_docstring = False
napoleon_use_ivar = True

html_theme = "pydata_sphinx_theme"
html_title = "Akshar"
html_static_path = ["_static", str(font_files(FONT)[0])]  # for browsers on systems without Devanagari
html_css_files = ["site.css"]
html_sidebars = {"try-it": []}  # room for the page
html_copy_source = False
html_show_sphinx = False
html_theme_options = {
    "logo": {"text": "Akshar"},
    "navbar_persistent": ["search-button"],
    "footer_start": ["copyright"],
    "footer_end": [],
    "secondary_sidebar_items": ["page-toc"],
    "show_prev_next": True,
    "show_toc_level": 2,
    "navigation_depth": 2,
}
