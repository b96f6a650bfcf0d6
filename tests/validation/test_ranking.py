"""Orders are compared as scipy does, and the claims about them can come out all three ways."""

import numpy as np
import pytest
from made_rows import rows_of
from scipy.stats import kendalltau

from validation.studies import ranking
from validation.study import Verdict

CLAIMS = {claim.id: claim.check for claim in ranking.STUDY.claims}


def measured(agree=1.0, norms=-1.0, keep=lambda point: True):
    """Test errors at random; Occam's bound and the bits agree with them to a degree, the norms to another."""
    rng = np.random.default_rng(0)

    def made(point):
        error, noise = rng.random(), rng.random(2)
        ours = agree * error + (1 - abs(agree)) * noise[0]
        theirs = norms * error + (1 - abs(norms)) * noise[1]
        row = {"test_error": error, "occam_hoeffding": ours, "code_bits": int(1000 * ours) + 2000}
        row |= {"weights": point["width"], "train_error": round(error, 1)}
        return [row | {name.replace("-", "_"): theirs for name in ranking.NORMS}]

    return rows_of(ranking.STUDY, made, keep)


def test_tau_is_that_of_scipy_and_pairs_with_another_n_do_not_count(monkeypatch):
    once = {"laptop": tuple(point for point in ranking.GRID["laptop"] if not point["seed"])}
    monkeypatch.setattr(ranking, "GRID", once)
    rows = measured(0.5, keep=lambda point: not point["seed"])
    for name in ("occam-hoeffding", "weights", "train_error"):
        column = rows[name.replace("-", "_")]
        assert ranking.taus(rows, fixed_n=False)[name][0] == pytest.approx(
            kendalltau(column, rows["test_error"]).statistic
        )
    shifted = rows.assign(test_error=rows["test_error"] + rows["n"])
    within = [ranking.taus(some, fixed_n=True)["occam-hoeffding"][0] for some in (rows, shifted)]
    assert within[0] == pytest.approx(within[1])
    assert ranking.taus(shifted, fixed_n=False)["occam-hoeffding"][0] != pytest.approx(within[0])


@pytest.mark.parametrize(
    ("agree", "verdict"),
    [(1.0, Verdict.SUPPORTED), (-1.0, Verdict.NOT_SUPPORTED), (0.0, Verdict.INCONCLUSIVE)],
)
@pytest.mark.parametrize("claim", [name for name in CLAIMS if name != "occam_beats_norms"])
def test_verdicts(claim, agree, verdict):
    assert CLAIMS[claim](measured(agree)).verdict is verdict


def test_against_norms():
    check = CLAIMS["occam_beats_norms"]
    assert check(measured(0.9, 0.0)).verdict is Verdict.SUPPORTED
    assert check(measured(0.0, 0.9)).verdict is Verdict.NOT_SUPPORTED
    assert check(measured(0.5, 0.5)).verdict is Verdict.INCONCLUSIVE


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_network_leaves_a_claim_open(claim):
    rows = measured(keep=lambda point: point["width"] != ranking.WIDTHS[0])
    assert CLAIMS[claim](rows).verdict is Verdict.INCONCLUSIVE
    assert ranking.numbers(rows).empty


def test_seeds_of_a_setting_are_resampled_together(monkeypatch):
    def made(point):  # the same network with each seed, so that more seeds may not narrow an interval
        rng = np.random.default_rng([int(10 * v) for k, v in sorted(point.items()) if k != "seed"])
        values = dict(
            zip(
                ("test_error", *(p.replace("-", "_") for p in ranking.PREDICTORS)), rng.random(9), strict=True
            )
        )
        return [values]

    every = ranking.taus(rows_of(ranking.STUDY, made), fixed_n=False)
    once = {"laptop": tuple(point for point in ranking.GRID["laptop"] if not point["seed"])}
    monkeypatch.setattr(ranking, "GRID", once)
    single = ranking.taus(rows_of(ranking.STUDY, made, lambda point: not point["seed"]), fixed_n=False)
    for name in ranking.PREDICTORS:
        assert np.allclose(every[name], single[name])
