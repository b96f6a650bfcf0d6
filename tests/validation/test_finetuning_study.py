"""The claims about fine-tuning can come out all three ways; the smallest point runs."""

import numpy as np
import pandas as pd
import pytest

from validation import finetuned, results
from validation.studies import finetuning as study
from validation.studies import roberta_200
from validation.study import Verdict


def rows(shift, noise=0.002, bound=0.3, gap=0.0, keep=lambda point: True):
    """Curves that saturate; those of a cell cross at `shift` times the dimension of the others."""
    rng, made = np.random.default_rng(0), []
    for point in filter(keep, study.GRID["laptop"]):
        cell, d = (point["model"], point["start"], point["method"]), point["d"]
        full = 0.85 if point["start"] == "pretrained" else 0.6
        part = 0.5 + (full - 0.5) * (1 - np.exp(-d / (150 * shift.get(cell, 1.0))))
        score = (part if d else full) + noise * rng.normal()
        one = {
            "chance": 0.5,
            "D": 10_000,
            "score": score,
            "train_score": min(score + gap * (d == 0), 0.99),
            "train_n": 692,
            "test_score": score,
            "test_n": 1821,
            "majority_error": 0.4,
        }
        if cell[1:] == ("pretrained", "direct") and d in study.BOUND_AT and point["seed"] == 0:
            one |= {"code_bits": 700, "errors": 100, "n": 1000, "test_errors": 20, "bound": bound}
        made += results.row_set(study.STUDY, "laptop", point, [one], run="r", started="t", seconds=1.0)
    return results.latest(results.frame(made))


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


L3, L6 = "minilm-l3", "minilm-l6"
FASTER, SLOWER = 0.05, 40.0


@pytest.mark.parametrize(
    ("shift", "claim", "verdict"),
    [
        ({}, "pretraining_lowers_d90", Verdict.SUPPORTED),
        ({(L6, "pretrained", "direct"): FASTER}, "larger_models_have_lower_d90", Verdict.SUPPORTED),
        ({(L3, "pretrained", "direct"): FASTER}, "larger_models_have_lower_d90", Verdict.NOT_SUPPORTED),
        ({}, "larger_models_have_lower_d90", Verdict.INCONCLUSIVE),
        ({(L3, "pretrained", "said"): FASTER}, "said_is_below_did", Verdict.SUPPORTED),
        ({(L3, "pretrained", "direct"): FASTER}, "said_is_below_did", Verdict.NOT_SUPPORTED),
        ({}, "said_is_below_did", Verdict.INCONCLUSIVE),
    ],
)
def test_outcomes(shift, claim, verdict):
    assert verdicts(rows(shift))[claim] is verdict


def test_pretraining_may_turn_out_to_cost():
    table = rows({(L3, "pretrained", "direct"): SLOWER})
    random = (table["start"] == "random") & (table["d"] > 0)
    # A random start that reaches at once what the pretrained one does not.
    table.loc[random, ["score", "test_score"]] = 0.84
    found = verdicts(table)
    assert found["pretraining_lowers_d90"] is Verdict.NOT_SUPPORTED
    assert found["pretraining_helps_at_the_same_d"] is Verdict.NOT_SUPPORTED


@pytest.mark.parametrize(("bound", "verdict"), [(0.3, Verdict.SUPPORTED), (0.41, Verdict.NOT_SUPPORTED)])
def test_bounds_are_held_against_the_majority(bound, verdict):
    assert verdicts(rows({}, bound=bound))["bounds_beat_the_majority"] is verdict


@pytest.mark.parametrize(
    ("gap", "verdict"),
    [(0.1, Verdict.SUPPORTED), (0.01, Verdict.INCONCLUSIVE), (-0.1, Verdict.NOT_SUPPORTED)],
)
def test_gaps_of_few_dimensions_and_of_all_weights(gap, verdict):
    table = rows({}, gap=gap)
    assert verdicts(table)["few_dimensions_have_a_smaller_gap"] is verdict
    found = finetuned.gaps(table)
    assert ((found["low"] < found["gap"]) & (found["gap"] < found["high"])).all()
    one = found[(found[finetuned.CELL] == [L3, "sst2-sentences", "pretrained", "direct"]).all(axis=1)]
    every = one[one["d"].isna()].iloc[0]
    assert every["gap"] == pytest.approx(gap / 0.15, abs=0.02)  # 1 - (0.15 - gap) / 0.15


def test_an_interval_of_a_gap_covers_as_often_as_it_says():
    rng, n, many = np.random.default_rng(1), (692, 1821), 400
    wrong = rng.binomial(n, [0.2, 0.25], (many, 2)) / n
    table = pd.DataFrame({
        "model": [f"{i}" for i in range(many)], "task": "sst2-sentences", "start": "random", "method": "direct",
        "seed": 0, "d": 0, "score": 0.5, "chance": 0.5, "train_n": n[0], "test_n": n[1],
        "train_score": 1 - wrong[:, 0], "test_score": 1 - wrong[:, 1], "status": "ok", "tier": "laptop",
    })  # fmt: skip
    found = finetuned.gaps(table)
    assert len(found) == many
    assert 0.86 <= ((found["low"] <= 0.2) & (found["high"] >= 0.2)).mean() <= 0.94


def test_without_rows_and_with_noise_all_is_open():
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    noisy = verdicts(rows({}, noise=0.2))
    assert noisy["said_is_below_did"] is noisy["larger_models_have_lower_d90"] is Verdict.INCONCLUSIVE
    alone = rows({}, keep=lambda point: point["start"] == "pretrained" and point["model"] == L3)
    assert verdicts(alone)["pretraining_lowers_d90"] is Verdict.INCONCLUSIVE


def test_pretraining_helps_by_more_than_the_noise_of_the_test_part():
    assert verdicts(rows({}))["pretraining_helps_at_the_same_d"] is Verdict.SUPPORTED
    table = rows({})
    table.loc[table["start"] == "random", "test_score"] = table.loc[1, "test_score"] = 0.77
    assert verdicts(table)["pretraining_helps_at_the_same_d"] is Verdict.INCONCLUSIVE


@pytest.mark.parametrize(
    ("at_200", "verdict"),
    [(0.84, Verdict.SUPPORTED), (0.79, Verdict.INCONCLUSIVE), (0.7, Verdict.NOT_SUPPORTED)],
)
def test_roberta_runs_when_the_user_has_weights(at_200, verdict):
    made = []
    for point in roberta_200.GRID["gpu"]:
        one = {"chance": 0.67, "score": 0.9, "test_score": at_200 if point["d"] else 0.88, "test_n": 1725}
        made += results.row_set(roberta_200.STUDY, "gpu", point, [one], run="r", started="t", seconds=1.0)
    table = results.latest(results.frame(made))
    assert roberta_200.check(table).verdict is verdict
    assert roberta_200.check(table.iloc[:1]).verdict is Verdict.INCONCLUSIVE
    (axes,) = roberta_200.figure(table).axes
    assert [tick.get_text() for tick in axes.get_xticklabels()] == ["all weights", "200 dimensions"]


def test_tables_and_figure():
    table = rows({})
    found = finetuned.crossings(table).set_index(["model", "task", "start", "method", "criterion"])
    one = found.loc[(L3, "sst2-sentences", "pretrained", "direct", "fraction")]
    assert one.threshold == pytest.approx(0.9 * one.full)
    lines = finetuned.numbers(table)
    assert len(lines) == len(study.GRID["laptop"])
    assert ((lines["low"] < lines["test_score"]) & (lines["test_score"] < lines["high"])).all()
    assert np.allclose(lines["gap"], 0)
    bounded = finetuned.stated(table)
    assert bounded["train_error"].unique().tolist() == [0.1]
    assert bounded["d"].tolist() == sorted(bounded["d"].tolist()) or bounded["model"].nunique() > 1
    above, below = study.figure(table).axes
    assert len(above.get_legend_handles_labels()[1]) == 4
    assert [tick.get_text() for tick in below.get_xticklabels()] == ["16", "64", "256", "1,024", "4,096"]
    assert study.figure(table.iloc[:1])


def test_a_random_start_draws_every_weight_from_the_seed():
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    made = [study.prepared("toy", "toy", seed, "top") for seed in (None, 1, 2)]
    study.prepared.cache_clear()
    made.append(study.prepared("toy", "toy", 1, "top"))
    pretrained, one, other, again = (
        (torch.cat([p.flatten() for p in m.model.parameters() if p.ndim > 1]), torch.tensor(m.data["states"]))
        for m in made
    )
    for k in range(2):  # what moves, and what the layers below make of the sentences
        assert torch.equal(one[k], again[k])
        assert (one[k] != pretrained[k]).float().mean() > 0.9
        assert (one[k] != other[k]).float().mean() > 0.9


def test_the_smallest_point_runs(monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setattr(study, "BOUND_AT", (16,))
    (point,) = study.GRID["smoke"]
    (one,) = study.measure(point)
    assert all(0 <= one[f"{name}_score"] <= 1 for name in ("train", "test"))
    assert one["n"] == 200
    assert one["errors"] / one["n"] < one["bound"]
    (full,) = study.measure({**point, "d": 0, "start": "random", "steps": 2})
    assert "bound" not in full
    assert full["D"] == one["D"]
