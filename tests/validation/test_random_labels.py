"""The claims about random labels can come out all three ways."""

import numpy as np
import pytest
from made_rows import rows_of

from validation.studies import random_labels
from validation.study import Verdict

CLAIMS = {claim.id: claim.check for claim in random_labels.STUDY.claims}
NEEDED = {0.0: 45, 0.25: 100, 0.5: 170, 1.0: 300}
RANDOM, TRUE = 1.1, 0.2


def measured(needed=NEEDED, bound=lambda share: 0.9 * share + 0.05, ratio=None, noise=0.01):
    """Curves that pass 0.9 at the dimension needed, and a certificate."""
    rng = np.random.default_rng(0)
    ratio = ratio or {0.0: TRUE, 1.0: RANDOM}

    def made(point):
        share = point["share"]
        scores = [
            (d, min(1.0, 0.9 + 0.3 * np.log(d / needed[share]) + noise * rng.normal()))
            for d in random_labels.DIMENSIONS
        ]
        runs = [
            {"what": "run", "d": d, "score": float(max(score, 0.1)), "D": 8970}
            for d, score in [(None, 1.0), *scores]
        ]
        certificate = {
            "what": "certificate", "bound": str(bound(share)), "code_bits": 300, "train_error": 0.1,
            "test_error": 0.2, "test_low": 0.15, "message_bits": int(4308 * ratio.get(share, 0.6)),
            "uniform_bits": 4308.0, "floor": 0.9 * share,
        }  # fmt: skip
        return [*runs, certificate]

    return rows_of(random_labels.STUDY, made)


def test_as_hoped():
    rows = measured()
    assert {name: check(rows).verdict for name, check in CLAIMS.items()} == dict.fromkeys(
        CLAIMS, Verdict.SUPPORTED
    )
    table = random_labels.numbers(rows).set_index("share")
    assert (table["d90_low"] <= list(NEEDED.values())).all()
    assert (table["d90_high"] >= list(NEEDED.values())).all()
    assert table.loc[1.0, "bits_a_label"] == pytest.approx(RANDOM * np.log2(10), rel=1e-3)


@pytest.mark.parametrize(
    ("claim", "changes", "verdict"),
    [
        ("more_dimensions", {"needed": {**NEEDED, 1.0: 70}}, Verdict.NOT_SUPPORTED),
        ("more_dimensions", {"needed": {**NEEDED, 1.0: 137}, "noise": 0.1}, Verdict.INCONCLUSIVE),
        ("grows_with_noise", {"needed": {**NEEDED, 1.0: 60}}, Verdict.NOT_SUPPORTED),
        ("grows_with_noise", {"needed": {**NEEDED, 1.0: 172}, "noise": 0.05}, Verdict.INCONCLUSIVE),
        ("not_below_the_floor", {"bound": lambda share: 0.8 * share + 0.05}, Verdict.NOT_SUPPORTED),
        ("only_structure_is_compressed", {"ratio": {0.0: TRUE, 1.0: 0.99}}, Verdict.NOT_SUPPORTED),
        ("only_structure_is_compressed", {"ratio": {0.0: 0.5, 1.0: RANDOM}}, Verdict.NOT_SUPPORTED),
    ],
)
def test_other_verdicts(claim, changes, verdict):
    assert CLAIMS[claim](measured(**changes)).verdict is verdict


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_share_leaves_a_claim_open(claim):
    rows = measured()
    assert CLAIMS[claim](rows[rows["share"] != 1.0]).verdict is Verdict.INCONCLUSIVE
