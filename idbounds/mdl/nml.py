"""Normalised maximum likelihood (stochastic complexity) of categorical data.

The NML distribution is P(x) = P(x | best parameters for x) / C, where C is the sum of the numerator over all
sequences of the same length. Its excess over the best parameters is log2 C whatever the data, and no other
code has a smaller excess in the worst case. -log2 P is an ideal length: it belongs to a probability, but P
is not sequential, and nothing here writes it. `AdaptiveRun` in `idbounds.codes` writes messages of nearly
that length.
"""

from __future__ import annotations

import math
from fractions import Fraction
from math import comb

import numpy as np
from numpy.typing import ArrayLike

from idbounds.codes.arithmetic import integer_vector
from idbounds.codes.integers.elias import integer_within
from idbounds.errors import InputError
from idbounds.kernels.floats import log_xi

_LARGEST = 2**53
_LARGEST_ALPHABET = 2**26


def multinomial_sum(size: int, n: int) -> Fraction:
    """C(K, n), the sum of the maximised probability over all sequences, as an exact fraction; for small n.

    Args:
        size: Number K of symbols, at least 1.
        n: Length of a sequence, at least 0; up to 2,000.

    Returns:
        The sum, by C(1, n) = 1, C(2, n) from its definition and C(K + 2, n) = C(K + 1, n) + (n / K) C(K, n).

    Source: Kontkanen and Myllymaki (2007), Information Processing Letters 103(6).
    """
    size = integer_within(size, "size of the alphabet", 1, _LARGEST_ALPHABET)
    n = integer_within(n, "number of symbols", 0, 2000)
    terms = (comb(n, h) * h**h * (n - h) ** (n - h) for h in range(n + 1))
    before, now = Fraction(1), Fraction(sum(terms), n**n)
    for k in range(1, size):
        before, now = now, now + Fraction(n, k) * before
    return before


def multinomial_regret_bits(size: int, n: int) -> float:
    """log2 C(K, n): what NML pays for not knowing the K probabilities, the same for all data.

    Args:
        size: Number K of symbols, 1 .. 2^26.
        n: Length of a sequence, 0 .. 2^53.

    Returns:
        Bits. Ratios of neighbours, r(K + 1) = 1 + (n / K) / r(K), keep every number small; C(2, n) is
        Maurer's constant, for which there is a closed form. The time is proportional to K.
    """
    size = integer_within(size, "size of the alphabet", 1, _LARGEST_ALPHABET)
    n = integer_within(n, "number of symbols", 0, _LARGEST)
    if size == 1 or n == 0:
        return 0.0
    logs = [float(log_xi(n))]
    ratio, product = math.exp(logs[0]), 1.0
    for k in range(1, size - 1):
        ratio = 1 + n / k / ratio
        product *= ratio
        if product > 1e250:  # a ratio is below 1.2e8: far from overflow
            logs.append(math.log(product))
            product = 1.0
    return math.fsum([*logs, math.log(product)]) / math.log(2)


def nml_multinomial_ideal_bits(counts: ArrayLike) -> float:
    """Ideal NML length of a sequence over K symbols, order included: n H(counts / n) + log2 C(K, n).

    Args:
        counts: How often each symbol occurs, zeros included, shape (K,).

    Returns:
        Bits.

    Raises:
        InputError: If a count is negative or there is none.
    """
    tally = integer_vector(counts, "counts")
    if not tally.size or tally.min() < 0:
        raise InputError("counts: a negative count or none at all given; one for each symbol is allowed")
    n = int(tally.sum())
    used = tally[tally > 0]
    return float(-(used * np.log2(used / n)).sum()) + multinomial_regret_bits(tally.size, n)
