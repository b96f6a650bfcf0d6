"""Texts as rows of bytes: what is kept of a file, and what is refused."""

import dataclasses
import json
import lzma
from pathlib import Path

import numpy as np
import pytest

from idbounds import data
from idbounds.data import byte_rows, debian, imdb
from idbounds.errors import DataError, InputError

from .helpers import cut_off


def test_rows_of_a_text() -> None:
    found = byte_rows.rows(b"abcdefg", 3)
    assert found.tolist() == [[97, 98, 99], [100, 101, 102]]
    assert found.flags.writeable


def bible(verses: int, text: str = "x" * 9) -> str:
    return "".join(f"Ge1:{i} {text}\n" for i in range(verses))


def test_the_bible_is_cut_after_malachi(tmp_path: Path) -> None:
    path = tmp_path / byte_rows.BIBLE
    path.write_text(bible(byte_rows.VERSES))
    arrays = byte_rows.read_bible(path)
    assert arrays.train_x.shape == (byte_rows.OLD * 10 // 128, 128)
    assert arrays.test_x.shape == ((byte_rows.VERSES - byte_rows.OLD) * 10 // 128, 128)
    assert bytes(arrays.train_x[0][:20]) == b"xxxxxxxxx\nxxxxxxxxx\n"
    assert not arrays.train_y.any()
    assert not arrays.test_y.any()


@pytest.mark.parametrize(("content", "says"), [(bible(5), "has 5 lines"), ("verse\n", "cannot be read")])
def test_other_content_is_refused(tmp_path: Path, content: str, says: str) -> None:
    path = tmp_path / byte_rows.BIBLE
    path.write_text(content)
    with pytest.raises(DataError, match=says):
        byte_rows.read_bible(path)


def test_another_bible_is_refused_by_its_digest(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    cut_off(monkeypatch, tmp_path)
    assert data.available("kjv")[0] is False
    with pytest.raises(DataError, match="bible-kjv-text") as caught:
        data.load("kjv")
    assert "\n" not in str(caught.value)
    (tmp_path / "IDBOUNDS_DATA" / byte_rows.BIBLE).write_text(bible(byte_rows.VERSES))
    with pytest.raises(DataError, match="not the data set of that name"):
        data.load("kjv")


def test_the_bible_is_printed_by_the_program_of_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    asked: list[list[str]] = []

    def run(what: str, arguments: list[str], cwd: Path, seconds: float) -> str:
        asked.append(arguments)
        if what == "apt-get download":
            for name in byte_rows.PACKAGES:
                (cwd / f"{name}.deb").touch()
        return bible(byte_rows.VERSES) if what == "bible" else ""

    monkeypatch.setattr(debian.tool, "run", run)
    arrays = byte_rows.fetch_bible(lambda _line: None)
    assert len(arrays.train_x) == byte_rows.OLD * 10 // 128
    assert asked[0][-2:] == list(byte_rows.PACKAGES)
    assert asked[-1][-1] == "Gen1:1-Rev22:21"


def write(path: Path, rows: list[list[object]]) -> None:
    with lzma.open(path, "wt", encoding="utf-8") as file:
        file.writelines(json.dumps(row) + "\n" for row in rows)


def test_reviews_are_cut_and_short_ones_left_out(tmp_path: Path) -> None:
    write(tmp_path / imdb.FILE, [[1, "0_9", "good film " * 30], [0, "1_1", "bad"], [0, "2_1", "\xe9" * 128]])
    write(tmp_path / imdb.TEST, [[1, "0_9", "a" * 256]])
    arrays = byte_rows.read_reviews(tmp_path / imdb.FILE)
    assert arrays.train_x.shape == (2, 256)
    assert arrays.train_y.tolist() == [1, 0]
    assert bytes(arrays.train_x[0]).startswith(b"good film good")
    assert set(arrays.train_x[1].tolist()) == {0xC3, 0xA9}, "bytes of UTF-8, not signs"
    assert np.array_equal(arrays.test_x, np.full((1, 256), ord("a")))
    (tmp_path / imdb.TEST).write_bytes(b"no archive")
    with pytest.raises(DataError, match="cannot be read"):
        byte_rows.read_reviews(tmp_path / imdb.FILE)


def test_a_text_is_no_set_of_examples() -> None:
    digits = data.load("digits")
    assert digits.examples() is digits
    with pytest.raises(InputError, match="use certify_text"):
        dataclasses.replace(digits, form="text").examples()


def test_texts_of_ones_own() -> None:
    text = data.own_text(b"a text of some bytes", b"another", length=5)
    assert (text.form, text.train_x.shape, text.test_x.shape, text.levels) == ("text", (4, 5), (1, 5), 256)
    reviews = data.own_text([b"good film", b"bad", b"no stars"], [b"a classic"], length=6)
    assert (reviews.form, reviews.card.train_counts) == ("documents", (2,))
    assert bytes(reviews.train_x[1]) == b"no sta"
    assert (
        data.digests(data.Arrays(*(getattr(text, name) for name in data.Arrays._fields))).both == text.sha256
    )


@pytest.mark.parametrize(
    ("train", "test", "length", "says"),
    [
        (b"abc", b"abcdef", 4, "no row of 4 bytes"),
        ([b"abc"], [b"abcdef"], 4, "no row of 4 bytes"),
        (b"abcd", [b"abcd"], 4, "two texts"),
        (b"abcd", b"abcd", 1, "length = 1"),
    ],
)
def test_texts_that_fill_no_row_are_refused(train: bytes, test: bytes, length: int, says: str) -> None:
    with pytest.raises(InputError, match=says):
        data.own_text(train, test, length=length)


def test_forms_are_known_without_loading() -> None:
    assert [data.form(name) for name in ("kjv", "imdb-documents", "digits")] == [
        "text",
        "documents",
        "examples",
    ]
