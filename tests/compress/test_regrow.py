"""Regrowth: as many weights as before, the largest of the old, and the places that the rule names."""

from types import SimpleNamespace

import numpy as np
import pytest
import torch

from idbounds.compress import (
    Bench,
    FineTune,
    Pipeline,
    Quantise,
    Regrow,
    Scatter,
    Sparsify,
    drafts,
    regrown,
)
from idbounds.decoders import scaled
from idbounds.errors import InputError
from idbounds.models import build

T = FineTune(steps=5)


def after(first, bench, step, sparsity=0.8):
    before = Pipeline((Sparsify(sparsity),)).run(first, bench)
    return before, (Sparsify(sparsity) | step).run(first, bench)


def matrices(before, made):
    return [(a, b) for a, b in zip(before, made, strict=True) if a.kind == "linear"]


@pytest.mark.parametrize("growth", ["gradient", "random"])
def test_the_largest_stay_and_as_many_come_as_go(first, bench, growth):
    for a, b in matrices(*after(first, bench, Regrow(0.3, growth, examples=50))):
        count, moving = a.coded.positions.size, round(0.3 * a.coded.positions.size)
        assert b.coded.positions.size == count
        assert (np.diff(b.coded.positions) > 0).all()
        old, new = a.coded.weights.ravel(), b.coded.weights.ravel()
        stayed = np.flatnonzero(new)
        assert stayed.size == count - moving
        assert np.array_equal(new[stayed], old[stayed])
        gone = np.setdiff1d(a.coded.positions, stayed)
        assert np.abs(old[gone]).max() <= np.abs(old[stayed]).min()


def test_the_gradient_names_the_places(first, bench, digits):
    """Held against the derivative of the loss by the dense weights, taken by hand."""
    before, made = after(first, bench, Regrow(0.3, examples=10**6))
    module = build("mlp", (8, 8), 10).double()
    module.load_state_dict({d.slot.name: torch.from_numpy(d.coded.weights.copy()) for d in before})
    x = torch.from_numpy(scaled(digits.train_x, digits.levels))
    torch.nn.functional.cross_entropy(module(x), torch.from_numpy(digits.train_y)).backward()
    for a, b in matrices(before, made):
        gradient = module.get_parameter(a.slot.name).grad.abs().numpy().ravel()
        stayed = np.flatnonzero(b.coded.weights)
        grown = np.setdiff1d(b.coded.positions, stayed)
        others = np.setdiff1d(np.arange(a.slot.size), b.coded.positions)
        assert grown.size == round(0.3 * a.coded.positions.size)
        assert gradient[grown].min() >= gradient[others].max() - 1e-12


def test_random_places_follow_from_the_seed_and_need_no_data(first, bench):
    alone = Bench(bench.module)
    one, again, other = (after(first, alone, Regrow(0.3, "random", seed=s))[1] for s in (0, 0, 1))
    for (a, b), (_, c) in zip(matrices(one, again), matrices(one, other), strict=True):
        assert np.array_equal(a.coded.positions, b.coded.positions)
        assert not np.array_equal(a.coded.positions, c.coded.positions)
    with pytest.raises(InputError, match="data set"):
        after(first, alone, Regrow(0.3))


def test_a_weight_that_pruning_took_by_mistake_grows_back():
    """The one input that says the label starts with the smallest weights; its gradient brings them back."""
    rng = np.random.default_rng(0)
    x = rng.integers(17, size=(200, 12)).astype(np.uint8)
    data = SimpleNamespace(train_x=x, train_y=(x[:, 3] > 8).astype(int), classes=2, levels=17)
    module = torch.nn.Linear(12, 2)
    with torch.no_grad():
        module.weight.copy_(torch.from_numpy(rng.choice([-0.2, 0.2], (2, 12))))
        module.weight[:, 3] = 0.01
    given = drafts(module, {name: value.numpy() for name, value in module.state_dict().items()})
    bench = Bench(module, data)
    pruned = Pipeline((Sparsify(0.5),)).run(given, bench)[0]
    grown = (Sparsify(0.5) | Regrow(0.3)).run(given, bench)[0]
    assert not {3, 15} & set(pruned.coded.positions)
    assert {3, 15} <= set(grown.coded.positions)


def test_the_rounds_move_less_and_less():
    pipeline = regrown(0.9, rounds=4, tune=T, fraction=0.4, growth="random")
    assert pipeline.steps[0] == Sparsify(0.9, "erk")
    assert pipeline.steps[1::2] == (T,) * 5
    moves = pipeline.steps[2::2]
    assert [m.fraction for m in moves] == pytest.approx(
        [0.4, 0.2 + 0.2 * 0.5**0.5, 0.2, 0.2 - 0.2 * 0.5**0.5]
    )
    assert [(m.growth, m.seed) for m in moves] == [("random", t) for t in range(4)]
    with pytest.raises(InputError, match="rounds"):
        regrown(0.9, rounds=0, tune=T)


@pytest.mark.parametrize("growth", ["gradient", "random"])
def test_the_sparsity_is_the_one_that_was_asked_for(first, bench, growth):
    made = regrown(0.9, rounds=2, tune=T, growth=growth, layers="uniform").run(first, bench)
    start = Pipeline((Sparsify(0.9, "uniform"),)).run(first, bench)
    for a, b in matrices(start, made):
        # A weight of a dead unit gets no gradient, stays zero, and is left out.
        assert 0.8 * a.coded.positions.size < b.coded.positions.size <= a.coded.positions.size
        assert not np.array_equal(a.coded.positions, b.coded.positions)


def test_a_matrix_of_which_nothing_is_left_stays_so(first, bench):
    made = (Sparsify(0.99999, "uniform") | Regrow(0.5, "random")).run(first, bench)
    assert {d.coded.form.kind for d in made if d.kind == "linear"} == {"zero"}


@pytest.mark.parametrize(
    ("make", "reason"),
    [
        (lambda: Pipeline((Regrow(0.3),)), "put Sparsify before"),
        (lambda: Scatter(0.1) | Regrow(0.3), "put Sparsify before"),
        (lambda: Sparsify(0.5) | Quantise(levels=3) | Regrow(0.3), "no place on the levels"),
        (lambda: Regrow(0.0), "give a fraction"),
        (lambda: Regrow(1.0), "give a fraction"),
        (lambda: Regrow(0.5, examples=0), "whole numbers"),
        (lambda: Regrow(0.5, seed=0.5), "whole numbers"),
        (lambda: Regrow(0.5, "x"), "give one of"),
    ],
    ids=range(8),
)
def test_what_cannot_be_is_refused(make, reason):
    with pytest.raises(InputError, match=reason):
        make()
