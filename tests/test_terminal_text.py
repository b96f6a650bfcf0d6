"""What a language model's certificate shows on a terminal: made, printed, replayed."""

import dataclasses
import json

import pytest

from idbounds import data
from idbounds.terminal import run_certify, run_verify
from tests.texts import small

QUICK = {"d": 10, "steps": 4, "batch": 4}


@pytest.fixture
def words(monkeypatch, tmp_path):
    """Small data sets in the place of the real ones."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr(
        data, "load", lambda name, *_: dataclasses.replace(small(data.form(name), n=60), name=name)
    )


@pytest.mark.parametrize(
    ("name", "bound", "parts"),
    [
        (
            "kjv",
            "language-tokens-freedman",
            ("bytes of the other text; nothing is promised", "language-top-k"),
        ),
        (
            "imdb-documents",
            "language-documents-kl",
            ("60 of 60 documents", "drawn uniformly from the training"),
        ),
    ],
)
def test_tables_and_what_is_taken_for_granted(words, capsys, name, bound, parts):
    assert run_certify(name, as_json=False, fallback=False, **QUICK) == 0
    shown = capsys.readouterr().out
    for part in (*parts, bound, "named beforehand", "uniform guess", "alpha = 2^-", "assumes (declared)"):
        assert part in shown
    assert f"idbounds verify {name}.idb" in shown
    assert run_verify(f"{name}.idb", as_json=False) == 0
    shown = capsys.readouterr().out
    assert "bits a byte with confidence 1 - 0.05" in shown
    assert bound in shown


def test_json_holds_the_same_numbers(words, capsys):
    assert run_certify("kjv", as_json=True, fallback=False, **QUICK) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["n"] == 60 * 32
    assert found["loss"] < float(found["bound"])
    assert {b["id"] for b in found["bounds"]} >= {found["bound_id"], "language-top-k-azuma"}
    assert sum(found["parts"].values()) == found["code_bits"]
