import itertools
import math

import numpy as np
import pytest

from idbounds.errors import InputError
from idbounds.mdl import best_histogram, histogram_ideal_bits, multinomial_regret_bits


def brute_force(x, low, high, cells, most):
    """All choices of cut points."""
    edges = np.linspace(low, high, cells + 1)
    best = math.inf
    for bins in range(1, most + 1):
        for cuts in itertools.combinations(range(1, cells), bins - 1):
            ends = edges[[0, *cuts, cells]]
            counts = np.histogram(x, ends)[0]
            bits = histogram_ideal_bits(counts, np.diff(ends), resolution=0.01)
            best = min(best, bits + math.log2(math.comb(cells - 1, bins - 1)) + math.log2(most))
    return best


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("most", [1, 3, 8])
def test_the_best_of_all(seed, most):
    rng = np.random.default_rng(seed)
    x = np.concatenate([rng.normal(-1, 0.2, 60), rng.uniform(-2, 2, 40)]).clip(-2, 2)
    found = best_histogram(x, support=(-2, 2), cells=8, most_bins=most, resolution=0.01)
    assert found.ideal_bits == pytest.approx(brute_force(x, -2, 2, 8, most), abs=1e-8)
    assert found.counts.sum() == 100
    assert np.array_equal(found.counts, np.histogram(x, found.edges)[0])


def test_uniform_data_need_one_bin():
    x = np.random.default_rng(0).uniform(0, 1, 500)
    found = best_histogram(x, support=(0, 1), cells=50, resolution=0.001)
    assert found.edges.tolist() == [0, 1]
    assert found.ideal_bits == pytest.approx(500 * math.log2(1000) + math.log2(50))


def test_a_step_is_found():
    rng = np.random.default_rng(1)
    x = np.concatenate([rng.uniform(0, 0.3, 900), rng.uniform(0.3, 1, 100)])
    found = best_histogram(x, support=(0, 1), cells=50)
    assert found.edges == pytest.approx([0, 0.3, 1])
    assert found.density([0.1, 0.5, -1, 2, 1]) == pytest.approx(
        [found.counts[0] / 300, found.counts[1] / 700, 0, 0, found.counts[1] / 700]
    )


def test_equal_bins():
    bits = histogram_ideal_bits([5, 0, 3], [1, 1, 1])
    wanted = 5 * math.log2(8 / 5) + 3 * math.log2(8 / 3) + multinomial_regret_bits(3, 8)
    assert bits == pytest.approx(wanted)


@pytest.mark.parametrize(
    "call",
    [
        lambda: best_histogram([], support=(0, 1), cells=5),
        lambda: best_histogram([math.nan], support=(0, 1), cells=5),
        lambda: best_histogram([2.0], support=(0, 1), cells=5),
        lambda: best_histogram([0.5], support=(1, 0), cells=5),
        lambda: best_histogram([0.5], support=(0, 1), cells=0),
        lambda: best_histogram([0.5], support=(0, 1), cells=5, most_bins=6),
        lambda: best_histogram([0.5], support=(0, 1), cells=5, resolution=0),
        lambda: histogram_ideal_bits([1, -1], [1, 1]),
        lambda: histogram_ideal_bits([1, 1], [1, 0]),
        lambda: histogram_ideal_bits([1, 1], [1]),
        lambda: histogram_ideal_bits([0.5], [1]),
    ],
)
def test_bad_input(call):
    with pytest.raises(InputError):
        call()
