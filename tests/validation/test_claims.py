"""Each claim can come out all three ways, and those on the committed rows are not contradicted."""

import itertools
import json
from dataclasses import replace

import pytest
from made_rows import judged
from toy_study import toy

from validation import claims, results
from validation.__main__ import COMMITTED
from validation.studies import discover
from validation.studies.subspace_dimension import GRID, STUDY
from validation.study import Claim, Outcome, Verdict

CLAIMS = {claim.id: claim.check for claim in STUDY.claims}


def table(bounds, tier="laptop", status="ok", **other):
    """One row for each bound, on the first points of the tier."""
    rows = []
    for point, bound in zip(STUDY.points(tier), bounds, strict=False):
        metrics = {"bound": str(bound), "test_low": 0.10, "majority_error": 0.9, "status": status} | other
        metrics |= {} if status == "ok" else {"reason": "told to"}
        rows += results.row_set(STUDY, tier, point, [metrics], run="r", started="t", seconds=1.0)
    return results.latest(results.frame(rows))


FULL = len(GRID["laptop"])


@pytest.mark.parametrize(
    ("claim", "rows", "verdict", "part"),
    [
        ("bound_above_test_error", table([0.2] * FULL), Verdict.SUPPORTED, "0.1000"),
        ("bound_above_test_error", table([0.2] * 8 + [0.09]), Verdict.NOT_SUPPORTED, "bound 0.09"),
        ("bound_above_test_error", table([0.09]), Verdict.NOT_SUPPORTED, "1 of 1"),
        ("bound_above_test_error", table([0.09], tier="smoke"), Verdict.NOT_SUPPORTED, "dataset=digits"),
        ("bound_above_test_error", table([0.2] * 8), Verdict.INCONCLUSIVE, "1 of 9"),
        ("bound_above_test_error", table([0.2] * FULL, status="failed"), Verdict.INCONCLUSIVE, "9 of 9"),
        ("bound_above_test_error", table([]), Verdict.INCONCLUSIVE, "9 of 9"),
        ("non_vacuous_below_35_percent", table([0.2] * 8 + [0.34]), Verdict.SUPPORTED, "0.3400"),
        ("non_vacuous_below_35_percent", table([0.2] * 8 + [0.35]), Verdict.NOT_SUPPORTED, "bound 0.35"),
        (
            "non_vacuous_below_35_percent",
            table([0.3] * FULL, majority_error=0.25),
            Verdict.NOT_SUPPORTED,
            "9",
        ),
        ("non_vacuous_below_35_percent", table([0.2] * 3), Verdict.INCONCLUSIVE, "6 of 9"),
        ("non_vacuous_below_35_percent", table([0.9] * 2, tier="smoke"), Verdict.INCONCLUSIVE, "9 of 9"),
        ("non_vacuous_below_35_percent", table([]), Verdict.INCONCLUSIVE, "9 of 9"),
    ],
)
def test_every_verdict_can_be_reached(claim, rows, verdict, part):
    outcome = CLAIMS[claim](rows)
    assert outcome.verdict is verdict
    assert part in outcome.says


def test_studies_are_found_by_their_files():
    studies = discover()
    assert studies["subspace_dimension"] is STUDY
    assert all(study.id == name for name, study in studies.items())


def test_claims_without_rows_are_inconclusive(tmp_path):
    found = claims.judge([toy(), STUDY], tmp_path)
    assert {entry.outcome.verdict for entry in found} == {Verdict.INCONCLUSIVE}
    assert len(found) == 1 + len(STUDY.claims)


def test_a_check_that_fails_hides_no_other_claim(tmp_path):
    def broken(rows):
        raise KeyError("bound")

    study = replace(STUDY, claims=(Claim("broken", "It cannot be checked.", broken), *STUDY.claims))
    found = claims.judge([study], tmp_path)
    assert len(found) == 1 + len(STUDY.claims)
    assert found[0].outcome == Outcome(Verdict.INCONCLUSIVE, "the check failed, KeyError: 'bound'")


def test_claims_on_the_committed_results_have_the_recorded_outcomes():
    # a claim that the rows do not support is a result, too: it is recorded, and a change of any outcome is noticed
    recorded = json.loads((COMMITTED / "claims.json").read_text("utf-8"))
    found = list(itertools.chain(*judged().values()))
    assert [j.claim.id for j in found if j.outcome.says.startswith("the check failed")] == []
    assert [{"study": j.study, "claim": j.claim.id, "outcome": j.outcome.verdict.value} for j in found] == [
        {k: entry[k] for k in ("study", "claim", "outcome")} for entry in recorded
    ]


def test_what_no_laptop_answers_says_so():
    without = [name for name, study in discover().items() if "laptop" not in study.grid]
    found = [j for name in without for j in judged()[name]]
    assert {(j.study, j.outcome.verdict.value) for j in found} == {("roberta_200", "inconclusive")}
    assert all(j.outcome.says.startswith("not run here") for j in found)


@pytest.mark.parametrize("name", [name for name, study in discover().items() if "laptop" in study.grid])
def test_committed_rows_have_their_provenance(name):
    rows = results.of_study(COMMITTED, name)
    assert len(rows)
    assert {f"run-{run}.json" for run in rows["run"]} <= {path.name for path in (COMMITTED / name).iterdir()}
