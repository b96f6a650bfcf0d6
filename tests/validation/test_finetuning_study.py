"""The claims about fine-tuning can come out all three ways; the smallest point runs."""

import numpy as np
import pandas as pd
import pytest

from validation import results
from validation.studies import finetuning as study
from validation.study import Verdict


def rows(shift, noise=0.002, bound=0.3, keep=lambda point: True):
    """Curves that saturate; those of a cell cross at `shift` times the dimension of the others."""
    rng, made = np.random.default_rng(0), []
    for point in filter(keep, study.GRID["laptop"]):
        cell = (point["model"], point["start"], point["method"])
        scale = shift.get(cell, 1.0)
        full = 0.85 if point["start"] == "pretrained" else 0.6
        ds = (None, *study.DIMENSIONS) if point["method"] == "direct" else study.DIMENSIONS
        measured = [
            {
                "what": "run", "d": d, "chance": 0.5, "D": 10_000,
                "score": (full if d is None else 0.5 + (full - 0.5) * (1 - np.exp(-d / (150 * scale))))
                + noise * rng.normal(),
                "train_score": 0.9, "test_score": 0.8,
            }
            for d in ds
        ]  # fmt: skip
        if cell[1:] == ("pretrained", "direct") and point["seed"] == 0:
            measured.append({
                "what": "bound", "d": study.BOUND_AT, "code_bits": 700, "errors": 100, "n": 1000,
                "test_errors": 20, "test_n": 100, "bound": bound,
            })  # fmt: skip
        made += results.row_set(study.STUDY, "laptop", point, measured, run="r", started="t", seconds=1.0)
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
    random = (table["start"] == "random") & table["d"].notna()
    table.loc[random, "score"] = 0.84  # a random start that reaches at once what the pretrained one does not
    assert verdicts(table)["pretraining_lowers_d90"] is Verdict.NOT_SUPPORTED


@pytest.mark.parametrize(("bound", "verdict"), [(0.3, Verdict.SUPPORTED), (0.4, Verdict.NOT_SUPPORTED)])
def test_bounds_are_held_against_the_majority(bound, verdict):
    assert verdicts(rows({}, bound=bound))["bounds_beat_the_majority"] is verdict


def test_without_rows_and_with_noise_all_is_open():
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}
    noisy = verdicts(rows({}, noise=0.2))
    assert noisy["said_is_below_did"] is noisy["larger_models_have_lower_d90"] is Verdict.INCONCLUSIVE
    alone = rows({}, keep=lambda point: point["start"] == "pretrained" and point["model"] == L3)
    assert verdicts(alone)["pretraining_lowers_d90"] is Verdict.INCONCLUSIVE


def test_tables_and_figure():
    table = rows({})
    found = study.numbers(table).set_index(["model", "task", "start", "method", "criterion"])
    one = found.loc[(L3, "sst2-sentences", "pretrained", "direct", "fraction")]
    assert one.threshold == pytest.approx(0.9 * one.full)
    gaps = study.gaps(table)
    assert np.allclose(gaps["gap"], 0.5)
    assert study.stated(table)["train_error"].tolist() == [0.1] * 3
    titles = [axes.get_title() for axes in study.figure(table).axes]
    assert titles == ["SST-2", "MRPC"]


def test_the_smallest_point_runs(monkeypatch):
    pytest.importorskip("transformers")
    monkeypatch.setattr(study, "STEPS", 3)
    monkeypatch.setattr(study, "DIMENSIONS", (16,))
    monkeypatch.setattr(study, "BOUND_AT", 16)
    (point,) = study.GRID["smoke"]
    full, one, bound = study.measure(point)
    assert (full["d"], one["d"], bound["what"]) == (None, 16, "bound")
    assert 0 <= one["test_score"] <= 1
    assert bound["n"] == 200
    assert bound["errors"] / bound["n"] < bound["bound"]
