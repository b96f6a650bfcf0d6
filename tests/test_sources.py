import re
import unicodedata

import pytest

from idbounds import bounds
from idbounds.errors import InputError
from idbounds.sources import Source


@pytest.mark.parametrize("bound", bounds.values(), ids=lambda bound: bound.id)
def test_every_source_has_its_entry(bound):
    assert bound.bibtex.startswith("@")
    assert bound.source.key in bound.bibtex.splitlines()[0]
    assert str(bound.source.year) in bound.bibtex
    plain = (
        unicodedata.normalize("NFD", bound.source.authors.split()[0])
        .encode("ascii", "ignore")
        .decode()
        .rstrip(",")
    )
    entry = re.sub(r"[{}]|\\['`^\"~=.]|\\[uvHc] ?", "", bound.bibtex)
    assert plain in unicodedata.normalize("NFD", entry).encode("ascii", "ignore").decode()
    assert str(bound.source).startswith(f"{bound.source.authors} ({bound.source.year}), ")


def test_a_missing_entry_is_named():
    with pytest.raises(InputError, match=r"no entry 'nobody1900' in references\.bib"):
        str(Source("nobody1900", "Nobody", 1900, "nowhere").bibtex)
