"""The claims about training without labels can come out all three ways; its tasks are what they are called."""

import pandas as pd
import pytest
import torch
from made_rows import rows_of

from idbounds import data
from validation.studies import self_supervised as study
from validation.study import Verdict

USES = {"start": 0.1, "labels": 0.2, "rotation": 0.3, "denoising": 0.4}
CLAIMS = {
    "rotation_uses_more": ("rotation", "labels"),
    "denoising_uses_more": ("denoising", "labels"),
    "training_raises_it": ("labels", "start"),
}


def rows(change=lambda point: 0.0, keep=lambda point: True):
    def measured(point):
        use = USES[point["way"]] + change(point) + 0.01 * point["seed"]
        one = {"what": "model", "probe_error": 0.2}
        return [{**one, "energy": e, "utilisation": use + e - study.ENERGY} for e in study.ENERGIES]

    return rows_of(study.STUDY, measured, keep)


def verdicts(table):
    return {claim.id: claim.check(table).verdict for claim in study.STUDY.claims}


def test_as_claimed_and_without_rows():
    assert verdicts(rows()) == dict.fromkeys(CLAIMS, Verdict.SUPPORTED)
    for table in (pd.DataFrame(), rows(keep=lambda point: point["seed"] or point["way"] != "labels")):
        assert set(verdicts(table).values()) == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_claim_falls_and_one_start_leaves_it_open(claim):
    one, _ = CLAIMS[claim]
    change = {"rotation": -0.15, "denoising": -0.25, "labels": -0.15}[one]
    assert verdicts(rows(lambda p: change * (p["way"] == one)))[claim] is Verdict.NOT_SUPPORTED
    once = rows(lambda p: change * (p["way"] == one) * (p["seed"] == 1))
    assert verdicts(once)[claim] is Verdict.INCONCLUSIVE


def test_table_and_figure():
    found = study.numbers(rows())
    assert found["way"].unique().tolist() == list(study.WAYS)
    assert found["utilisation"].between(found["low"], found["high"]).all()
    assert len(study.figure(rows()).axes[0].containers) == len(study.WAYS)
    assert len(study.figure(pd.DataFrame()).axes) == 1


def test_the_tasks():
    torch.manual_seed(0)
    images, labels = torch.rand(200, 196), torch.randint(10, (200,))
    turned, turns, outputs = study.task("rotation", images, labels, 0)
    assert (outputs, sorted(set(turns.tolist()))) == (4, [0, 1, 2, 3])
    back = torch.stack([t.reshape(14, 14).rot90(-int(k)) for t, k in zip(turned, turns, strict=True)])
    assert torch.equal(back.flatten(1), images)
    noisy, clean, outputs = study.task("denoising", images, labels, 0)
    assert clean is images
    assert outputs == 196
    assert float((noisy - images).std()) == pytest.approx(study.NOISE, rel=0.02)
    assert study.task("labels", images, labels, 0)[1] is labels


def test_the_smoke_tier():
    try:
        data.load("fashion-mnist")
    except data.DataError:
        pytest.skip("Fashion-MNIST is not to be had")
    found = study.measure(study.GRID["smoke"][0])
    layers, models = ([row for row in found if row["what"] == what] for what in ("layer", "model"))
    assert len(layers) == 9
    assert [row["energy"] for row in models] == list(study.ENERGIES)
    assert all(0 < row["utilisation"] < 1 and row["probe_error"] < 0.6 for row in models)
