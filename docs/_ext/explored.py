"""The explorer in the site: the page itself, and links that open a panel of it at given numbers.

{explorer}`words <panel?key=value&...>` in a page links to what *Copy link* in the explorer would give there.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.util.docutils import ReferenceRole

from idbounds.explorer import write

FILE = "explorer.html"
"""Beside the index of the site."""


class Explored(ReferenceRole):
    """A link into the explorer; its target is the fragment of the address, without the #."""

    def run(self) -> tuple[list[nodes.Node], list[nodes.system_message]]:
        """Make the link, relative to its page, so that the site works from a folder, too."""
        address = f"{'../' * self.env.docname.count('/')}{FILE}#{self.target}"
        return [nodes.reference(self.rawtext, self.title, refuri=address, classes=["explorer"])], []


def _written(app: Any, failed: Exception | None) -> None:
    """The page, by the code of `idbounds explore`."""
    if failed is None and app.builder.format == "html":
        write(Path(app.outdir) / FILE)


def setup(app: Any) -> dict[str, bool]:
    """Hook the role and the page in."""
    app.add_role("explorer", Explored())
    app.connect("build-finished", _written)
    return {"parallel_read_safe": True}
