"""The claims about sparsity can come out all three ways; ways differ in nothing but the pattern."""

import numpy as np
import pandas as pd
import pytest
from made_rows import rows_of

from idbounds.compress import FineTune
from validation.studies import occam_hill as study
from validation.study import Verdict

TESTS = {"magnitude": 0.2, "gradient": 0.15, "random": 0.17}


def rows(keep=lambda point: True, **changes):
    """A hill at 80% and a valley of the bound at 95%."""

    def measured(point):
        sparsity, way, seed = point["sparsity"], point["way"], point["seed"]
        error = TESTS[way] if sparsity == study.REGROWN else 0.12 if sparsity == study.MILD else 0.13
        row = {
            "zeros": sparsity, "code_bits": int(5e5 * (1.001 - sparsity)), "train_error": 0.1,
            "test_error": error + 0.001 * seed, "bound": str(0.5 + abs(sparsity - 0.95)), "n": 60_000,
            "speedup": 10 * sparsity, "memory": 3.0,
        }  # fmt: skip
        row |= {name: change(point, row[name]) for name, change in changes.items()}
        return [{**row, "test_low": row["test_error"] - 0.01}]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed_and_without_rows():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}
    for table in (pd.DataFrame(), rows(keep=lambda point: point["seed"] or point["sparsity"] < 0.999)):
        assert set(verdicts(table).values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("claim", "column", "change"),
    [
        ("valley_of_the_bound", "bound", lambda point, _: str(0.9 - point["sparsity"] / 2)),
        ("hill", "test_error", lambda point, was: was + 0.1 * (point["sparsity"] == study.MILD)),
        ("gradients_beat_magnitude", "test_error", lambda p, was: was + 0.1 * (p["way"] == "gradient")),
        ("gradients_beat_chance", "test_error", lambda p, was: was + 0.1 * (p["way"] == "gradient")),
        ("sparse_products_are_faster", "speedup", lambda _, was: was / 20),
    ],
)
def test_a_claim_falls_and_one_seed_leaves_it_open(claim, column, change):
    assert verdicts(rows(**{column: change}))[claim] is Verdict.NOT_SUPPORTED
    once = {column: lambda point, was: change(point, was) if point["seed"] else was}
    assert verdicts(rows(**once))[claim] is Verdict.INCONCLUSIVE


def test_a_bound_below_the_test_error_is_noticed():
    assert verdicts(rows(bound=lambda *_: "0.05"))["valid"] is Verdict.NOT_SUPPORTED


def test_table_and_figure():
    found = study.numbers(rows())
    assert len(found) == len(study.SPARSITIES) + 2
    assert found["test_error"].between(found["low"], found["high"]).all()
    assert len(study.figure(rows()).axes[0].lines) == 5
    assert len(study.figure(pd.DataFrame()).axes) == 2


@pytest.mark.parametrize("sparsity", [0.0, study.REGROWN])
def test_every_network_is_trained_for_as_long(sparsity):
    for way in study.WAYS:
        steps = study.pipeline(sparsity, way, 7, 0).steps
        trained = [step.steps for step in steps if isinstance(step, FineTune)]
        assert trained == [7] * study.ROUNDS + [study.END]


def test_sparse_against_dense_counts_bytes():
    matrix = np.zeros((50, 80))
    matrix[0, :10] = 1
    found = study.sparse_against_dense([matrix])
    assert found["memory"] == pytest.approx(50 * 80 * 4 / (10 * 8 + 51 * 4))
    assert found["speedup"] > 0


def test_the_smoke_tier():
    (row,) = study.measure(study.GRID["smoke"][0])
    assert row["zeros"] == pytest.approx(0.9, abs=0.01)
    assert row["code_bits"] < 60_000
    assert row["train_error"] < 0.5
