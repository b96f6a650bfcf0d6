"""The claims of the core study can come out all three ways, and its rule for d sees no test data."""

import numpy as np
import pytest
from made_rows import rows_of

from validation.studies import core
from validation.study import Verdict

CLAIMS = {claim.id: claim.check for claim in core.STUDY.claims}
WEIGHTS = {"mlp": 199_210, "lenet": 44_426}


def measured(mnist=400.0, cifar=1500.0, noise=0.003, bound=0.5, test_low=0.2, keep=lambda point: True):
    """Curves that pass their threshold at 400 dimensions on MNIST and at 1,500 on CIFAR-10."""
    rng = np.random.default_rng(0)

    def made(point):
        at = {"mnist": mnist, "cifar-10-jpeg": cifar}.get(point["dataset"], 700.0)
        size = WEIGHTS[point["model"]]
        runs = [
            {"what": "run", "d": d, "seed": seed, "score": float(score + noise * rng.normal()), "D": size}
            for seed in range(point["starts"])
            for d, score in [
                (None, 0.95),
                *((d, min(0.95, 0.855 + 0.08 * np.log(d / at))) for d in core.DIMENSIONS),
            ]
        ]
        certificate = {
            "what": "certificate", "d": round(at), "seed": 0, "D": size, "bound": str(bound), "code_bits": 1000,
            "train_error": 0.2, "test_error": 0.21, "test_low": test_low, "test_high": 0.22,
            "majority_error": 0.886,
        }  # fmt: skip
        return [*runs, certificate]

    return rows_of(core.STUDY, made, keep)


@pytest.mark.parametrize(
    ("claim", "changes", "verdict"),
    [
        ("valid", {}, Verdict.SUPPORTED),
        ("valid", {"bound": 0.1}, Verdict.NOT_SUPPORTED),
        ("d90_is_small", {}, Verdict.SUPPORTED),
        ("d90_is_small", {"cifar": 4400.0, "noise": 0.01}, Verdict.INCONCLUSIVE),
        ("harder_data_take_more", {}, Verdict.SUPPORTED),
        ("harder_data_take_more", {"mnist": 1500.0, "cifar": 400.0}, Verdict.NOT_SUPPORTED),
        ("harder_data_take_more", {"cifar": 400.0}, Verdict.INCONCLUSIVE),
        ("useful_on_mnist", {}, Verdict.SUPPORTED),
        ("useful_on_mnist", {"bound": 0.9}, Verdict.NOT_SUPPORTED),
    ],
)
def test_verdicts(claim, changes, verdict):
    assert CLAIMS[claim](measured(**changes)).verdict is verdict


def test_one_network_that_needs_many_of_its_weights_refutes_that_d90_is_small():
    rows = measured()
    rows.loc[rows["what"] == "certificate", "D"] = 2000
    assert CLAIMS["d90_is_small"](rows).verdict is Verdict.NOT_SUPPORTED


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_point_leaves_a_claim_open(claim):
    rows = measured(keep=lambda point: (point["dataset"], point["model"]) != ("mnist", "lenet"))
    assert CLAIMS[claim](rows).verdict is Verdict.INCONCLUSIVE
    assert CLAIMS[claim](rows[:0]).verdict is Verdict.INCONCLUSIVE


def test_the_table_puts_published_numbers_beside_the_measured_ones():
    table = core.numbers(measured()).set_index(["model", "dataset"])
    assert len(table) == len(core.MODELS) * len(core.DATASETS)
    mnist = table.loc["lenet", "mnist"]
    assert mnist.d90_low <= 400 <= mnist.d90_high
    assert mnist.published == core.PUBLISHED["lenet", "mnist"]
    assert table["published"].isna().sum() == len(table) - len(core.PUBLISHED)


def test_a_d90_that_is_not_reached_is_certified_at_the_largest_dimension():
    rows = measured(cifar=1e6)
    key = "mlp", "cifar-10-jpeg"
    one = core.crossings(rows)[key]
    assert one.d is None
    assert core.chosen(one, 8192) == 8192
    line = core.numbers(rows).set_index(["model", "dataset"]).loc[key]
    assert line.d90_low > 2000
    assert line[["d90", "d90_high"]].isna().all()
    core.figure(rows)


def test_smoke():
    (point,) = core.GRID["smoke"]
    *runs, certificate = core.measure(point)
    assert [row["d"] for row in runs] == [None, 128, 256]
    assert all(0 <= row["score"] <= 1 for row in runs)
    assert certificate["what"] == "certificate"
    assert certificate["d"] >= 1
    assert 0 < float(certificate["bound"]) <= 1
