"""Tensor trains as a step: full rank is exact, two cores of rank 1 are the best Kronecker product, budgets are kept."""

import math

import numpy as np
import pytest

from idbounds.compress import TensorTrain
from idbounds.compress.drafts import Draft
from idbounds.decoders.form import Slot
from idbounds.decoders.forms import Dense
from idbounds.decoders.layers import Coded
from idbounds.decoders.trains import Train
from idbounds.decoders.values import Values
from idbounds.errors import InputError, MissingExtra

pytest.importorskip("tensorly")
SHAPES = [(12, 20), (6, 35), (8, 6, 3, 5), (7, 13), (10, 4, 1, 1), (1, 9)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("cores", [2, 3, 4])
def test_at_full_rank_every_tensor_is_a_train(shape, cores):
    from idbounds.compress.tensor_train import _train

    slot = Slot("w", shape, 0)
    weights = np.random.default_rng(1).normal(size=slot.size)
    form = Train(cores, math.isqrt(slot.size))
    draft = Draft(Coded(slot, Dense(), (Values.floats(weights),)), "linear", "Linear", weights)
    cores_found = _train(form, draft, weights)
    assert tuple(core.shape for core in cores_found) == form.shapes(slot)
    numbers = np.concatenate([core.ravel() for core in cores_found])
    assert np.allclose(form.weights(slot, np.zeros(0, np.int64), [numbers]), weights, atol=1e-12)


def made(weights, shape, **rule):
    slot, flat = Slot("w", shape, 0), weights.ravel()
    draft = Draft(Coded(slot, Dense(), (Values.floats(flat),)), "linear", "Linear", flat)
    (after,) = TensorTrain(**rule).apply([draft], None)
    return after


def test_two_cores_of_rank_one_are_the_nearest_kronecker_product():
    """Van Loan and Pitsianis (1993): by the singular values of the rearranged matrix."""
    weights = np.random.default_rng(0).normal(size=(12, 20))
    after = made(weights, (12, 20), rank=1)
    assert after.coded.form == Train(2, 1)
    blocks = weights.reshape(4, 3, 4, 5).transpose(0, 2, 1, 3).reshape(16, 15)
    singular = np.linalg.svd(blocks, compute_uv=False)
    assert ((after.coded.weights - weights) ** 2).sum() == pytest.approx((singular[1:] ** 2).sum(), rel=1e-5)


def test_a_kronecker_product_is_found_with_the_sizes_of_its_factors():
    rng = np.random.default_rng(0)
    weights = np.kron(rng.normal(size=(4, 4)), rng.normal(size=(3, 5)))
    after = made(weights, (12, 20), energy=0.999)
    assert after.coded.form.rank == 1
    assert sum(v.entries.size for v in after.coded.values) == 16 + 15
    assert np.allclose(after.coded.weights, weights, atol=1e-5)
    scale = [
        np.sqrt(np.mean(core**2))
        for core in after.coded.form.split(after.slot, after.coded.values[0].numbers)
    ]
    assert scale[0] == pytest.approx(scale[1], rel=1e-5)  # one grid suits both


@pytest.mark.parametrize("cores", [2, 3])
def test_energy_takes_the_smallest_rank_that_keeps_it(cores):
    weights = np.random.default_rng(2).normal(size=(24, 30))
    kept = {
        rank: (made(weights, (24, 30), rank=rank, cores=cores).coded.weights ** 2).sum() / (weights**2).sum()
        for rank in range(1, 12)
    }
    after = made(weights, (24, 30), energy=0.4, cores=cores)
    assert after.coded.form.rank == min(rank for rank, share in kept.items() if share >= 0.4) > 1


def test_share_is_a_budget_of_numbers():
    weights = np.random.default_rng(2).normal(size=(24, 30))
    form = made(weights, (24, 30), share=0.3, cores=3).coded.form
    slot = Slot("w", (24, 30), 0)
    assert form.sizes(slot, 0)[0] <= 0.3 * 720 < Train(3, form.rank + 1).sizes(slot, 0)[0]


def test_what_gains_nothing_stays_dense_with_the_reason():
    assert "no fewer numbers" in made(np.ones((7, 13)), (7, 13), rank=5).notes[0]
    assert "zero" in made(np.zeros((12, 20)), (12, 20), rank=1).notes[0]


def test_without_tensorly_the_step_says_what_to_install(monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "tensorly", None)
    with pytest.raises(MissingExtra, match="tensors"):
        made(np.ones((12, 20)), (12, 20), rank=1)


@pytest.mark.parametrize(
    "bad", [{}, {"rank": 2, "share": 0.1}, {"rank": 2, "cores": 1}, {"rank": 2, "cores": 5}, {"share": 1.0}]
)
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="give"):
        TensorTrain(**bad)
