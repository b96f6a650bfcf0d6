import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from idbounds.codes import AdaptiveVector, MixtureVector
from idbounds.codes.reals.quantisers import UniformQuantiser
from idbounds.codes.reals.rounding import lagrangian, optimised_rounding
from idbounds.codes.reals.steps import step_size
from idbounds.errors import InputError

entries = st.lists(st.floats(-6, 6), min_size=1, max_size=25)


@settings(max_examples=150, deadline=None)
@given(entries, st.integers(34, 44), st.floats(0, 3), st.data())
def test_every_sweep_lowers_the_sum(values, step, price, data):
    x = np.array(values)
    w = np.array(data.draw(st.lists(st.floats(0, 5), min_size=x.size, max_size=x.size)))
    found = [optimised_rounding(x, step, price, weights=w, most_sweeps=sweeps) for sweeps in range(5)]
    sums = [lagrangian(x, k, step, price, weights=w) for k in found]
    assert all(later <= sooner * (1 + 1e-9) + 1e-9 for sooner, later in itertools.pairwise(sums))
    assert found[0].tolist() == (np.sign(x) * np.rint(np.abs(x) / step_size(step))).tolist()
    for k in found:
        assert (np.abs(k) <= np.rint(np.abs(x) / step_size(step)).max()).all()
        assert (k * x >= 0).all()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats(-2.4, 2.4), min_size=1, max_size=5), st.floats(0.01, 2))
def test_no_move_helps(values, price):
    x = np.array(values)
    k = optimised_rounding(x, 40, price)
    least = lagrangian(x, k, 40, price)
    top = np.abs(k).max()
    for i, m in itertools.product(range(x.size), range(int(top) + 1)):
        if m > abs(x[i]) + 1:
            continue
        other = k.copy()
        other[i] = math.copysign(m, x[i])
        if np.abs(other).max() == top:  # the alphabet stays
            assert lagrangian(x, other, 40, price) >= least - 1e-8


def test_near_the_best_of_all():
    """Coordinate descent ends in a local minimum; on short vectors it is close to the global one."""
    ratios = []
    for seed in range(20):
        x = np.random.default_rng(seed).standard_normal(5) * 1.5
        top = int(np.rint(np.abs(x)).max())
        every = itertools.product(range(top + 1), repeat=5)
        best = min(lagrangian(x, np.copysign(m, x).astype(np.int64), 40, 0.2) for m in every)
        ratios.append(lagrangian(x, optimised_rounding(x, 40, 0.2), 40, 0.2) / best)
    assert min(ratios) > 1 - 1e-9
    assert np.mean(ratios) < 1.1


def test_free_bits_and_dear_bits():
    x = np.random.default_rng(0).standard_normal(500)
    assert np.array_equal(optimised_rounding(x, 38, 0.0), np.rint(x / step_size(38)))
    assert not optimised_rounding(x, 38, 1e6).any()
    assert optimised_rounding(np.zeros(0), 38, 1.0).size == 0


def test_weights_protect():
    """Half of the entries matter: they stay as they were, and the others pay."""
    x = np.random.default_rng(1).standard_normal(4000)
    w = np.where(np.arange(x.size) % 2, 1.0, 0.0)
    k = optimised_rounding(x, 38, 0.05, weights=w)
    plain = np.rint(x / step_size(38))
    assert np.mean(k[1::2] != plain[1::2]) < 0.3
    assert np.unique(k[::2]).size == 1


@pytest.mark.parametrize("codec", [AdaptiveVector, MixtureVector])
def test_it_beats_a_larger_step(codec):
    """At the same number of bits on N(0, 1), the error is smaller than that of plain rounding."""
    d = 20_000
    x = np.random.default_rng(2).standard_normal(d)
    quantiser = UniformQuantiser(codec(d), 43)
    y = quantiser.placed(optimised_rounding(x, 43, 0.1155 * step_size(43) ** 2))
    assert np.array_equal(quantiser.quantise(y), y)
    bits, error = quantiser.length(y) / d, ((x - y) ** 2).mean()
    coarse = UniformQuantiser(codec(d), 44)
    assert bits < coarse.length(x) / d
    assert error < ((x - coarse.quantise(x)) ** 2).mean() - 0.03


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"price": -1.0}, "price of a bit"),
        ({"price": math.nan}, "price of a bit"),
        ({"price": math.inf}, "price of a bit"),
        ({"weights": [-1.0, 1.0]}, "weights: -1"),
        ({"weights": [1.0]}, "1 entries given; 2"),
        ({"vector": [1.0, math.inf]}, "inf at entry 1"),
        ({"vector": [1e9, 0.0]}, "take a larger step"),
        ({"step": 64}, "index of the step"),
        ({"most_sweeps": -1}, "sweeps"),
    ],
)
def test_bad_input(changes, words):
    arguments = {"vector": [1.0, 2.0], "step": 40, "price": 1.0, **changes}
    with pytest.raises(InputError, match=words):
        optimised_rounding(**arguments)
