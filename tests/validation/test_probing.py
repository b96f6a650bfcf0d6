"""The claims about probes can come out all three ways; the small encoder is coded as the large one is."""

import numpy as np
import pandas as pd
import pytest
from made_rows import rows_of

from validation.studies import probing as study
from validation.study import Verdict


def rows(bits=lambda point, layer: 0.0, variational=lambda layer: 0.0, keep=lambda point: True):
    """Two layers behind the embeddings; without changes each claim holds."""
    base = {"task": 1000, "word": 2500, "shuffled": 3000}

    def measured(point):
        start = base[point["labels"]] + 500 * (point["encoder"] == "random")
        return [
            {
                "layer": layer, "online_bits": start - 100 * layer + bits(point, layer),
                "variational_bits": start - 50 * layer + variational(layer), "kl_bits": 10.0,
                "uniform_bits": 3000.0, "test_error": 0.2 if point["labels"] == "task" else None,
            }
            for layer in range(3)
        ]  # fmt: skip

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed_and_without_rows():
    assert set(verdicts(rows()).values()) == {Verdict.SUPPORTED}
    some = rows(keep=lambda point: point["seed"] or point["labels"] != "word")
    for table in (pd.DataFrame(), some):
        assert set(verdicts(table).values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(
    ("claim", "changes"),
    [
        ("deeper_is_shorter", {"bits": lambda p, layer: 900 * (layer == 2) * (p["labels"] == "task")}),
        ("pretraining_shortens", {"bits": lambda p, layer: -600 * (p["encoder"] == "random")}),
        ("task_below_control", {"bits": lambda p, layer: -1600 * (p["labels"] == "word")}),
        ("codes_agree", {"variational": lambda layer: 100 * layer}),
    ],
)
def test_one_claim_falls_and_one_order_leaves_it_open(claim, changes):
    assert verdicts(rows(**changes))[claim] is Verdict.NOT_SUPPORTED
    if "bits" in changes:
        once = {"bits": lambda point, layer: changes["bits"](point, layer) * (point["seed"] == 1)}
        assert verdicts(rows(**once))[claim] is Verdict.INCONCLUSIVE


def test_table_and_figure():
    found = study.lengths_of(rows())
    assert len(found) == len(study.TASKS) * len(study.KINDS) * 3
    one = found[(found["task"] == "trec") & (found["kind"] == "task") & (found["layer"] == 2)]
    assert one["online"].item() == pytest.approx(800 / 3000)
    line = study.numbers(rows()).set_index(["task", "layer"]).loc["trec", 2]
    assert line[list(study.COLUMNS)].tolist() == pytest.approx(
        [800 / 3000, 1300 / 3000, 2300 / 3000, 2800 / 3000]
    )
    assert line[["variational", "test_error"]].tolist() == pytest.approx([900 / 3000, 0.2])
    assert study.numbers(pd.DataFrame()).empty
    assert study.figure(rows()).axes[0].get_legend_handles_labels()[1] == list(study.KINDS.values())
    assert len(study.figure(pd.DataFrame()).axes) == 2


def test_the_smoke_tier_codes_labels_below_the_uniform_code():
    pytest.importorskip("transformers")
    (point,) = study.GRID["smoke"]
    found = study.measure(point)
    assert [row["layer"] for row in found] == [0, 1, 2]
    assert all(row["online_bits"] < row["uniform_bits"] and row["test_error"] < 0.4 for row in found)
    control = study.measure({**point, "labels": "shuffled"})
    assert all(row["online_bits"] > row["uniform_bits"] for row in control)
    assert all(row["test_error"] is None for row in control)


def test_pooled_states_are_those_of_each_sentence():
    torch = pytest.importorskip("torch")
    pytest.importorskip("transformers")
    from validation import sentences

    net, (pieces, _), _ = sentences.toy()
    states = sentences.pooled(net, pieces[:40])
    assert states.shape == (3, 40, 24)
    with torch.no_grad():
        one = net.eval()(torch.tensor([pieces[7]])).last_hidden_state.mean(dim=1)[0]
    assert np.allclose(states[2, 7], one, atol=1e-5)


@pytest.mark.parametrize(("text", "word"), [("How far is it ?", "it"), ("... !", ""), ("so-so", "so-so")])
def test_the_last_word_is_no_mark(text, word):
    assert study._last_word(text) == word
