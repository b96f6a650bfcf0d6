"""The claims about d90 are held against intervals, and can come out all three ways."""

import numpy as np
import pytest

from idbounds.dimension import estimate_d90
from validation import results
from validation.studies import d90_families, d90_mnist
from validation.study import Verdict


def mnist(low, d90, high, model="mlp"):
    point = next(p for p in d90_mnist.GRID["laptop"] if p["model"] == model)
    row = {
        "what": "crossing", "criterion": "absolute", "threshold": 0.9, "d90": d90, "low": low, "high": high,
        "baseline": 0.98, "runs": 25, "tuning_runs": 4,
    }  # fmt: skip
    rows = results.row_set(d90_mnist.STUDY, "laptop", point, [row], run="r", started="t", seconds=1.0)
    return results.latest(results.frame(rows))


@pytest.mark.parametrize(
    ("ends", "verdict"),
    [
        ((600.0, 626.0, 654.0), Verdict.SUPPORTED),
        ((490.0, 510.0, 540.0), Verdict.INCONCLUSIVE),  # 750 / 1.5 = 500 lies within the interval
        ((1100.0, 1120.0, 1140.0), Verdict.INCONCLUSIVE),
        ((400.0, 450.0, 499.0), Verdict.NOT_SUPPORTED),
        ((1126.0, 1200.0, 1300.0), Verdict.NOT_SUPPORTED),
    ],
)
def test_published_d90_is_held_against_the_whole_interval(ends, verdict):
    outcome = d90_mnist.check(mnist(*ends), "mlp")
    assert outcome.verdict is verdict
    assert f"[{ends[0]:.0f}, {ends[2]:.0f}]" in outcome.says
    assert d90_mnist.check(mnist(*ends), "lenet").verdict is Verdict.INCONCLUSIVE


def families(shift, noise):
    """Rows whose curves cross the threshold at the same d, that of "sparse" `shift` times as far out."""
    rng = np.random.default_rng(0)
    made = []
    for point in d90_families.GRID["laptop"]:
        full = point["kind"] == "full"
        scale = shift if point["kind"] == "sparse" else 1.0
        ds = [None] if full else d90_families.TASKS[point["task"]][1]
        scores = [
            0.95 if d is None else 0.855 + 0.15 * np.log(d / (180 * scale)) + noise * rng.normal() for d in ds
        ]
        measured = [
            {"d": d, "score": float(min(s, 0.99)), "D": 9000} for d, s in zip(ds, scores, strict=True)
        ]
        made += results.row_set(
            d90_families.STUDY, "laptop", point, measured, run="r", started="t", seconds=1.0
        )
    return results.latest(results.frame(made))


@pytest.mark.parametrize(
    ("shift", "noise", "verdict"),
    [
        (1.0, 0.002, Verdict.SUPPORTED),
        (1.0, 0.05, Verdict.INCONCLUSIVE),
        (1.5, 0.002, Verdict.NOT_SUPPORTED),
        (1.15, 0.01, Verdict.INCONCLUSIVE),
    ],
)
def test_ratios_are_judged_by_their_intervals(shift, noise, verdict):
    rows = families(shift, noise)
    assert d90_families.check(rows).verdict is verdict
    table = d90_families.numbers(rows)
    sparse = table[table["kind"] == "sparse"]
    assert (sparse["ratio_low"] < shift).all()
    assert (sparse["ratio_high"] > shift).all()
    # The ratio's interval is no narrower than that of either estimate.
    other = table[table["kind"] != "dense"]
    assert (np.log(other["ratio_high"] / other["ratio_low"]) >= np.log(other["high"] / other["low"])).all()


def test_a_missing_point_leaves_the_claim_open():
    rows = families(1.0, 0.002)
    assert d90_families.check(rows[rows["seed"] != 3]).verdict is Verdict.INCONCLUSIVE


def test_the_estimate_is_that_of_the_library():
    rows = families(1.0, 0.002)
    some = rows[(rows["task"] == "mlp") & rows["kind"].isin(["full", "srht"])]
    assert (
        d90_families.d90(rows, "mlp", "srht").d
        == estimate_d90(some[["d", "score", "seed"]], chance=0.1).main.d
    )
