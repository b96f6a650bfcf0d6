"""The claims about utilised rank can come out all three ways; the interval of a drop is one of pairs."""

import numpy as np
import pandas as pd
import pytest

from validation import results, sentences
from validation.studies import utilised_rank as study
from validation.study import Verdict


def rows(lost=lambda energy: 2, use=lambda energy: 0.3, keep=lambda point: True, n=20_000):
    """The laptop tier: a model and one layer for each energy."""
    made = []
    for point in filter(keep, study.GRID["laptop"]):
        energy = point["energy"]
        after = {"lost_after": lost(energy), "won_after": 2}
        model = {
            "what": "model", "mean_layer_utilisation": use(energy), "share_left": energy / 2.2, "test_n": n,
            "accuracy_whole": 0.9, "accuracy_before": 0.8, "accuracy_after": 0.9, "lost_before": n // 10,
            "won_before": 5, **after,
        }  # fmt: skip
        layer = {
            "what": "layer",
            "layer": "e.layer.0.query",
            "m": 8,
            "n": 8,
            "utilised_rank": 3,
            "utilisation": 0.4,
        }
        made += results.row_set(
            study.STUDY, "laptop", point, [model, layer], run="r", started="t", seconds=1.0
        )
    return results.latest(results.frame(made))


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}


@pytest.mark.parametrize(
    ("options", "half", "use"),
    [
        ({"lost": lambda energy: 400}, Verdict.NOT_SUPPORTED, Verdict.INCONCLUSIVE),
        ({"n": 500}, Verdict.INCONCLUSIVE, Verdict.SUPPORTED),
        ({"use": lambda energy: 0.4}, Verdict.SUPPORTED, Verdict.NOT_SUPPORTED),
        ({"use": lambda energy: 0.1 + (energy > 0.9) / 5}, Verdict.SUPPORTED, Verdict.NOT_SUPPORTED),
        ({"keep": lambda point: point["energy"] != 0.95}, Verdict.INCONCLUSIVE, Verdict.INCONCLUSIVE),
    ],
)
def test_other_outcomes(options, half, use):
    assert verdicts(rows(**options)) == {"half_for_nothing": half, "range_of_utilisation": use}
    assert set(verdicts(pd.DataFrame()).values()) == {Verdict.INCONCLUSIVE}


def test_the_interval_of_a_drop_covers():
    rng = np.random.default_rng(0)
    n, p_lost, p_won = 1821, 0.03, 0.02
    drawn = rng.multinomial(n, [p_lost, p_won, 1 - p_lost - p_won], 4000)
    ends = np.array([study.drop(int(lost), int(won), n) for lost, won, _ in drawn])
    covered = np.mean((ends[:, 1] <= p_lost - p_won) & (p_lost - p_won <= ends[:, 2]))
    assert 0.94 < covered < 0.965
    assert np.allclose(ends[:, 0], (drawn[:, 0] - drawn[:, 1]) / n)


def test_tables_and_figure():
    found = study.numbers(rows())
    assert found["energy"].tolist() == sorted(study.ENERGIES)
    assert not {"lost_after", "won_before"} & set(found)
    assert study.layers(rows()).to_dict("records") == [
        {"kind": "query", "m": 8, "n": 8, "least": 3, "most": 3, "layers": 1}
    ]
    assert study.layers(pd.DataFrame()).empty
    assert len(study.figure(rows()).axes[0].containers) == 2
    assert len(study.figure(pd.DataFrame()).axes) == 1


def test_batches_hold_each_sentence_once_and_no_padding():
    draw = np.random.default_rng(0)
    pieces = [[i] * int(draw.integers(1, 4)) for i in range(100)]
    labels = np.arange(100) % 7
    met = [
        (int(p[0]), int(y))
        for x, ys in sentences.batches((pieces, labels), 3)
        for p, y in zip(x, ys, strict=True)
    ]
    assert sorted(met) == [(i, i % 7) for i in range(100)]
    sizes = [len(ys) for _, ys in sentences.batches((pieces, labels), 3)]
    assert max(sizes) <= sentences.BATCH


def test_the_smoke_tier_measures_a_small_encoder():
    pytest.importorskip("transformers")
    (point,) = study.GRID["smoke"]
    model, *layers = study.measure(point)
    assert len(layers) == 13
    assert 0 < model["share_left"] < 1
    assert model["accuracy_whole"] - model["accuracy_after"] == pytest.approx(
        (model["lost_after"] - model["won_after"]) / model["test_n"]
    )
