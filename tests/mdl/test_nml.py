import itertools
import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from idbounds.errors import InputError
from idbounds.mdl import multinomial_regret_bits, multinomial_sum, nml_multinomial_ideal_bits


def brute_force(size, n):
    """The sum of the maximised probability over all sequences, by compositions."""
    total = Fraction(0)
    for bars in itertools.combinations(range(n + size - 1), size - 1):
        counts = np.diff([-1, *bars, n + size - 1]) - 1
        ways, top = math.factorial(n), Fraction(1)
        for count in counts.tolist():
            ways //= math.factorial(count)
            top *= Fraction(count, n) ** count if n else 1
        total += ways * top
    return total


@pytest.mark.parametrize("size", [1, 2, 3, 4, 6])
@pytest.mark.parametrize("n", [0, 1, 2, 5, 9])
def test_the_recurrence_is_exact(size, n):
    assert multinomial_sum(size, n) == brute_force(size, n)


@pytest.mark.parametrize("size", [2, 3, 17, 400])
@pytest.mark.parametrize("n", [1, 2, 3, 50, 1000])
def test_floats_against_fractions(size, n):
    exact = multinomial_sum(size, n)
    bits = math.log2(exact.numerator) - math.log2(exact.denominator)
    assert multinomial_regret_bits(size, n) == pytest.approx(bits, rel=1e-12)


def test_a_million_data():
    # From the convolution C(3, n) = sum of C(n, h) (h/n)^h (1-h/n)^(n-h) C(2, h) in extended precision.
    mpmath = pytest.importorskip("mpmath")
    n = 2000
    with mpmath.workdps(40):
        total = mpmath.mpf(0)
        for h in range(n + 1):
            p = mpmath.mpf(h) / n
            weight = mpmath.binomial(n, h) * p**h * (1 - p) ** (n - h)
            total += weight * (mpmath.mpf(2) ** multinomial_regret_bits(2, h))
        assert multinomial_regret_bits(3, n) == pytest.approx(float(mpmath.log(total, 2)), rel=1e-12)
    # C(2, n) = sqrt(pi n / 2) + 2/3 + O(n^-1/2)
    assert 2 ** multinomial_regret_bits(2, 10**6) == pytest.approx(
        math.sqrt(math.pi * 10**6 / 2) + 2 / 3, rel=1e-6
    )


@given(st.lists(st.integers(0, 50), min_size=1, max_size=6))
def test_lengths_of_sequences(counts):
    bits = nml_multinomial_ideal_bits(counts)
    n = sum(counts)
    entropy = sum(c * math.log2(n / c) for c in counts if c)
    assert bits == pytest.approx(entropy + multinomial_regret_bits(len(counts), n), abs=1e-9)


def test_kraft_with_equality():
    for size, n in [(2, 6), (3, 4)]:
        lengths = [
            nml_multinomial_ideal_bits(np.bincount(s, minlength=size))
            for s in itertools.product(range(size), repeat=n)
        ]
        assert math.fsum(2**-bits for bits in lengths) == pytest.approx(1, abs=1e-12)


@pytest.mark.parametrize(
    "call",
    [
        lambda: multinomial_regret_bits(0, 5),
        lambda: multinomial_regret_bits(3, -1),
        lambda: multinomial_regret_bits(3, 2.5),
        lambda: multinomial_regret_bits(2**31, 5),
        lambda: multinomial_sum(3, 10**6),
        lambda: nml_multinomial_ideal_bits([]),
        lambda: nml_multinomial_ideal_bits([3, -1]),
        lambda: nml_multinomial_ideal_bits([0.5, 0.5]),
        lambda: nml_multinomial_ideal_bits([float("nan")]),
    ],
)
def test_bad_input(call):
    with pytest.raises(InputError, match="given"):
        call()
