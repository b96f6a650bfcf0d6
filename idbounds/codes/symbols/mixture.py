"""The default code of quantised weights: a Bayes mixture over families and scales, without any header.

Nine groups share the prior evenly, and so do the components of a group: Gauss, Laplace, logistic and
Student-t with 3 degrees of freedom, on a grid of scales; a spike at zero with a Gaussian or a Laplace slab,
on the same grid; a Dirichlet prior around a Gaussian or a Laplace distribution, worth 1 to 4096 symbols,
which is the family as long as it fits and a histogram where it does not; and a histogram from nothing. A
sign is fair with prior 15/16, counted with 1/16.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import integer_within
from idbounds.codes.symbols import tables, tree
from idbounds.errors import InputError

CONCENTRATIONS: Final = tuple(4**k for k in range(7))
"""How many symbols a Dirichlet prior is worth."""

_BASE_FINENESS = 1  # two scales an octave: what is left of a misfit is counted


@cache
def mixture(fine: int) -> tree.Components:
    """The components at 2^fine scales an octave, with their prior; built on first use and kept.

    Args:
        fine: 0 .. `tables.FINEST`.

    Returns:
        The components.
    """
    scales, coarse = tables.scale_count(fine), 2 * tables.scale_count(_BASE_FINENESS)
    base, mass = tables.stay(_BASE_FINENESS)[:, :coarse], tables.mass(_BASE_FINENESS)[:, :coarse]
    prior = [np.maximum(c * mass >> (32 - tables.PRIOR_PLACES), 1) for c in CONCENTRATIONS]
    groups = [scales] * 6 + [len(CONCENTRATIONS) * coarse // 2] * 2 + [1]
    weights = [np.full(size, 2**32 // len(groups) // size, dtype=np.uint32) for size in groups]
    return tree.Components(
        stay=tables.stay(fine),
        spikes=2 * scales,
        base=np.tile(base, len(CONCENTRATIONS)),
        prior=np.concatenate(prior, axis=1),
        weights=np.concatenate(weights),
        sign_weights=np.array([15 << 28, 1 << 28], dtype=np.uint32),
    )


@final
class MixtureVector(Codec[NDArray[np.int64]]):
    """Bayes mixture code of an integer vector x of a length d that the decoder knows.

    d rounded normal variables of unknown scale take 7 to 12 bits more than under the code that knows the
    scale. Entries are up to 2^20 in magnitude; the scales of the prior are 2^-4 .. 2^8. The length is below
    the ideal length plus 2 bits (and 2^-28 bits a decision, of which an entry x_i takes about 2 log2(|x_i|
    + 1) + 2).

    Args:
        size: Length d of the vector, 0 .. 2^24.

    Raises:
        InputError: If the length is out of range.
    """

    def __init__(self, size: int) -> None:
        """Fix the length."""
        self._size = integer_within(size, "size of the vector", 0, tree.LARGEST_SIZE)

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"mixture-vector({self._size})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append a vector of shape (d,)."""
        tree.write([(tree.checked(value, self._size), self._components())], out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a vector of shape (d,); DecodeError if no vector is written so."""
        return tree.read(source, [(self._size, self._components())])[0]

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """-log2 of the probability the mixture gives to a vector, in bits."""
        return tree.ideal_bits(tree.checked(value, self._size), self._components())

    def _components(self) -> tree.Components:
        """The mixture for vectors of that length."""
        return mixture(tables.fineness(self._size))


@final
class MixtureGroups(Codec[NDArray[np.int64]]):
    """Mixture code of a vector in groups, say one a layer: each group meets a fresh mixture of its own.

    There is nothing to choose and nothing to announce, and the run ends once: a group costs what it takes
    to learn its family and its scale, some ten bits, and no bit of an ending.

    Args:
        sizes: Lengths of the groups in their order, known to the decoder; at least one, 2^24 entries in all.

    Raises:
        InputError: If there is no group or a length is out of range.
    """

    def __init__(self, sizes: Iterable[int]) -> None:
        """Fix the groups."""
        limit = tree.LARGEST_SIZE
        self._sizes = tuple(integer_within(size, "size of a group", 0, limit) for size in sizes)
        if not self._sizes:
            raise InputError("groups: none given; at least one is allowed")
        integer_within(sum(self._sizes), "size of all groups", 0, limit)

    @property
    def name(self) -> str:
        """Name of the code with the lengths of the groups."""
        return f"mixture-groups({'+'.join(map(str, self._sizes))})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append all groups, given one behind another, shape (sum of sizes,)."""
        tree.write(self._groups(value), out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read all groups, one behind another; DecodeError if no groups are written so."""
        mixtures = [(size, mixture(tables.fineness(size))) for size in self._sizes]
        return np.concatenate(tree.read(source, mixtures))

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """-log2 of the product of the probabilities of the groups, in bits."""
        return math.fsum(tree.ideal_bits(group, components) for group, components in self._groups(value))

    def _groups(self, value: NDArray[np.int64]) -> Iterator[tuple[NDArray[np.int64], tree.Components]]:
        """Each group with its mixture."""
        vector = tree.checked(value, sum(self._sizes))
        groups = np.split(vector, np.cumsum(self._sizes)[:-1])
        return ((group, mixture(tables.fineness(group.size))) for group in groups)
