"""Factors: the best product of their rank, the rank that was asked for, and no product without a gain."""

import numpy as np
import pytest

from idbounds.compress import Bench, Factorise, Scatter, Share, drafts
from idbounds.compress.densities import densities
from idbounds.errors import InputError
from idbounds.models import build


def matrices(drafts):
    return [d for d in drafts if d.kind in ("linear", "convolution")]


@pytest.mark.parametrize("rank", [1, 4])
def test_the_product_is_the_best_of_its_rank(first, bench, rank):
    """Eckart and Young (1936): the squared error is the sum of the squared singular values left out."""
    for before, after in zip(
        matrices(first), Factorise(rank=rank).apply(matrices(first), bench), strict=True
    ):
        singular = np.linalg.svd(before.coded.weights, compute_uv=False)
        error = ((before.coded.weights - after.coded.weights) ** 2).sum()
        assert after.coded.form.rank == rank
        assert error == pytest.approx((singular[rank:] ** 2).sum(), rel=1e-4)


def test_energy_takes_the_smallest_rank_that_keeps_it(first, bench):
    made = Factorise(energy=0.7).apply(matrices(first), bench)
    for before, after in zip(matrices(first), made, strict=True):
        energy = np.cumsum(np.linalg.svd(before.coded.weights, compute_uv=False) ** 2)
        rank = after.coded.form.rank
        assert energy[rank - 1] >= 0.7 * energy[-1]
        assert rank == 1 or energy[rank - 2] < 0.7 * energy[-1]


def test_share_is_a_budget_of_numbers(first, bench):
    for after in Factorise(share=0.3).apply(matrices(first), bench):
        rows, columns = after.slot.matrix
        numbers = sum(v.entries.size for v in after.coded.values)
        assert numbers <= 0.3 * rows * columns < numbers + rows + columns


def test_convolutions_are_matrices_of_outputs_by_patches():
    module = build("lenet", (8, 8), 10)
    given = drafts(module, {k: v.numpy() for k, v in module.state_dict().items()})
    made = {d.slot.name: d for d in Factorise(rank=3).apply(matrices(given), Bench(module))}
    conv = made["5.weight"]
    assert conv.slot.shape == (16, 6, 5, 5)
    assert [v.entries.size for v in conv.coded.values] == [48, 450]
    left, singular, right = np.linalg.svd(conv.original.reshape(16, 150), full_matrices=False)
    best = (left[:, :3] * singular[:3]) @ right[:3]
    assert np.allclose(conv.coded.weights.reshape(16, 150), best, atol=1e-6)


def test_a_product_without_a_gain_stays_dense_with_the_reason(first, bench):
    (last,) = Factorise(rank=10).apply(matrices(first)[2:], bench)
    assert last.coded.form.kind == "dense"
    assert "no fewer numbers" in last.notes[0]


def test_shared_numbers_are_the_means_of_their_weights(first, bench):
    (made,) = Share(0.1, seed=3).apply(matrices(first)[:1], bench)
    form = made.coded.form
    assert form.count == 1280
    places, signs = form.hashed(made.slot)
    for place in (0, 7, 1279):
        mine = made.original[places == place] * signs[places == place]
        assert made.coded.values[0].numbers[place] == pytest.approx(mine.mean() if mine.size else 0, abs=1e-7)
    assert np.unique(np.abs(made.coded.weights)).size <= 1280


def test_scattered_weights_are_those_at_the_positions_drawn(first, bench):
    (made,) = Scatter(0.1, "uniform", seed=3).apply(matrices(first)[:1], bench)
    places = made.coded.form.drawn(made.slot)
    assert places.size == 1280
    wanted = np.zeros(12800)
    wanted[places] = made.original[places] / np.sqrt(0.1)
    assert np.allclose(made.coded.weights.ravel(), wanted, rtol=1e-6)
    assert np.linalg.norm(wanted) == pytest.approx(np.linalg.norm(made.original), rel=0.1)


@pytest.mark.parametrize(
    "make",
    [
        lambda: Factorise(), lambda: Factorise(rank=2, energy=0.5), lambda: Factorise(rank=0),
        lambda: Factorise(energy=1.0), lambda: Factorise(share=0.0), lambda: Share(0.0), lambda: Share(1.0),
        lambda: Scatter(0.0), lambda: Scatter(0.5, "x"), lambda: Scatter(0.5, seed=-1), lambda: Share(0.5, seed=-1), lambda: Share(0.5, seed=1.5),
    ],
    ids=range(12),
)  # fmt: skip
def test_impossible_settings_are_refused(make):
    with pytest.raises(InputError, match="give"):
        make()


def test_scattered_weights_have_the_densities_of_their_layers(first, bench):
    made = Scatter(0.05, "er").apply(matrices(first), bench)
    wanted = densities([d.slot.shape for d in made], 0.05, "er")
    for draft, density in zip(made, wanted, strict=True):
        assert draft.coded.form.count == round(density * draft.slot.size)
