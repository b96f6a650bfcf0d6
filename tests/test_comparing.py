import json
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest

from idbounds import bounds, compare, evaluate
from idbounds.errors import InputError

OCCAM = {"occam-binomial", "occam-kl", "occam-hoeffding"}


def test_tightest_first():
    found = compare(errors=1200, n=60_000, code_bits=1200, test_errors=150, test_n=10_000)
    uppers = [Fraction(e.upper) for e in found if e.standing == "certificate"]
    assert uppers == sorted(uppers)
    ranks = {e.id: i for i, e in enumerate(found)}
    assert ranks["test-binomial"] < ranks["occam-binomial"] < ranks["occam-kl"] < ranks["occam-hoeffding"]
    others = {e.id for e in compare(gibbs_train_error=0.1, kl_nats=50, n=1000)}
    assert {"maurer-kl", "mcallester"} <= others
    assert not OCCAM & others


@pytest.mark.parametrize(
    ("known", "out", "stays"),
    [
        (
            {"remaining_errors": 500, "compression_size": 3, "remaining_n": 1000, "code_bits": 0, "n": 1003},
            {"sample-compression-consistent", "littlestone-warmuth", "campi-garatti"},
            "sample-compression-binomial",
        ),
        (
            {"remaining_errors": 0, "compression_size": 0, "remaining_n": 100, "code_bits": 100},
            {"sample-compression-consistent", "littlestone-warmuth"},
            "sample-compression-binomial",
        ),
        (
            {
                "margin_train_error": 0.01,
                "uncompressed_share": 0.3,
                "parameters": 100,
                "levels": 16,
                "n": 60_000,
            },
            {"arora-compressible", "arora-compressible-kl"},
            "arora-compressible-partly",
        ),
        (
            {"errors": 100, "code_bits": 100, "choices": 1000, "n": 60_000},
            {"occam-binomial", "occam-kl", "occam-hoeffding", "anytime-occam-kl"},
            "occam-menu-binomial",
        ),
        (
            {"errors": 100, "plain_bits": 100, "header_bits": 1000, "n": 60_000},
            {"occam-log-star-binomial", "occam-universal-kl"},
            "lotfi-subspace",
        ),
        (
            {"gibbs_train_error": 0.1, "kl_nats": 10, "privacy_epsilon": 0.1, "n": 60_000},
            {"maurer-kl", "maurer-kl-xi", "catoni-zhou"},
            "private-prior-kl",
        ),
    ],
)
def test_a_bound_that_leaves_something_out_of_account_is_not_offered(known, out, stays):
    ids = {e.id for e in compare(**known)}
    assert stays in ids
    assert not out & ids
    row = compare(pd.DataFrame([known])).iloc[0]
    assert np.isfinite(row[stays])
    assert all(np.isnan(row[i]) for i in out if i in row)


def test_one_choice_is_none():
    known = {"errors": 100, "code_bits": 100, "n": 60_000}
    assert "occam-binomial" in {e.id for e in compare(**known, choices=1)}


def test_only_what_bounds_a_risk_is_ranked():
    sampled = {"mc_error": 0.02, "mc_draws": 2000}
    known = {**sampled, "kl_nats": 100, "n": 30_000}
    assert "gibbs-monte-carlo" not in {e.id for e in compare(**known)}
    assert "maurer-kl-monte-carlo" in {e.id for e in compare(**known)}
    assert {e.id for e in compare(**sampled)} == {"gibbs-monte-carlo"}


def test_what_is_no_certificate_comes_last_and_never_as_one():
    found = compare(errors=1200, n=60_000, code_bits=1200, d=500)
    standings = [e.standing for e in found]
    assert standings == sorted(standings, key=lambda s: s != "certificate")
    with pytest.raises(InputError, match="not a certificate"):
        bounds["aghajanyan"].upper(train_error=0.1, d=500, n=60_000)


def test_the_assumption_that_each_adds_and_what_a_step_buys():
    found = {e.id: e for e in compare(errors=1200, n=60_000, code_bits=1200, test_errors=150, test_n=10_000)}
    assert "zero_one_loss" in found["occam-binomial"].adds
    assert "unit_loss" not in found["occam-kl"].adds  # a loss of 0 or 1 is one in [0, 1]
    assert "iid" not in found["occam-kl"].adds
    buys = dict(found["occam-binomial"].buys)
    bound = bounds["occam-binomial"]
    expected = bound(errors=1200, n=60_000, code_bits=1200) - bound(errors=1200, n=60_000, code_bits=1100)
    assert buys["code_bits - 100"] == pytest.approx(expected)
    twice = bound(errors=2400, n=120_000, code_bits=1200)
    assert buys["n x 2"] == pytest.approx(bound(errors=1200, n=60_000, code_bits=1200) - twice)
    assert list(buys.values()) == sorted(buys.values(), reverse=True)


def test_without_an_assumption():
    case = {"errors": 1200, "n": 60_000, "code_bits": 1200}
    assert "occam-binomial" not in {e.id for e in compare(**case, without=["zero_one_loss"])}
    assert not OCCAM & {e.id for e in compare(n=60_000, compression_size=5, without=["unit_loss"])}
    with pytest.raises(InputError, match=r"no bound assumes that; known: .*iid"):
        compare(**case, without=["luck"])


def test_an_evaluation_is_json():
    one = evaluate(
        bounds["occam-kl"],
        train_error="1/20",
        n=1000,
        code_bits=10,
        delta=Decimal("0.05"),
        majority_error=0.9,
    )
    record = json.loads(json.dumps(one.record()))
    assert record["inputs"] == {"train_error": 0.05, "code_bits": 10, "n": 1000, "delta": 0.05}
    assert record["no_better_than_majority"] is False
    assert Fraction(one.upper) >= Fraction(one.value)
    assert (
        "no_better_than_majority"
        not in evaluate(bounds["occam-kl"], train_error=0, n=10, code_bits=1).record()
    )


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({}, "no bound applies to nothing; .* still needs "),
        ({"n": 5}, "no bound applies to n;"),
        ({"m": 5}, "'m' is no quantity"),
        ({"train_error": 2, "n": 5, "code_bits": 1}, "train_error = 2"),
        ({"errors": [1, 2], "n": 5, "code_bits": 1}, "one case at a time"),
        ({"errors": 1, "n": 5, "code_bits": 1, "majority_error": 3}, "majority_error = 3: give a rate"),
        ({"errors": 1, "n": 5, "code_bits": 1, "majority_error": "x"}, "'x' is not a finite number"),
    ],
)
def test_what_cannot_be_compared(known, message):
    with pytest.raises(InputError, match=message):
        compare(**known)


def frame():
    return pd.DataFrame(
        {
            "run": ["a", "b", "c", "d", "e", "f"],
            "errors": [1200, 5, np.nan, 70_000, 3, 2],
            "train_error": [np.nan, np.nan, 0.02, np.nan, np.nan, np.nan],
            "n": [60_000, 100, 60_000, 60_000, 0, 10],
            "code_bits": [1200.0, np.nan, 1200.0, 5.0, 5.0, 3.0],
            "delta": [np.nan, 0.05, 0.05, 0.05, 0.05, 5],
            "test_errors": pd.array([150, 7, None, 1, 1, 1], dtype="Int64"),
            "test_n": [10_000, 100, 100, 100, 100, 100],
        },
        index=[3, 3, 1, 0, -1, 7],
    )


def test_every_row_stays_and_bad_ones_are_marked():
    table = frame()
    out = compare(table)
    pd.testing.assert_frame_equal(out[table.columns], table)
    a, b, c, d, e, f = (out.iloc[i] for i in range(6))
    assert a["occam-binomial"] == bounds["occam-binomial"](errors=1200, n=60_000, code_bits=1200)
    assert a["occam-binomial"] == c["occam-binomial"]  # from the rate; delta missing means the default
    assert a["occam-kl"] == pytest.approx(c["occam-kl"], rel=1e-12)
    assert a["problem"] == c["problem"] == ""
    assert np.isnan(b["occam-kl"])
    assert b["test-binomial"] == bounds["test-binomial"](test_errors=7, test_n=100)
    assert b["problem"] == ""
    assert d["problem"] == "errors = 70000 exceeds n = 60000"
    assert np.isfinite(d["test-binomial"])
    assert "n = 0: give an integer >= 1" in e["problem"]
    assert "delta = 5" in f["problem"]
    assert np.isnan(f[list(OCCAM)].astype(float)).all()


@pytest.mark.parametrize("dtype", [int, float, "Int64", "float32", object, str, "string", "category"])
def test_dtypes(dtype):
    table = pd.DataFrame({"errors": [12, 25], "n": [100, 100], "code_bits": [4, 5]}).astype(dtype)
    values = compare(table)["occam-binomial"].to_numpy()
    np.testing.assert_array_equal(values, bounds["occam-binomial"](errors=[12, 25], n=100, code_bits=[4, 5]))


def test_text_in_a_column_is_a_problem_of_its_row():
    table = pd.DataFrame({"errors": ["12", "many"], "n": [100, 100], "code_bits": [4, 5], 0: [1, 2]})
    out = compare(table)
    assert list(out["problem"]) == ["", "errors = many: give an integer >= 0"]
    assert np.isfinite(out["occam-kl"].iloc[0])


def test_numbers_beside_a_table_fill_what_it_lacks():
    table = pd.DataFrame({"errors": [12, 25], "n": [100, np.nan]})
    out = compare(table, code_bits="3", n=100, delta="1/10")
    expected = bounds["occam-kl"](errors=[12, 25], n=100, code_bits=3, delta=0.1)
    np.testing.assert_array_equal(out["occam-kl"], expected)


def test_small_tables():
    empty = compare(pd.DataFrame({"errors": [], "n": [], "code_bits": []}))
    assert len(empty) == 0
    assert OCCAM | {"problem"} <= set(empty.columns)
    assert (
        list(compare(pd.DataFrame({"x": [1, 2]}))["problem"])
        == ["no bound applies: quantities are missing"] * 2
    )
    assert len(compare(pd.DataFrame())) == 0


@pytest.mark.parametrize(
    ("table", "known", "message"),
    [
        (pd.DataFrame([[1, 2]], columns=["n", "n"]), {}, "more than one column 'n'"),
        (pd.DataFrame({"n": [1]}), {"code_bits": [1, 2]}, "beside a table give single numbers"),
        (pd.DataFrame({"n": [1]}), {"bits": 1}, "'bits' is no quantity"),
        (pd.DataFrame({"n": [1]}), {"majority_error": 0.1}, "single cases"),
    ],
)
def test_what_no_table_can_say(table, known, message):
    with pytest.raises(InputError, match=message):
        compare(table, **known)


def test_comparing_twice_changes_nothing():
    once = compare(frame())
    pd.testing.assert_frame_equal(compare(once), once)
