import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idbounds.errors import InputError
from idbounds.mdl import mixture_ideal_bits, switch_ideal_bits

LENGTHS = st.lists(st.floats(0, 5000), min_size=1, max_size=10)


@given(LENGTHS)
def test_between_the_shortest_and_log2_of_the_number_more(lengths):
    bits = mixture_ideal_bits(lengths)
    assert min(lengths) - 1e-9 <= bits <= min(lengths) + math.log2(len(lengths)) + 1e-9


def test_weights():
    assert mixture_ideal_bits([3, 5], weights=[0.75, 0.25]) == pytest.approx(-math.log2(0.75 / 8 + 0.25 / 32))
    assert mixture_ideal_bits([math.inf, 5]) == 6
    assert mixture_ideal_bits([math.inf]) == math.inf
    assert mixture_ideal_bits([7], weights=[0.5]) == 8


def brute_force(lengths):
    """Over all sequences of models, with the prior as it is declared."""
    models, blocks = lengths.shape
    total = 0.0
    for path in itertools.product(range(models), repeat=blocks):
        p = 1 / models
        for t in range(1, blocks):
            p *= (path[t] == path[t - 1]) * t / (t + 1) + 1 / (models * (t + 1))
        total += p * 2.0 ** -sum(lengths[m, t] for t, m in enumerate(path))
    return -math.log2(total)


@pytest.mark.parametrize("shape", [(1, 3), (2, 5), (3, 4), (4, 1)])
def test_switching_by_brute_force(shape):
    lengths = np.random.default_rng(0).exponential(3, shape)
    assert switch_ideal_bits(lengths) == pytest.approx(brute_force(lengths), abs=1e-9)


def test_switching_pays_when_models_take_turns():
    lengths = np.array([[1.0] * 5 + [50.0] * 5, [20.0] * 5 + [30.0] * 5])
    best = lengths.sum(axis=1).min()
    switched = switch_ideal_bits(lengths)
    assert switched < 155 + 2 * math.log2(10) + 3 < best
    assert switch_ideal_bits(lengths[:, :5]) <= 5 + 1 + math.log2(5)


@pytest.mark.parametrize(
    "call",
    [
        lambda: mixture_ideal_bits([]),
        lambda: mixture_ideal_bits([math.nan]),
        lambda: mixture_ideal_bits([-math.inf]),
        lambda: mixture_ideal_bits([1, 2], weights=[1.0]),
        lambda: mixture_ideal_bits([1, 2], weights=[1.0, 0.5]),
        lambda: mixture_ideal_bits([1, 2], weights=[1.0, -0.5]),
        lambda: switch_ideal_bits([1, 2]),
        lambda: switch_ideal_bits([[math.nan]]),
    ],
)
def test_bad_input(call):
    with pytest.raises(InputError, match="given"):
        call()
