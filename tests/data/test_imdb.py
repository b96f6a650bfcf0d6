"""IMDB: words in buckets; two files that must both be there."""

import json
import lzma
from pathlib import Path

import numpy as np
import pytest

from idbounds import data
from idbounds.data import imdb
from idbounds.errors import DataError

from .helpers import cut_off


def write(path: Path, rows: list[list[object]]) -> None:
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_buckets_are_frozen() -> None:
    assert [imdb.bucket(word) for word in ("good", "bad", "isn't")] == [696, 1423, 499]


def test_words_of_a_text() -> None:
    text = "GOOD, good<br /><br />isn't 10/10?"
    assert sorted(np.flatnonzero(imdb.features(text))) == sorted({imdb.bucket("good"), imdb.bucket("isn't")})
    assert imdb.features("").sum() == 0
    assert imdb.features("").dtype == np.uint8


def test_two_files(tmp_path: Path) -> None:
    write(tmp_path / imdb.FILE, [[0, "0_3", "bad"], [1, "1_9", "good film"]])
    write(tmp_path / imdb.TEST, [[1, "0_9", "good"]])
    arrays = imdb.read(tmp_path / imdb.FILE)
    assert [array.shape for array in arrays] == [(2, imdb.BUCKETS), (2,), (1, imdb.BUCKETS), (1,)]
    assert arrays.train_y.tolist() == [0, 1]
    assert arrays.train_x.sum(1).tolist() == [1, 2]


@pytest.mark.parametrize("rows", [[], [[0, "id"]], [["zero", "id", "text"]], [[0, "id", 3]], [3]])
def test_other_content_is_refused(tmp_path: Path, rows: list[list[object]]) -> None:
    write(tmp_path / imdb.FILE, rows)
    with pytest.raises(DataError, match=f"{imdb.FILE} cannot be read"):
        imdb.read(tmp_path / imdb.FILE)


def test_both_files_are_needed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut_off(monkeypatch, tmp_path)
    folder = tmp_path / "IDBOUNDS_DATA"
    write(folder / imdb.FILE, [[0, "0_3", "bad"]])
    assert data.available("imdb")[0] is False
    with pytest.raises(DataError, match=rf"{imdb.TEST} \(absent\)") as caught:
        data.load("imdb")
    assert "\n" not in str(caught.value)
    (folder / imdb.TEST).write_bytes(b"no archive")
    with pytest.raises(DataError, match=f"{imdb.TEST} cannot be read"):
        data.load("imdb")
    write(folder / imdb.TEST, [[0, "0_3", "bad"]])
    with pytest.raises(DataError, match="expected 499292c6f619d570"):
        data.load("imdb")
