"""The claims about width and depth can come out all three ways."""

import numpy as np
import pytest
from made_rows import rows_of

from validation.studies import width_depth
from validation.study import Verdict

CLAIMS = {claim.id: claim.check for claim in width_depth.STUDY.claims}


def weights(width, depth):
    return 64 * width + width + (depth - 1) * (width + 1) * width + 10 * (width + 1)


def measured(power=0.0, noise=0.003, spread=0.0):
    """Curves that pass their threshold at 120 dimensions, times a power of the number of weights."""
    rng = np.random.default_rng(0)

    def made(point):
        size = weights(point["width"], point["depth"])
        shift = spread if point["width"] == 96 else 0.0
        at = 120 * (size / weights(96, 2)) ** power * np.exp(shift)
        scores = [
            (d, min(0.99, 0.882 + 0.15 * np.log(d / at) + noise * rng.normal()))
            for d in width_depth.DIMENSIONS
        ]
        return [{"what": "run", "d": d, "score": float(s), "D": size} for d, s in [(None, 0.98), *scores]]

    return rows_of(width_depth.STUDY, made)


def test_the_number_of_weights_is_that_of_the_network():
    assert sum(p.numel() for p in width_depth.network(96, 3)().parameters()) == weights(96, 3)


@pytest.mark.parametrize(
    ("claim", "changes", "verdict"),
    [
        ("stays", {}, Verdict.SUPPORTED),
        ("stays", {"power": 0.2}, Verdict.NOT_SUPPORTED),
        ("stays", {"spread": 0.65, "noise": 0.02}, Verdict.INCONCLUSIVE),
        ("does_not_grow", {}, Verdict.SUPPORTED),
        ("does_not_grow", {"power": 0.2}, Verdict.NOT_SUPPORTED),
        ("does_not_grow", {"power": 0.09, "spread": 0.4}, Verdict.INCONCLUSIVE),
    ],
)
def test_verdicts(claim, changes, verdict):
    assert CLAIMS[claim](measured(**changes)).verdict is verdict


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_network_leaves_a_claim_open(claim):
    rows = measured()
    assert CLAIMS[claim](rows[rows["width"] != 288]).verdict is Verdict.INCONCLUSIVE


def test_the_table_has_the_networks():
    table = width_depth.numbers(measured())
    assert len(table) == len(width_depth.WIDTHS) * len(width_depth.DEPTHS)
    assert ((table["d90_low"] <= 120) & (table["d90_high"] >= 120)).mean() > 0.7
