"""MRPC: two members of the archive, a table whose quotation marks mean nothing."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from idbounds.data import archive, mrpc, texts
from idbounds.errors import DataError, InputError

from .helpers import cut_off
from .test_sst import pack

TABLE = '\ufeffQuality\t#1 ID\t#2 ID\t#1 String\t#2 String\n1\t1\t2\tHe said "no.\tHe said no.\n0\t3\t4\tCafé\t"\n'


def known(monkeypatch, content):
    made = {name: hashlib.sha256(data).hexdigest() for name, data in content.items()}
    monkeypatch.setattr(mrpc, "MEMBERS", made)


def test_a_quotation_mark_is_a_character(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(monkeypatch, tmp_path)
    content = dict.fromkeys(mrpc.MEMBERS, TABLE.encode())
    known(monkeypatch, content)
    with pytest.raises(DataError, match="set IDBOUNDS_DATA to a folder with text_small"):
        texts.load_texts("mrpc")
    pack(tmp_path / "IDBOUNDS_DATA" / archive.ARCHIVE, content, "text/mrpc")
    found = texts.load_texts("mrpc")
    assert found.train.first == ['He said "no.', "Café"]
    assert found.train.second == ["He said no.", '"']
    assert (found.test.labels.tolist(), found.classes) == ([1, 0], 2)


@pytest.mark.parametrize("change", ["label", "columns", "empty"])
def test_other_tables_are_refused(change: str) -> None:
    table = {"label": TABLE.replace("\n0", "\n2"), "columns": TABLE.replace("\t3", ""), "empty": ""}[change]
    with pytest.raises(DataError, match=r"line 3|columns Quality"):
        mrpc.pairs_of(table.encode())


def test_another_file_and_a_missing_one_are_refused(tmp_path: Path) -> None:
    path = tmp_path / archive.ARCHIVE
    pack(path, dict.fromkeys(mrpc.MEMBERS, TABLE.encode()), "text/mrpc")
    with pytest.raises(DataError, match="whose hash this package knows"):
        mrpc.read(path)
    pack(path, {"msr_paraphrase_test.txt": b""}, "text/mrpc")
    with pytest.raises(DataError, match=r"holds no mrpc/msr_paraphrase_train\.txt"):
        mrpc.read(path)


def test_sentences_have_no_second_text(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(monkeypatch, tmp_path)
    content = {"stsa.binary.train": b"1 a film\n0 bad\n", "stsa.binary.test": b"0 bad\n"}
    pack(tmp_path / "IDBOUNDS_DATA" / archive.ARCHIVE, content)
    found = texts.load_texts("sst2-sentences")
    assert (found.train.first, found.train.second) == (["a film", "bad"], None)
    with pytest.raises(InputError, match="known: mrpc, sst2-sentences"):
        texts.load_texts("sst2")


def test_the_card_counts_the_real_parts() -> None:
    try:
        train, test = mrpc.load_pairs()
    except DataError as error:
        pytest.skip(str(error))
    assert (len(train.labels), len(test.labels)) == (4076, 1725)
    for part, counts in ((train, mrpc.CARD.train_counts), (test, mrpc.CARD.test_counts)):
        assert np.bincount(part.labels).tolist() == list(counts)
    seen = {text for pair in zip(*train[:2], strict=True) for text in pair}
    shared = sum(bool({a, b} & seen) for a, b in zip(*test[:2], strict=True))
    assert f"{shared} of 1,725" in mrpc.CARD.duplicates
