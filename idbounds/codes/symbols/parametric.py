"""A family and its scale, named: the two-part code beside which the mixture code can be seen to gain."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import Uniform, integer_within
from idbounds.codes.symbols import tables, tree


@final
class ParametricVector(Codec[NDArray[np.int64]]):
    """Two-part code of an integer vector: the best of four families and its scale, then the vector under it.

    Families and scales are those of `MixtureVector`, which need not name them, and which knows more families.

    Args:
        size: Length d of the vector, 0 .. 2^24.

    Raises:
        InputError: If the length is out of range.
    """

    def __init__(self, size: int) -> None:
        """Fix the length."""
        self._size = integer_within(size, "size of the vector", 0, tree.LARGEST_SIZE)
        self._fine = tables.fineness(size)
        self._choice = Uniform(len(tables.FAMILIES) * tables.scale_count(self._fine))

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"parametric-vector({self._size})"

    def choice(self, value: NDArray[np.int64]) -> tuple[str, float]:
        """Family and scale that code a vector best.

        Args:
            value: The vector, shape (d,).

        Returns:
            Name of the family, and the scale in steps.
        """
        family, scale = divmod(self._best(value), tables.scale_count(self._fine))
        return tables.FAMILIES[family], 2.0 ** (tables.LOWEST_OCTAVE + scale / 2**self._fine)

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the choice and a vector of shape (d,)."""
        column = self._best(value)
        self._choice.write(column, out)
        tree.write([(tree.checked(value, self._size), self._components(column))], out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a vector of shape (d,); DecodeError if no vector is written so under the choice."""
        return tree.read(source, [(self._size, self._components(self._choice.read(source)))])[0]

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The bits of the choice, and -log2 P of the vector under it."""
        column = self._best(value)
        vector = tree.checked(value, self._size)
        return self._choice.ideal_length(column) + tree.ideal_bits(vector, self._components(column))

    def _best(self, value: NDArray[np.int64]) -> int:
        """Column of the table that codes a vector best; the encoder may use floats, the decoder is told."""
        magnitudes = np.sort(np.abs(tree.checked(value, self._size)))
        ends = [(node.low, node.middle, node.high or 2**62) for node in tables.nodes()]
        below = np.searchsorted(magnitudes, np.array(ends))
        stay = tables.stay(self._fine) / 2.0**tables.PRECISION
        zeros, ones = np.diff(below, axis=1).T
        return int(np.argmax(zeros @ np.log2(stay) + ones @ np.log2(1 - stay)))

    def _components(self, column: int) -> tree.Components:
        """A mixture of one."""
        nodes = len(tables.nodes())
        certain = np.full(1, 2**32 - 1, dtype=np.uint32)
        return tree.Components(
            stay=tables.stay(self._fine)[:, column : column + 1].copy(),
            spikes=0,
            base=np.empty((nodes, 0), dtype=np.uint32),
            prior=np.empty((nodes, 0), dtype=np.int64),
            weights=certain,
            sign_weights=certain,
        )
