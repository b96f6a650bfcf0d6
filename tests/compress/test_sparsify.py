"""Pruning keeps the largest weights, layer densities are the published ones, the pattern is the cheapest."""

import numpy as np
import pytest

from idbounds.compress import Sparsify
from idbounds.compress.densities import densities
from idbounds.compress.sparsify import cheapest
from idbounds.decoders.form import Slot
from idbounds.decoders.forms import PATTERNS
from idbounds.errors import InputError

LENET_300_100 = [(300, 784), (100, 300), (10, 100)]
LENET_5 = [(20, 1, 5, 5), (50, 20, 5, 5), (500, 800), (10, 500)]


@pytest.mark.parametrize(
    ("shapes", "rule", "expected"),
    [
        (LENET_300_100, "er", [0.0796, 0.2302, 1]),
        (LENET_300_100, "erk", [0.0796, 0.2302, 1]),
        (LENET_5, "erk", [1, 0.0871, 0.0884, 1]),
        (LENET_5, "er", [1, 0.8618, 0.04, 1]),
        (LENET_5, "uniform", [0.1] * 4),
    ],
)
def test_densities_are_those_of_the_published_code(shapes, rule, expected):
    """Values of the RigL rule at sparsity 0.9, worked out apart from this code."""
    found = densities(shapes, 0.1, rule)
    assert found == pytest.approx(expected, abs=2e-3)
    sizes = [np.prod(shape) for shape in shapes]
    assert np.dot(found, sizes) == pytest.approx(0.1 * sum(sizes))


def test_densities_at_the_ends():
    assert densities([(2, 2), (1000, 1000)], 1e-6, "er") == pytest.approx(
        [1 / 2004, 2 / 2004 / 1000], rel=1e-4
    )
    assert densities([(2, 2)], 0.999, "er") == pytest.approx([0.999])
    assert np.dot(densities(LENET_5, 0.999, "erk"), [500, 25000, 400000, 5000]) == pytest.approx(
        0.999 * 430500
    )


def matrices(drafts):
    return [d for d in drafts if d.kind == "linear"]


def test_global_pruning_keeps_the_largest_of_all(first, bench):
    given = matrices(first)
    made = Sparsify(0.8).apply(given, bench)
    before = np.concatenate([d.original for d in given]).astype("f4").astype(float)
    after = np.concatenate([d.coded.weights.ravel() for d in made])
    kept = after != 0
    assert kept.sum() == round(0.2 * before.size)
    assert np.array_equal(after[kept], before[kept])
    assert np.abs(before[~kept]).max() <= np.abs(before[kept]).min()


@pytest.mark.parametrize("rule", ["uniform", "er", "erk"])
def test_each_layer_has_its_density(first, bench, rule):
    made = Sparsify(0.8, rule).apply(matrices(first), bench)
    wanted = densities([d.slot.shape for d in made], 0.2, rule)
    for draft, density in zip(made, wanted, strict=True):
        assert draft.coded.positions.size == round(density * draft.slot.size)


def test_pruning_again_goes_on(first, bench):
    once = Sparsify(0.9).apply(matrices(first), bench)
    twice = Sparsify(0.9).apply(Sparsify(0.5).apply(matrices(first), bench), bench)
    for a, b in zip(once, twice, strict=True):
        assert np.array_equal(a.coded.weights, b.coded.weights)


def test_a_matrix_of_which_nothing_is_left_costs_nothing(first, bench):
    tiny = Sparsify(0.99999, "uniform").apply(matrices(first), bench)
    assert [d.coded.form.kind for d in tiny] == ["zero"] * 3


def test_the_cheapest_format_is_taken():
    """A run in one row suits gaps, half of the positions suit a bitmap, and a random set the enumerative code."""
    slot, rng = Slot("w", (64, 64), 0), np.random.default_rng(0)
    sets = [np.arange(40), np.arange(0, 4096, 2), np.sort(rng.permutation(4096)[:300]), np.array([5])]
    found = []
    for positions in sets:
        index = cheapest(slot, positions)
        lengths = [make((64, 64)).length(positions) for make in PATTERNS]
        assert lengths[index] == min(lengths)
        found.append(index)
    assert len(set(found)) > 1


@pytest.mark.parametrize("bad", [{"sparsity": 0.0}, {"sparsity": 1.0}, {"sparsity": 0.5, "layers": "x"}])
def test_impossible_settings_are_refused(bad):
    with pytest.raises(InputError, match="give"):
        Sparsify(**bad)
