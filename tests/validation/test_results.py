"""Rows come back as they went in, and a file cut anywhere loses at most its last point."""

import json
import os

import numpy as np
import pandas as pd
import pytest
from toy_study import toy

from validation import results, storage
from validation.results import ResultsError

STUDY = toy()
POINT = STUDY.points("smoke")[2]


def rows(measured, point=POINT, run="r1"):
    return results.row_set(
        STUDY, "smoke", point, measured, run=run, started="2026-01-01T00:00:00", seconds=1.5
    )


def test_round_trip_is_exact(tmp_path):
    path = tmp_path / "toy" / "rows.jsonl"
    values = {
        "tenth": 0.1 + 0.2,
        "tiny": 5e-324,
        "single": np.float32(0.1),
        "big": 2**53 + 1,
        "yes": np.bool_(True),
        "word": "naïve \u2028 \ud800",
    }
    storage.append(path, rows([values, {"tenth": 1.0}]))
    table = results.read(path)
    first = table.iloc[0]
    assert first.tenth == 0.1 + 0.2
    assert first.tiny == 5e-324
    assert first.single == float(np.float32(0.1))
    assert (
        first.big == 2**53 + 1
    )  # a float column, which pandas makes where values are missing, would lose the 1
    assert bool(first.yes) is True
    assert first.word.startswith("naïve \u2028")
    assert [first.d, first.kind, first.point] == [2, "dense", "d=2 kind=dense seed=2"]
    assert list(table.row) == [1, 2]
    assert table.big.isna().tolist() == [False, True]


def test_missing_values_are_absent_and_nan_is_never_written(tmp_path):
    path = tmp_path / "rows.jsonl"
    storage.append(path, rows([{"a": float("nan"), "b": None, "c": np.nan, "e": 1}]))
    (line,) = [json.loads(line) for line in path.read_text().splitlines()]
    assert "NaN" not in path.read_text()
    assert not {"a", "b", "c", "reason"} & set(line)
    assert line["e"] == 1


@pytest.mark.parametrize(
    ("measured", "part"),
    [
        ([{"a": float("inf")}], "finite"),
        ([{"a": [1, 2]}], "list"),
        ([{"a": np.zeros(2)}], "ndarray"),
        ([{"seconds": 1}], "seconds"),
        ([{"d": 1}], "field of the point"),
        ([{"a b": 1}], "a b"),
        ([{"status": "fine"}], "fine"),
        ([{"status": "censored"}], "reason"),
        ([], "no rows"),
    ],
)
def test_what_cannot_be_stored_is_refused(measured, part):
    with pytest.raises(ValueError, match=part):
        rows(measured)


def test_a_file_cut_anywhere_loses_only_its_last_point_and_is_repaired_by_the_next(tmp_path):
    path = tmp_path / "rows.jsonl"
    first, second, third = (
        rows([{"part": "a"}, {"part": "b"}], point) for point in STUDY.points("smoke")[:3]
    )
    storage.append(path, first)
    start = path.stat().st_size
    storage.append(path, second)
    whole = path.read_bytes()
    # Without its last newline the last row is still whole; any shorter and the point is not.
    for cut in range(start, len(whole) + 1):
        path.write_bytes(whole[:cut])
        kept = {0, 1} if cut >= len(whole) - 1 else {0}
        assert set(results.read(path).d) == kept, cut
        storage.append(path, third)
        table = results.read(path)
        assert set(table.d) == kept | {2}, cut
        assert len(table) == 2 * len(kept) + 2, cut


def test_only_whole_new_bytes_are_added(tmp_path, monkeypatch):
    path = tmp_path / "rows.jsonl"
    writes = []
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: writes.append(data) or write(handle, data))
    storage.append(path, rows([{"a": 1}, {"a": 2}]))
    assert len(writes) == 1
    assert writes[0].count(b"\n") == 2


def test_a_full_disk_is_said(tmp_path, monkeypatch):
    path = tmp_path / "rows.jsonl"
    write = os.write
    monkeypatch.setattr(os, "write", lambda handle, data: write(handle, data[:10]))
    with pytest.raises(ResultsError, match="disk full"):
        storage.append(path, rows([{"a": 1}]))
    assert results.read(path).empty


@pytest.mark.parametrize("schema", [2, "1", None])
def test_unknown_schema_is_refused(tmp_path, schema):
    path = tmp_path / "rows.jsonl"
    storage.append(path, [rows([{"a": 1}])[0] | {"schema": schema}])
    with pytest.raises(ResultsError, match=r"rows\.jsonl:1: a row of schema .* reads schema 1"):
        results.read(path)


@pytest.mark.parametrize("line", ["<<<<<<< HEAD", "[1]", "7", '{"study": "toy"}', '{"schema": 1}'])
def test_lines_that_are_no_rows_are_refused_with_their_place(tmp_path, line):
    path = tmp_path / "rows.jsonl"
    storage.append(path, rows([{"a": 1}]))
    with path.open("a") as file:
        file.write(line + "\n")
    with pytest.raises(ResultsError, match=r"rows\.jsonl:2"):
        results.read(path)


def test_copied_rows_are_refused(tmp_path):
    path = tmp_path / "rows.jsonl"
    for _ in range(2):
        storage.append(path, rows([{"a": 1}]))
    with pytest.raises(ResultsError, match="twice"):
        results.read(path)


def test_latest_lets_a_success_replace_failures(tmp_path):
    path = tmp_path / "rows.jsonl"
    storage.append(path, rows([{"status": "failed", "reason": "no"}], run="r1"))
    assert results.settled(results.read(path), "smoke") == set()
    storage.append(path, rows([{"a": 1}, {"a": 2}], run="r2"))
    table = results.read(path)
    assert len(table) == 3
    assert list(results.latest(table).status) == ["ok", "ok"]
    assert results.settled(table, "smoke") == {"d=2 kind=dense seed=2"}
    assert results.settled(table, "laptop") == set()
    # Two machines, one file: what is settled is not run again, so it must not be told as a failure.
    storage.append(path, rows([{"status": "failed", "reason": "no"}], run="r3"))
    assert list(results.latest(results.read(path)).status) == ["ok", "ok"]


def test_no_file_is_an_empty_table_with_columns(tmp_path):
    table = results.latest(results.read(tmp_path / "rows.jsonl"))
    assert isinstance(table, pd.DataFrame)
    assert table.empty
    assert {"status", "tier", "point"} <= set(table.columns)


def test_write_whole_leaves_no_part(tmp_path):
    storage.write_whole(tmp_path / "run-1.json", "one")
    storage.write_whole(tmp_path / "run-1.json", "two")
    assert [(p.name, p.read_text()) for p in tmp_path.iterdir()] == [("run-1.json", "two")]
