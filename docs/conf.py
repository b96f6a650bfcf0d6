"""The site of the documentation: `make docs` builds it into docs/_build/html, lessons executed."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import Any

from idbounds import __version__

sys.path.insert(0, str(Path(__file__).with_name("_ext")))

project = "idbounds"
copyright = "The idbounds authors, Apache-2.0"  # noqa: A001 - Sphinx's name
release = __version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton",
              "sphinx-mathjax-offline", "explored"]  # fmt: skip
exclude_patterns = ["_build"]
html_theme = "furo"
html_title = "idbounds"
html_static_path = ["_static"]
html_css_files = ["site.css"]
copybutton_selector = "div:not(.output) > div.highlight pre"  # code and BibTeX, not what a cell prints

myst_enable_extensions = ["dollarmath", "colon_fence", "deflist"]
myst_heading_anchors = 4
suppress_warnings = ["toc.empty_glob"]  # a star that takes nothing waits for new pages
nb_execution_mode = "cache"
nb_execution_in_temp = True  # the last lesson writes certificates
nb_execution_timeout = 120
nb_execution_raise_on_error = True
nb_merge_streams = True  # or a line may be torn in two
nb_code_prompt_show = "Show {type}"

autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_preserve_defaults = True
napoleon_use_ivar = True
napoleon_use_rtype = False


_MARKS = re.compile(r"(:\w+:`[^`]*`|``[^`]*``)|`([^`]+)`|(?m:^)( *(?:\*+(?=\w)|\* ))|([*|])")


def _mark(found: re.Match[str]) -> str:
    kept, code, first, sign = found.groups()
    return kept or first or (f"``{code}``" if code else f"\\{sign}")


def _in_markdown(_app: Any, _what: str, _name: str, _obj: Any, _options: Any, lines: list[str]) -> None:
    """Docstrings write code as `code`, and |x| as it is; reStructuredText wants ``code``, and escapes.

    What already is a role or a literal stays, and so does a line that begins a list or names *arguments.
    """
    lines[:] = _MARKS.sub(_mark, "\n".join(lines)).split("\n")


def setup(app: Any) -> None:
    """Hook the docstrings in."""
    app.connect("autodoc-process-docstring", _in_markdown, priority=100)
