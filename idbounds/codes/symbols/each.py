"""Integer vectors written entry by entry with a code of one integer."""

from __future__ import annotations

from typing import final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, Shifted, Uniform, Zigzag, integer_within
from idbounds.codes.integers.golomb import Rice
from idbounds.codes.symbols import tree
from idbounds.codes.symbols.adaptive import LARGEST_ENTRY
from idbounds.errors import DecodeError

_LARGEST_FOLDED = 2**21


@final
class EachInteger(Codec[NDArray[np.int64]]):
    """An integer vector of known length, one codeword after another.

    Args:
        codec: The code of one entry, such as `Zigzag(Rice(2))`.
        size: Length d of the vector, 0 .. 2^24.

    Raises:
        InputError: If the length is out of range.
    """

    def __init__(self, codec: Codec[int], size: int) -> None:
        """Fix the code and the length."""
        self._codec = codec
        self._size = integer_within(size, "size of the vector", 0, tree.LARGEST_SIZE)

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"each-{self._codec.name}({self._size})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append a vector of shape (d,)."""
        different, places = np.unique(tree.checked(value, self._size), return_inverse=True)
        codewords = [self._codec.encode(x).bits.to_array().tobytes() for x in different.tolist()]
        digits = b"".join(map(codewords.__getitem__, places.tolist()))
        out.write_array(np.frombuffer(digits, dtype=np.uint8))

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a vector of shape (d,); DecodeError if there is none."""
        values = [self._codec.read(source) for _ in range(self._size)]
        if any(abs(x) > LARGEST_ENTRY for x in values):
            raise DecodeError(f"{self.name}: an entry beyond {LARGEST_ENTRY}; altered")
        return np.array(values, dtype=np.int64)

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """Sum of the ideal lengths of the entries, in bits."""
        different, counts = np.unique(tree.checked(value, self._size), return_counts=True)
        ideal = np.array([self._codec.ideal_length(x) for x in different.tolist()], dtype=np.float64)
        return float(counts @ ideal)


@final
class RiceVector(Codec[NDArray[np.int64]]):
    """An integer vector of known length by the Rice code that makes it shortest, whose parameter goes first.

    Entries are folded (0, -1, 1, -2, ... to 0, 1, 2, 3, ...); the parameter k takes 5 bits.

    Args:
        size: Length d of the vector, 0 .. 2^24.

    Raises:
        InputError: If the length is out of range.
    """

    def __init__(self, size: int) -> None:
        """Fix the length."""
        self._size = integer_within(size, "size of the vector", 0, tree.LARGEST_SIZE)
        self._parameter = Uniform(32)

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"rice-vector({self._size})"

    def header_bits(self, value: NDArray[np.int64]) -> int:
        """What the parameter takes of the length, in bits."""
        return self._parameter.length(self._best(value))

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append the parameter and a vector of shape (d,)."""
        k = self._best(value)
        self._parameter.write(k, out)
        self._entries(k).write(value, out)

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read a vector of shape (d,); DecodeError if another parameter suits it better."""
        k = self._parameter.read(source)
        vector = self._entries(k).read(source)
        if k != self._best(vector):
            raise DecodeError(f"{self.name}: the parameter {k} is not the best one; no encoder writes this")
        return vector

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The length itself."""
        k = self._best(value)
        return self._parameter.ideal_length(k) + self._entries(k).ideal_length(value)

    def _entries(self, k: int) -> EachInteger:
        return EachInteger(Zigzag(Rice(k, largest=_LARGEST_FOLDED)), self._size)

    def _best(self, value: NDArray[np.int64]) -> int:
        """The least k with the fewest bits."""
        vector = tree.checked(value, self._size)
        folded = np.where(vector >= 0, 2 * vector, -2 * vector - 1)
        return int(np.argmin([(folded >> k).sum() + self._size * (k + 1) for k in range(22)]))


def gamma_vector(size: int) -> EachInteger:
    """Elias gamma of each entry, folded: the code that assumes nothing.

    Args:
        size: Length d of the vector.

    Returns:
        The code.
    """
    return EachInteger(Zigzag(Shifted(EliasGamma(largest=_LARGEST_FOLDED + 1), by=1)), size)
