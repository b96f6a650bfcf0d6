"""The claims about priors can come out all three ways; a prior moves the posterior, and pairs are counted."""

import numpy as np
import pandas as pd
import pytest
import torch
from made_rows import rows_of

from idbounds import data
from validation import lengths
from validation.studies import transfer_priors as study
from validation.study import Verdict

BOUNDS = {"zero": 0.6, "start": 0.55, "other": 0.5, "split": 0.4}


def rows(change=lambda point: 0.0, keep=lambda point: True, **more):
    def measured(point):
        bound = BOUNDS[point["prior"]] + change(point)
        row = {
            "bound": str(bound), "kl_bits": 1e4 * bound, "bound_n": 6000, "train_error": 0.1,
            "test_error": 0.12, "test_low": 0.11,
        }  # fmt: skip
        return [{**row, **more}]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed_and_without_rows():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}
    for table in (pd.DataFrame(), rows(keep=lambda point: point["seed"] or point["prior"] != "zero")):
        assert set(verdicts(table).values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("prior", "by", "fall"),
    [
        ("other", 0.08, {"other_data_save_bits", "other_data_below_start"}),
        ("zero", -0.2, {"other_data_below_zero"}),
        ("split", 0.2, {"half_of_the_data_beats_others"}),
    ],
)
def test_a_target_refutes_and_a_draw_leaves_it_open(prior, by, fall):
    def one(point):
        return by * (point["prior"] == prior and point["target"] == "fashion-mnist 5-9")

    for change, verdict in (
        (one, Verdict.NOT_SUPPORTED),
        (lambda point: one(point) * point["seed"], Verdict.INCONCLUSIVE),
    ):
        assert {name for name, found in verdicts(rows(change)).items() if found is verdict} == fall


def test_a_bound_below_the_test_error_is_noticed():
    assert verdicts(rows(test_low=0.45))["valid"] is Verdict.NOT_SUPPORTED


def test_table_and_figure():
    found = study.numbers(rows())
    assert found["target"].unique().tolist() == list(study.TRANSFERS)
    assert found["bound"].iloc[:4].tolist() == pytest.approx(list(BOUNDS.values()))
    assert study.figure(rows()).axes[0].get_legend_handles_labels()[1] == list(study.PRIORS.values())
    assert len(study.figure(pd.DataFrame()).axes) == 1


def test_three_widths_share_five_percent():
    assert len(study.WIDTHS) * (float(study.DELTA) + float(study.MC_DELTA)) <= 0.05


def test_the_prior_draws_the_posterior_to_its_centre():
    net = lengths.network(3, 2, (), 0)
    x, y = torch.zeros(50, 3), torch.zeros(50, dtype=torch.int64)  # the weights have nothing to say
    centre = np.linspace(-1, 1, 8)
    mean, sigma = lengths.posterior(net, x, y, width=0.1, steps=1500, seed=0, centre=centre)
    assert np.allclose(mean[:6], centre[:6], atol=0.05)
    assert np.allclose(sigma[:6], 0.1, rtol=0.2)
    free, _ = lengths.posterior(net, x, y, width=0.1, steps=1500, seed=0)
    assert np.allclose(free[:6], 0, atol=0.05)


def test_pairs_are_counted_at_the_rate_of_the_posterior():
    net = lengths.network(1, 2, (), 0)  # scores: weights times x, then two biases
    x, y = torch.ones(7, 1), torch.zeros(7, dtype=torch.int64)
    mean, sigma = np.array([1.0, 0, 0, 0]), np.array([1.0, 1e-6, 1e-6, 1e-6])
    wrong = study.pairs_wrong(net, mean, sigma, x, y, 0)
    assert wrong / study.DRAWS == pytest.approx(0.1587, abs=0.03)  # of a normal variable below -1


def test_the_smoke_tier_and_its_parts():
    try:
        data.load("mnist"), data.load("fashion-mnist")
    except data.DataError:
        pytest.skip("MNIST or Fashion-MNIST is not to be had")
    x, y, test_x, test_y = study.part("fashion-mnist 5-9", 300, 0)
    assert x.shape == (300, 196)
    assert set(y.tolist()) == set(test_y.tolist()) == set(range(5))
    assert 0 <= float(test_x.min()) < float(test_x.max()) <= 1
    (row,) = study.measure(study.GRID["smoke"][0])
    assert row["source"] == "mnist"
    assert row["test_low"] < row["test_error"] < float(row["bound"]) <= 1
