"""d90 from a table: what the table may look like, and what must not matter."""

import math

import numpy as np
import pandas as pd
import pytest

from idbounds.dimension import Run, Score, estimate_d90
from idbounds.errors import InputError


def table(noise=0.004, seed=0, chance=0.1):
    rng = np.random.default_rng(seed)
    d = np.repeat([30, 60, 90, 110, 130, 160, 220, 400], 3)
    clean = chance + 0.88 * -np.expm1(-((d / 60) ** 0.8))
    rows = {"d": [None] * 5 + d.tolist(), "seed": list(range(29))}
    return rows | {"score": (np.append([0.98] * 5, clean) + noise * rng.standard_normal(29)).tolist()}


def test_order_changes_nothing():
    frame = pd.DataFrame(table())
    first, second = (estimate_d90(f, chance=0.1) for f in (frame, frame.sample(frac=1, random_state=1)))
    for name, one in first.crossings.items():
        other = second.crossings[name]
        assert (one.d, one.low, one.high) == pytest.approx((other.d, other.low, other.high), rel=1e-12)


def test_every_form_of_a_table_says_the_same():
    rows = table()
    scores = [Score(Run(d, s), y) for d, s, y in zip(*(rows[k] for k in ("d", "seed", "score")), strict=True)]
    frame = pd.DataFrame(rows)
    forms = [rows, frame, frame.astype({"d": "Int64"}), scores]
    apart = {k: v[5:] for k, v in rows.items()}
    results = [estimate_d90(form, chance=0.1).main for form in forms]
    results.append(estimate_d90(apart, chance=0.1, baseline=rows["score"][:5]).main)
    assert len({(c.d, c.low, c.high) for c in results}) == 1


def test_a_loss_is_the_mirror_of_a_score():
    rows = table()
    plain = estimate_d90(rows, chance=0.1, best=None, absolute=0.85)
    turned = rows | {"score": [1 - y for y in rows["score"]]}
    mirror = estimate_d90(turned, chance=0.9, best=None, absolute=0.15, higher_is_better=False)
    for name in ("gain", "absolute"):
        one, other = plain.crossings[name], mirror.crossings[name]
        assert (one.d, one.low, one.high) == pytest.approx((other.d, other.low, other.high))
        assert one.slope == pytest.approx(-other.slope)
    assert mirror.crossings["fraction"].threshold == pytest.approx(mirror.baseline.mean / 0.9)


def test_lower_thresholds_need_fewer_dimensions():
    d50, d80, d95 = (estimate_d90(table(), threshold=q, chance=0.1) for q in (0.5, 0.8, 0.95))
    assert d50.main.d < d80.main.d < d95.main.d
    assert (d50.name, d95.name) == ("d50", "d95")


def test_failed_runs_are_left_out_and_counted():
    rows = table()
    worse = {k: [*v, w] for (k, v), w in zip(rows.items(), (100, 99, math.nan), strict=True)}
    clean, result = estimate_d90(rows, chance=0.1), estimate_d90(worse, chance=0.1)
    assert result.main == clean.main
    assert "1 of 30 runs failed and are left out" in result.warnings
    assert len(result.scores) == 30


@pytest.mark.parametrize("d", [8, 300, 500, 1024])
def test_one_disaster_sets_no_scale(d):
    rng = np.random.default_rng(0)
    ds = [8, 16, 32, 64, 128, 256, 512, 1024, *[300, 390, 500] * 4, d]
    losses = [0.3 + 2 * math.exp(-((k / 60) ** 0.6)) + 0.004 * rng.standard_normal() for k in ds]
    full = [0.3 + 0.004 * z for z in (-1, 0, 1, 0.5, -0.5)]
    options = {"higher_is_better": False, "best": None, "baseline": full}
    clean = estimate_d90({"d": ds, "score": losses}, **options).main
    result = estimate_d90({"d": ds, "score": [*losses[:-1], 1e4]}, **options)
    assert any("1 of 26 runs scored further below chance" in w for w in result.warnings)
    bad = result.main
    assert math.log(bad.d / clean.d) == pytest.approx(0, abs=0.02)
    assert None not in (bad.low, bad.high)


def test_a_baseline_that_learned_nothing_is_told():
    rows = {"d": [None] * 5 + [8, 16, 32], "score": [0.1, 0.101, 0.099, 0.1, 0.1] + [0.1] * 3}
    result = estimate_d90(rows, chance=0.1)
    assert "LEARNED NOTHING" in result.warnings[0]
    turned = rows | {"score": [1 - y for y in rows["score"]]}
    assert "LEARNED NOTHING" in estimate_d90(turned, chance=0.9, higher_is_better=False).warnings[0]


def test_noise_that_no_repeated_run_shows_is_told():
    rows = {"d": [None, 8, 16, 32, 64, 128], "score": [0.98, 0.3, 0.5, 0.7, 0.95, 0.97]}
    result = estimate_d90(rows, chance=0.1)
    assert (result.main.low, result.main.high) == (None, None)
    assert any("noise is unknown" in w for w in result.warnings)
    known = estimate_d90(rows, chance=0.1, baseline=[0.981, 0.979])
    assert (known.main.low, known.main.high) == (32, 64)
    assert any("rest on the noise of full training" in w for w in known.warnings)


def test_reached_at_once_without_evidence_is_not_measured():
    result = estimate_d90({"d": [None, 8, 16], "score": [0.98, 0.97, 0.97]}, chance=0.1)
    assert str(result.main).startswith("not measured")
    assert "inf" not in str(result)


def test_shared_projections_count_once():
    rows = table()
    thrice = {k: v[:5] + v[5:] * 3 for k, v in rows.items()}
    one, three = (estimate_d90(r, chance=0.1, cluster="d").main for r in (rows, thrice))
    assert (one.d, one.low, one.high) == pytest.approx((three.d, three.low, three.high))


def test_a_seed_shared_by_all_d_widens_the_interval():
    rng = np.random.default_rng(5)
    rows = table(noise=0.0)
    seeds = [-1, -2, -3, -4, -5, *([0, 1, 2] * 8)]
    shift = dict(zip((0, 1, 2), 0.02 * rng.standard_normal(3), strict=True))
    scores = [y + shift.get(s, 0) for y, s in zip(rows["score"], seeds, strict=True)]
    shared, apart = rows | {"score": scores, "seed": seeds}, rows | {"score": scores}
    one, other = (
        estimate_d90(r, chance=0.1, absolute=0.88, criterion="absolute").main for r in (shared, apart)
    )
    assert one.high - one.low > 2 * (other.high - other.low)


def test_warnings():
    rows = table()
    assert estimate_d90(rows, chance=0.1).warnings == ()
    few = {k: v[3:] for k, v in rows.items()}
    assert any("2 full-parameter runs" in w for w in estimate_d90(few, chance=0.1).warnings)
    back = {k: v + w for (k, v), w in zip(rows.items(), ([800] * 3, [50, 51, 52], [0.6] * 3), strict=True)}
    assert any("not monotone" in w for w in estimate_d90(back, chance=0.1).warnings)
    noisy = estimate_d90(table(noise=0.2), chance=0.1)
    assert any("nois" in w or "bracket" in w for w in noisy.warnings)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ({"criterion": "most"}, "fraction, absolute, gain"),
        ({"criterion": "gain", "chance": None}, "chance="),
        ({"level": 1.0}, "level"),
        ({"threshold": 2.0}, "threshold"),
        ({"cluster": "model"}, "cluster"),
    ],
)
def test_bad_options(change, match):
    with pytest.raises(InputError, match=match):
        estimate_d90(table(), **{"chance": 0.1} | change)


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ({"x": [1]}, "needs d and score"),
        ([1, 2], "Score objects"),
        ({"d": [1.5, None], "score": [0.1, 0.9]}, "whole number"),
        ({"d": [0, None], "score": [0.1, 0.9]}, "whole number"),
        ({"d": [1], "score": [0.1]}, "full-parameter"),
        ({"d": [None], "score": [0.1]}, "subspace"),
    ],
)
def test_bad_tables(rows, match):
    with pytest.raises(InputError, match=match):
        estimate_d90(rows)
