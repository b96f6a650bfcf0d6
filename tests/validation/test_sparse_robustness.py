"""The claims about attacks compare intervals and can come out all three ways."""

import pandas as pd
import pytest
from made_rows import rows_of

from validation.studies import sparse_robustness as study
from validation.study import Verdict


def rows(right, keep=lambda point: True):
    """The laptop tier with a count of right answers for each sparsity and seed."""

    def measured(point):
        count = right(point["sparsity"], point["seed"])
        row = {"zeros": point["sparsity"], "test_n": 1000, "clean": 900, "fgsm": count, "pgd": count}
        return [row]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed():
    found = verdicts(rows(lambda sparsity, seed: 300 if sparsity == 0.98 else 400 + int(200 * sparsity)))
    assert set(found.values()) == {Verdict.SUPPORTED}


def test_the_other_way_round():
    found = verdicts(rows(lambda sparsity, seed: 500 if sparsity == 0.98 else 400 - int(200 * sparsity)))
    assert set(found.values()) == {Verdict.NOT_SUPPORTED}


@pytest.mark.parametrize(
    "table",
    [
        pd.DataFrame(),
        rows(lambda sparsity, seed: 400 + 5 * seed),
        rows(lambda sparsity, seed: 400 + int(200 * sparsity), keep=lambda point: point["seed"] < 2),
    ],
    ids=["no rows", "no difference", "two seeds"],
)
def test_nothing_can_be_said(table):
    assert set(verdicts(table).values()) == {Verdict.INCONCLUSIVE}


def test_one_seed_against_the_claim_refutes_it():
    def right(sparsity, seed):
        return 300 if seed == 1 and sparsity == 0.9 else 400 + int(200 * sparsity)

    assert verdicts(rows(right))["helps_against_pgd"] is Verdict.NOT_SUPPORTED


def test_numbers_and_figure():
    table = rows(lambda sparsity, seed: 500)
    found = study.numbers(table)
    assert len(found) == 3 * len(study.GRID["laptop"])
    assert ((found["low"] < found["accuracy"]) & (found["accuracy"] < found["high"])).all()
    one = study.summary(table).iloc[-1]
    assert (one["sparsity"], one["attack"], one["accuracy"]) == (0.98, "pgd", 0.5)
    assert len(study.figure(table).axes[0].containers) == len(study.ATTACKS)
    assert len(study.figure(pd.DataFrame()).axes) == 1


def test_the_smoke_tier_prunes_and_attacks():
    (point,) = study.GRID["smoke"]
    (row,) = study.measure(point)
    assert row["zeros"] == pytest.approx(0.9, abs=0.01)
    assert 0.5 * row["test_n"] < row["pgd"] <= row["fgsm"] < row["clean"]
