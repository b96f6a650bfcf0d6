"""Where to put the values of a rounded vector: the mean of a normal variable over its bin, free of charge.

The decoder knows the integers. From their mean square it takes a scale, by a rule that is fixed here, and
from the scale the mean of each bin. The arithmetic is that of `fixedpoint`; only the quotient at the end is a
float, so that every machine gets the same ones.
"""

from __future__ import annotations

from functools import cache
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.symbols import fixedpoint, tables
from idbounds.codes.symbols.tree import checked

FARTHEST: Final = 7
"""An entry beyond so many scales is no draw of a normal variable: it stays in the middle of its bin."""


def scale_index(vector: ArrayLike) -> int:
    """The largest of the scales, 64 an octave, whose rounded normal variable has no larger mean square.

    Args:
        vector: Integers, shape (d,).

    Returns:
        Index i of the scale 2^(i/64 - 4); 0 if all are larger.
    """
    magnitudes, counts = np.unique(np.abs(checked(vector, np.size(vector))), return_counts=True)
    square = sum(m * m * count for m, count in zip(magnitudes.tolist(), counts.tolist(), strict=True))
    low, high = 0, tables.scale_count(tables.FINEST)
    while high - low > 1:
        middle = (low + high) // 2
        if _mean_square(middle) * int(counts.sum()) <= square << 32:
            low = middle
        else:
            high = middle
    return low


@cache
def _mean_square(index: int) -> int:
    """2^32 E[X^2] of a rounded normal variable: the sum of (2 m - 1) P[|X| >= m] over m >= 1."""
    ends = range(1, (10 << (index // 64 + 1)) // 16 + 10)  # ten scales and more
    tail = tables.tails("gauss", ends, tables.log_scales(tables.FINEST)[index : index + 1])[:, 0]
    return sum((2 * m - 1) * p for m, p in zip(ends, tail.tolist(), strict=True))


def conditional_means(vector: ArrayLike) -> NDArray[np.float64]:
    """The vector with each entry m replaced by E[X | m - 1/2 < X < m + 1/2], X normal with the scale above.

    Args:
        vector: Integers, shape (d,).

    Returns:
        Shape (d,), in steps. An entry beyond seven scales stays as it is.
    """
    integers = checked(vector, np.size(vector))
    sigma = fixedpoint.power_of_two(scale_index(integers) + 64 * tables.LOWEST_OCTAVE, 6)
    magnitudes, places = np.unique(np.abs(integers), return_inverse=True)
    means = np.array([_mean(m, sigma) for m in magnitudes.tolist()], dtype=np.float64)
    return np.copysign(means[places], integers)


def _mean(m: int, sigma: int) -> float:
    """The mean over the bin a .. b of a magnitude m: sigma (phi(a) - phi(b)) / (Q(a) - Q(b)), in steps."""
    a, b = (fixedpoint.divided((2 * m + side) * fixedpoint.ONE // 2, sigma) for side in (-1, 1))
    if m == 0 or a > FARTHEST * fixedpoint.ONE:
        return float(m)
    density = [fixedpoint.exp_minus(fixedpoint.multiplied(t, t) // 2) for t in (a, b)]
    norm = fixedpoint.root(fixedpoint.divided(2 * fixedpoint.ONE, fixedpoint.pi()))  # 2 phi(0)
    mass = fixedpoint.gauss(a) - fixedpoint.gauss(b)
    return fixedpoint.multiplied(fixedpoint.multiplied(sigma, norm), density[0] - density[1]) / mass
