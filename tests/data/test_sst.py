"""SST-2: two members of an archive, words as in IMDB."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pytest

from idbounds import data
from idbounds.data import imdb, sst
from idbounds.errors import DataError

from .helpers import cut_off

CONTENT = dict(zip(sst.MEMBERS, (b"1 a film\n0 bad caf\xe9\n", b"0 bad\n"), strict=True))


def pack(path: Path, content: dict[str, bytes], folder: str = "text/sentconv") -> None:
    with tarfile.open(path, "w:xz") as archive:
        for name, text in content.items():
            entry = tarfile.TarInfo(f"{folder}/{name}")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))


def test_the_members_are_read(tmp_path: Path) -> None:
    pack(tmp_path / sst.ARCHIVE, {"other": b"x", **CONTENT})
    arrays = sst.read(tmp_path / sst.ARCHIVE)
    assert arrays.train_y.tolist() == [1, 0]
    assert np.array_equal(arrays.test_x, imdb.features("bad")[None])
    assert arrays.train_x.shape == (2, imdb.BUCKETS)


def test_the_sentences_themselves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(monkeypatch, tmp_path)
    with pytest.raises(DataError, match="set IDBOUNDS_DATA to a folder with text_small"):
        sst.load_sentences()
    pack(tmp_path / "IDBOUNDS_DATA" / sst.ARCHIVE, CONTENT)
    train, test = sst.load_sentences()
    assert train.texts == ["a film", "bad caf\xe9"]
    assert (train.labels.tolist(), test.labels.tolist()) == ([1, 0], [0])


@pytest.mark.parametrize("change", ["no archive", "cut", "member", "folder", "label", "empty"])
def test_damaged_archives_are_refused(tmp_path: Path, change: str) -> None:
    path = tmp_path / sst.ARCHIVE
    pack(path, CONTENT)
    if change == "no archive":
        path.write_bytes(b"nothing")
    elif change == "cut":
        path.write_bytes(path.read_bytes()[:100])
    elif change == "member":
        pack(path, {sst.MEMBERS[0]: CONTENT[sst.MEMBERS[0]]})
    elif change == "folder":
        pack(path, CONTENT, folder="text")
    else:
        pack(path, CONTENT | {sst.MEMBERS[1]: b"2 bad\n" if change == "label" else b""})
    with pytest.raises(DataError, match=f"{sst.ARCHIVE} cannot be read"):
        sst.read(path)


def test_another_archive_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut_off(monkeypatch, tmp_path)
    pack(tmp_path / "IDBOUNDS_DATA" / sst.ARCHIVE, CONTENT)
    with pytest.raises(DataError, match="expected ad4e34f90a94c981"):
        data.load("sst2")
