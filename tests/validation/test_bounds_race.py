"""What the race of bounds measures, and how its claims are judged."""

import numpy as np
import pytest
from made_rows import rows_of

from validation.studies import bounds_race
from validation.study import Verdict

CLAIMS = {claim.id: claim.check for claim in bounds_race.STUDY.claims}
VALUES = {"held out": 0.15, "posterior": 0.4, "message": 0.7, "prototypes": 0.9, "norms": 30.0}


def measured(change=lambda point: {}, keep=lambda point: True):
    def made(point):
        return [
            {
                "way": way, "bound": f"of {way}", "value": value, "certifies": True, "test_error": 0.1,
                "test_low": 0.09, "test_high": 0.11, "train_error": 0.05,
            }
            for way, value in {**VALUES, **change(point)}.items()
        ]  # fmt: skip

    return rows_of(bounds_race.STUDY, made, keep)


def test_as_hoped():
    assert {check(measured()).verdict for check in CLAIMS.values()} == {Verdict.SUPPORTED}
    table = bounds_race.numbers(measured())
    assert len(table) == sum(map(len, bounds_race.SIZES.values()))
    assert table["held_out"].tolist() == pytest.approx([0.15] * len(table))


@pytest.mark.parametrize(
    ("claim", "way", "value"),
    [
        ("held_out_beats_pac_bayes", "posterior", 0.14),
        ("pac_bayes_beats_occam", "message", 0.3),
    ],
)
def test_who_is_smaller(claim, way, value):
    largest = measured(lambda point: {way: value} if point["n"] == 8792 else {})
    assert CLAIMS[claim](largest).verdict is Verdict.NOT_SUPPORTED
    once = measured(lambda point: {way: value} if point["seed"] == 0 else {})
    assert CLAIMS[claim](once).verdict is Verdict.INCONCLUSIVE
    vacuous = measured(lambda point: dict.fromkeys(VALUES, 2.0))
    assert CLAIMS[claim](vacuous).verdict is Verdict.INCONCLUSIVE


def test_failures_are_counted_against_delta():
    check = CLAIMS["valid"]
    always = measured(lambda point: {"message": 0.08})
    assert check(always).verdict is Verdict.NOT_SUPPORTED
    assert "of message" in check(always).says
    once = measured(lambda point: {"message": 0.08} if point["n"] == 100 and point["seed"] == 0 else {})
    assert check(once).verdict is Verdict.INCONCLUSIVE


def test_a_norm_that_says_something():
    rows = measured(lambda point: {"norms": 0.99} if point["n"] == 8792 else {})
    assert CLAIMS["capacity_says_nothing"](rows).verdict is Verdict.NOT_SUPPORTED


@pytest.mark.parametrize("claim", CLAIMS)
def test_a_missing_sample_leaves_a_claim_open(claim):
    rows = measured(keep=lambda point: point["seed"] != 1)
    assert CLAIMS[claim](rows).verdict is Verdict.INCONCLUSIVE


def test_prototypes_name_their_own_sample():
    torch = pytest.importorskip("torch")
    rng = np.random.default_rng(0)
    x = rng.normal(size=(200, 3)).astype(np.float32)
    y = (x[:, 0] > 0).astype(np.int64)
    chosen = bounds_race._prototypes(x, y)
    assert len(set(chosen)) == len(chosen) < 100
    named = bounds_race._nearest(
        torch.from_numpy(x[chosen]), torch.from_numpy(x), torch.from_numpy(y[chosen])
    )
    assert (named.numpy() == y).all()


def test_draws_of_a_posterior_err_as_drawn_weights_do():
    torch = pytest.importorskip("torch")
    from validation import lengths

    rng = np.random.default_rng(0)
    x = torch.from_numpy(rng.normal(size=(20_000, 4)).astype(np.float32))
    net = lengths.network(4, 3, (), 0)
    y = torch.from_numpy(lengths.probabilities(net, x).argmax(1))
    mean = torch.nn.utils.parameters_to_vector(net.parameters()).detach().double().numpy()
    sigma = np.linspace(0.1, 0.6, mean.size)
    fast = bounds_race._drawn(net, mean, sigma, x, y, rng) / len(y)
    slow = []
    for _ in range(200):
        flat = torch.from_numpy(mean + sigma * rng.standard_normal(mean.size)).float()
        with torch.no_grad():
            slow.append(float((lengths.scores(net, flat, x[:500]).argmax(1) != y[:500]).float().mean()))
    assert fast == pytest.approx(np.mean(slow), abs=4 * np.std(slow) / np.sqrt(200) + 0.02)
