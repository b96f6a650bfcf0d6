"""Where a statement was published, and its BibTeX entry."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from importlib import resources

from idbounds.errors import InputError


@dataclass(frozen=True)
class Source:
    """A published statement.

    Attributes:
        key: entry in references.bib.
        authors: as cited in a table.
        year: of publication.
        where: theorem or section, and how far this package's form departs from it.
    """

    key: str
    authors: str
    year: int
    where: str

    @property
    def bibtex(self) -> str:
        """The BibTeX entry.

        Raises:
            InputError: when references.bib has no such key.
        """
        if self.key not in _entries():
            raise InputError(f"no entry {self.key!r} in references.bib; known: {', '.join(_entries())}")
        return _entries()[self.key]

    def __str__(self) -> str:
        """Authors, year and place."""
        return f"{self.authors} ({self.year}), {self.where}"


@cache
def _entries() -> dict[str, str]:
    text = resources.files("idbounds").joinpath("references.bib").read_text("utf-8")
    entries = re.findall(r"^@\w+\{.*?^\}", text, re.MULTILINE | re.DOTALL)
    return {entry[entry.index("{") + 1 : entry.index(",")]: entry for entry in entries}
