"""Vectors of integers as one arithmetic-coded run of binary decisions, predicted by a Bayes mixture.

Each entry walks down the tree of `tables`: flags and halvings find its magnitude, then comes its sign. At
each decision a component m says how probable 0 is, q_m out of 2^30. What is coded is the mean of the q_m
under the weights w_m; then Bayes' rule multiplies each weight by the probability of the bit that came. The
vector as a whole so gets the probability sum_m w_m P_m(x) under the first weights (almost: integers are
rounded), without a word about any component.

The weights are integers. After each decision they are shifted to a sum below 2^32, and none falls below 1:
a component that was written off is back as soon as it is 32 bits ahead again, which a plain mixture would
not allow.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import integer_vector
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.codes.symbols.decisions import DecisionReader, decisions_length, write_decisions
from idbounds.codes.symbols.tables import BUCKETS, PRECISION, inner_levels, inner_rows
from idbounds.errors import DecodeError, InputError

LARGEST_SIZE: Final = 2**24
"""Most entries of a vector: counts times odds then stay within 63 bits."""

Group = tuple[NDArray[np.int64], "Components"]
"""A vector, as `checked` gives it, and the mixture that predicts it."""


@final
@dataclass(frozen=True)
class Components:
    """The models of a mixture, in the order of their weights.

    First come fixed odds. Then spikes and slabs: the first columns of the fixed odds again, but whether an
    entry is 0 is counted, (2 zeros + 1) to (2 others + 1). Then Dirichlet priors: base odds, and what they
    are worth at each node in 256ths of a symbol. Last, if it has a weight, a component that counts at every
    node. A sign is fair; if there is a second weight for it, a second component counts signs.

    Args:
        stay: Fixed odds of 0 out of 2^30, shape (nodes, a).
        spikes: Number of spikes and slabs, at most a.
        base: Base odds out of 2^30, shape (nodes, c).
        prior: Worth of the base odds, at least 1, shape (nodes, c).
        weights: First weights, at least 1, with a sum up to 2^32; shape (a + spikes + c,) or one longer.
        sign_weights: The same for a sign, shape (1,) or (2,).
    """

    stay: NDArray[np.uint32]
    spikes: int
    base: NDArray[np.uint32]
    prior: NDArray[np.int64]
    weights: NDArray[np.uint32]
    sign_weights: NDArray[np.uint32]


def checked(value: ArrayLike, size: int) -> NDArray[np.int64]:
    """A vector the tree can code.

    Args:
        value: Anything numpy reads as integers.
        size: How many there must be.

    Returns:
        The vector, shape (size,).

    Raises:
        InputError: If it is anything else, or an entry is beyond 2^20.
    """
    vector = integer_vector(value, "vector")
    if vector.size != size:
        raise InputError(f"vector: {vector.size} entries given; {size} are allowed")
    largest = max(int(vector.max(initial=0)), -int(vector.min(initial=0)))
    if largest > LARGEST_ENTRY:
        raise InputError(f"vector: an entry of magnitude {largest} given; up to {LARGEST_ENTRY} is allowed")
    return vector


def decisions(vector: NDArray[np.int64], mixture: Components) -> tuple[NDArray[np.uint8], NDArray[np.uint32]]:
    """All decisions that a vector takes.

    Args:
        vector: As `checked` gives it.
        mixture: What predicts them.

    Returns:
        The bits, and the odds of 0 out of 2^30.
    """
    from idbounds.codes.symbols._mixture_kernels import FIELDS

    bucket = np.frexp(np.abs(vector) + 1)[1].astype(np.int64) - 1
    count = int((bucket + np.minimum(bucket + 1, BUCKETS - 1) + (bucket > 0)).sum())
    bits, odds = np.empty(count, dtype=np.uint8), np.empty(count, dtype=np.uint32)
    state, nothing = np.zeros(FIELDS, dtype=np.int64), np.empty(0, dtype=np.uint8)
    _walk(vector.copy(), mixture, (False, state, nothing, bits, odds))
    return bits, odds


def ideal_bits(vector: NDArray[np.int64], mixture: Components) -> float:
    """-log2 of the probability that the mixture, as its integers stand, gives to a vector.

    Args:
        vector: As `checked` gives it.
        mixture: What predicts it.

    Returns:
        Bits.
    """
    return decisions_length(*decisions(vector, mixture))


def write(groups: Iterable[Group], out: BitWriter) -> None:
    """Append vectors as one run, each predicted by a mixture of its own.

    Args:
        groups: The vectors with their mixtures.
        out: Where the bits go.
    """
    taken = [decisions(vector, mixture) for vector, mixture in groups]
    bits, odds = (np.concatenate(column) for column in zip(*taken, strict=True))
    write_decisions(bits, odds, out)


def read(source: BitReader, groups: Sequence[tuple[int, Components]]) -> list[NDArray[np.int64]]:
    """Read what `write` wrote, and not a bit more.

    Args:
        source: Where the bits come from.
        groups: Length and mixture of each vector.

    Returns:
        The vectors.

    Raises:
        DecodeError: If no vectors are written so.
    """
    reader = DecisionReader(source)
    channel = True, *reader.channel, np.empty(0, dtype=np.uint8), np.empty(0, dtype=np.uint32)
    vectors = []
    for size, mixture in groups:
        vectors.append(np.zeros(size, dtype=np.int64))  # pages are touched only as far as the stream goes
        _walk(vectors[-1], mixture, channel)
        if reader.broken:
            break
    reader.finish()
    for vector in vectors:
        largest = int(np.abs(vector).max(initial=0))
        if largest > LARGEST_ENTRY:
            raise DecodeError(f"vector: an entry of magnitude {largest}, beyond {LARGEST_ENTRY}")
    return vectors


def _walk(vector: NDArray[np.int64], mixture: Components, channel: tuple[object, ...]) -> None:
    """The compiled walk with a fresh memory."""
    from idbounds.codes.symbols import _mixture_kernels as kernels

    def memory(nodes: int, weights: NDArray[np.uint32]) -> tuple[NDArray[np.generic], ...]:
        return np.zeros((nodes, 2), dtype=np.int64), weights.copy(), np.empty_like(weights)

    model = mixture.stay, mixture.spikes, mixture.base, mixture.prior
    fair = np.full((1, 1), 1 << (PRECISION - 1), dtype=np.uint32)
    nothing = np.empty((1, 0), dtype=np.uint32), np.empty((1, 0), dtype=np.int64)
    kernels.walk(
        vector,
        (model, memory(len(mixture.stay), mixture.weights)),
        ((fair, 0, *nothing), memory(1, mixture.sign_weights)),
        (inner_rows(), np.array([inner_levels(bucket) for bucket in range(BUCKETS)], dtype=np.int64)),
        channel,
    )
