"""TREC: two members of the archive of SST-2, questions of six classes."""

import hashlib

import pytest

from idbounds.data import sst, trec
from idbounds.errors import DataError

from .helpers import cut_off
from .test_sst import pack

CONTENT = dict(zip(trec.MEMBERS, (b"5 how far ?\n0 why ?\n", b"3 who ?\n"), strict=True))


def test_the_questions(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    with pytest.raises(DataError, match="questions of TREC were not found; set IDBOUNDS_DATA"):
        trec.load_questions()
    pack(tmp_path / "IDBOUNDS_DATA" / sst.ARCHIVE, CONTENT)
    with pytest.raises(DataError, match=r"TREC\.train\.all in .* is another text"):
        trec.load_questions()
    known = tuple(hashlib.sha256(text.strip()).hexdigest() for text in CONTENT.values())
    monkeypatch.setattr(trec, "SHA256S", known)
    train, test = trec.load_questions()
    assert train.texts == ["how far ?", "why ?"]
    assert [trec.CLASSES[label] for label in (*train.labels, *test.labels)] == [
        "number",
        "description",
        "human",
    ]
