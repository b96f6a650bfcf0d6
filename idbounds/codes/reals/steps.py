"""The menu of steps that a message points into, and the step that pays: Rissanen's precision."""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.integers.elias import integer_within
from idbounds.errors import InputError

STEPS: Final = 64
"""Step i is 2^((i - 40) / 4): from 2^-10 to 2^5.75. It is the menu of "subspace-1", and never changes."""

_QUARTERS = (1.0, 1.189207115002721, 1.4142135623730951, 1.681792830507429)  # 2^(i/4), as literals: no pow()


def step_size(index: int) -> float:
    """The step with this index, the same float on every machine.

    Args:
        index: 0 .. 63; InputError outside.

    Returns:
        2^((index - 40) / 4).
    """
    octave, quarter = divmod(integer_within(index, "index of the step", 0, STEPS - 1) - 40, 4)
    return math.ldexp(_QUARTERS[quarter], octave)


def nearest_step(size: float) -> int:
    """Index of the step nearest to a size on a logarithmic scale, clipped to the menu.

    Args:
        size: Wanted step.

    Returns:
        The index.

    Raises:
        InputError: If the size is not a positive number.
    """
    if not 0 < size < math.inf:
        raise InputError(f"step: {size!r} given; a positive number is allowed")
    return min(max(round(4 * math.log2(size)) + 40, 0), STEPS - 1)


def rissanen_step(n: float, information: ArrayLike) -> NDArray[np.float64]:
    """The step that minimises the two-part length of a parameter: sqrt(12 / (n I)).

    A step s costs log2(1/s) bits, and rounding costs n I s^2 / 24 nats of the data on average, when the
    rounding error is uniform. The sum is smallest where rounding costs half a nat, whatever n and I are.

    Args:
        n: Number of examples, positive.
        information: Fisher information I of a parameter in one example (nats per unit squared), any shape.

    Returns:
        Steps, the shape of `information`; infinity where I is 0: a parameter that does not matter needs none.

    Raises:
        InputError: If n is not positive or an I is negative or not finite.

    Source: Rissanen (1983), Annals of Statistics 11(2).
    """
    fisher = np.asarray(information, dtype=np.float64)
    if not 0 < n < math.inf or not np.isfinite(fisher).all() or (fisher < 0).any():
        raise InputError(
            f"precision: n = {n}, information {information!r} given; n > 0 and finite I >= 0 allowed"
        )
    with np.errstate(divide="ignore"):
        return np.asarray(np.sqrt(12 / (n * fisher)), dtype=np.float64)


def ideal_two_part_bits(n: float, information: ArrayLike, width: ArrayLike) -> float:
    """Bits of parameters at `rissanen_step`, with what their rounding costs the data: an ideal length.

    Each takes log2(width / step) + 1/(2 ln 2) = (1/2) log2 n + log2(width sqrt(I / 12)) + 0.7213 bits. That
    is (1/2) log2(2 pi e / 12) = 0.2546 bits more than the asymptotic length of a Bayes or an NML code.

    Args:
        n: Number of examples, positive.
        information: Fisher information of each parameter, positive.
        width: Length of the interval in which each parameter is known to lie, positive.

    Returns:
        The sum over all parameters, in bits.

    Raises:
        InputError: If an argument is not positive and finite.
    """
    ratio = np.asarray(width, dtype=np.float64) / rissanen_step(n, information)
    if not (np.isfinite(ratio).all() and (ratio > 0).all()):
        raise InputError(
            f"two-part length: information {information!r}, width {width!r} given; positive allowed"
        )
    return float(np.sum(np.log2(ratio) + 0.5 / math.log(2)))
