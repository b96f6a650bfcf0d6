"""Vectors drawn block by block: entries z_i of normal variables, of which an index names one draw of a block.

Block k has 2^b candidates; candidate j of it holds the normal variables made from the words
((k 2^24) + j) w, .. + w - 1 of the stream (modulo 2^64), w words being enough for the longest block.
Unlike a `Plan`, a `Drawing` leaves the scales to its user: each entry may have its own.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, Shifted, Uniform, integer_within
from idbounds.codes.reals import noise
from idbounds.codes.reals.candidates import LARGEST_SIZE
from idbounds.errors import DecodeError, InputError

WIDEST: Final = 24
"""Most bits of a block."""

_COUNT: Final = Shifted(EliasGamma(largest=LARGEST_SIZE + 1), by=1)


@final
@dataclass(frozen=True)
class Drawing:
    """How vectors are cut into blocks, and what may be drawn in each.

    Args:
        sizes: Entries of each vector.
        counts: Blocks of each vector, at most its entries; without blocks a vector is zero.
        bits: Bits b of a block, 1 .. 24.
        seed: Of the draws and of the order of the entries, 0 .. 2^63 - 1.

    Raises:
        InputError: If an entry is out of range.
    """

    sizes: tuple[int, ...]
    counts: tuple[int, ...]
    bits: int
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no message says."""
        integer_within(self.bits, "bits of a block", 1, WIDEST)
        integer_within(self.seed, "seed", 0, noise.SEED_LIMIT - 1)
        if len(self.sizes) != len(self.counts):
            raise InputError(f"{len(self.counts)} counts of blocks given; {len(self.sizes)} are allowed")
        for size, count in zip(self.sizes, self.counts, strict=True):
            integer_within(size, "entries of a vector", 0, LARGEST_SIZE)
            integer_within(count, "blocks of a vector", 0, size)

    @property
    def total(self) -> int:
        """Number of blocks of all vectors."""
        return sum(self.counts)

    @cached_property
    def blocks(self) -> tuple[NDArray[np.int64], ...]:
        """For each block, the places of its entries in the vectors put end to end.

        A vector's entries are taken in an order made from the seed and cut into blocks that differ by at most
        one entry, the longer ones first: blocks are then alike even if the vector is not the same all over.
        """
        found: list[NDArray[np.int64]] = []
        start = 0
        for size, count in zip(self.sizes, self.counts, strict=True):
            if count:
                found += np.array_split(start + noise.order(self.seed, size), count)
            start += size
        return tuple(found)

    @cached_property
    def words(self) -> int:
        """Words of one candidate, w."""
        longest = max((len(block) for block in self.blocks), default=0)
        return -(-longest // noise.PER_WORD)

    def drawn(self, block: int, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """Candidates of a block, in units of the scale.

        Args:
            block: Which.
            indices: Shape (m,), each 0 .. 2^b - 1.

        Returns:
            Shape (m, entries of the block).
        """
        entries = len(self.blocks[block])
        used = np.arange(-(-entries // noise.PER_WORD), dtype=np.uint64)
        start = (np.uint64(block << WIDEST) + indices.astype(np.uint64)) * np.uint64(self.words)
        words = noise.words(self.seed, noise.Stream.CANDIDATES, start[:, None] + used)
        shifts = np.arange(noise.PER_WORD, dtype=np.uint64) * np.uint64(noise.LEVEL_BITS)
        levels = words[:, :, None] >> shifts & np.uint64((1 << noise.LEVEL_BITS) - 1)
        chosen = levels.reshape(len(indices), -1)[:, :entries].astype(np.int64)
        return np.asarray(noise.normal_levels()[chosen])

    def all_drawn(self, block: int, first: int, count: int) -> NDArray[np.float32]:
        """Candidates first .. first + count - 1 of a block, as `drawn` rounded to float32, made quickly.

        Args:
            block: Which.
            first: The first candidate.
            count: How many.

        Returns:
            Shape (count, entries of the block).
        """
        from idbounds.codes.reals import _random_kernels

        out = np.empty((count, len(self.blocks[block])), np.float32)
        key = np.uint64(noise.key(self.seed, noise.Stream.CANDIDATES))
        start = np.uint64((block << WIDEST) + first)
        levels = noise.normal_levels().astype(np.float32)
        _random_kernels.fill(key, start, np.uint64(self.words), levels, out)
        return out

    def made(self, indices: NDArray[np.int64]) -> NDArray[np.float64]:
        """The vectors that the indices name, in units of the scale, put end to end.

        Args:
            indices: One for each block.

        Returns:
            Shape (sum of sizes,), zero where no block is.
        """
        out = np.zeros(sum(self.sizes))
        for block, places in enumerate(self.blocks):
            out[places] = self.drawn(block, indices[block : block + 1])[0]
        return out


@final
class DrawingCode(Codec[Drawing]):
    """Code of a drawing of vectors of known sizes: 5 bits for b - 1, the seed, Elias gamma of each count + 1.

    Args:
        sizes: Entries of each vector.
    """

    _bits = Uniform(32)

    def __init__(self, sizes: Sequence[int]) -> None:
        """Fix the sizes."""
        self._sizes = tuple(integer_within(size, "entries of a vector", 0, LARGEST_SIZE) for size in sizes)

    @property
    def name(self) -> str:
        """Name of the code with the number of vectors."""
        return f"drawing({len(self._sizes)})"

    def write(self, value: Drawing, out: BitWriter) -> None:
        """Append a drawing; InputError if it is of other sizes."""
        self._check(value)
        self._bits.write(value.bits - 1, out)
        noise.SEED.write(value.seed, out)
        for count in value.counts:
            _COUNT.write(count, out)

    def read(self, source: BitReader) -> Drawing:
        """Read a drawing; DecodeError if none is written so."""
        bits, seed = self._bits.read(source) + 1, noise.SEED.read(source)
        counts = tuple(_COUNT.read(source) for _ in self._sizes)
        try:
            return Drawing(self._sizes, counts, bits, seed)
        except InputError as error:
            raise DecodeError(f"{self.name}: {error}") from None

    def ideal_length(self, value: Drawing) -> float:
        """The bits of all of them; InputError if it is of other sizes."""
        self._check(value)
        counts = sum(_COUNT.ideal_length(count) for count in value.counts)
        return self._bits.ideal_length(value.bits - 1) + noise.SEED.ideal_length(value.seed) + counts

    def _check(self, value: Drawing) -> None:
        if value.sizes != self._sizes:
            raise InputError(
                f"{self.name}: a drawing of sizes {value.sizes} given; {self._sizes} are allowed"
            )


@final
class DrawnIndices(Codec[NDArray[np.int64]]):
    """Indices 0 .. 2^b - 1, all of them equally likely, each in b bits.

    Args:
        count: How many.
        bits: b, 1 .. 24.

    Raises:
        InputError: If one is out of range.
    """

    def __init__(self, count: int, bits: int) -> None:
        """Fix number and width."""
        self._count = integer_within(count, "number of indices", 0, LARGEST_SIZE)
        self._bits = integer_within(bits, "bits of an index", 1, WIDEST)

    @property
    def name(self) -> str:
        """Name of the code with number and width."""
        return f"drawn-indices({self._count},{self._bits})"

    def write(self, value: NDArray[np.int64], out: BitWriter) -> None:
        """Append indices of shape (count,); InputError for others."""
        indices = self._checked(value)
        out.write_array((indices[:, None] >> np.arange(self._bits)[::-1] & 1).astype(np.uint8).ravel())

    def read(self, source: BitReader) -> NDArray[np.int64]:
        """Read indices of shape (count,); DecodeError if bits are missing."""
        digits = source.read_array(self._count * self._bits).astype(np.int64)
        return digits.reshape(self._count, self._bits) @ (1 << np.arange(self._bits, dtype=np.int64)[::-1])

    def ideal_length(self, value: NDArray[np.int64]) -> float:
        """The sum of the widths: the length itself."""
        return float(len(self._checked(value)) * self._bits)

    def _checked(self, value: NDArray[np.int64]) -> NDArray[np.int64]:
        indices = np.asarray(value)
        if (
            indices.shape != (self._count,)
            or indices.dtype.kind not in "iu"
            or ((indices < 0) | (indices >= 1 << self._bits)).any()
        ):
            raise InputError(
                f"{self.name}: {indices.dtype} of shape {indices.shape} given; {self._count} integers in "
                f"0 .. {2**self._bits - 1} are allowed"
            )
        return indices
