"""Candidates that encoder and decoder of a random code make alike from a plan, block by block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, Uniform, integer_within
from idbounds.codes.reals import noise
from idbounds.codes.reals._given import Reals
from idbounds.codes.reals.steps import STEPS, step_size
from idbounds.codes.symbols.indices import MOST_BITS
from idbounds.errors import InputError

LARGEST_SIZE: Final = 2**24
"""Most entries of a vector."""

_LARGEST = 1e200


@final
@dataclass(frozen=True)
class Plan:
    """How a vector is cut into blocks, and which candidates there are; paid for in the message.

    Block k of a vector holds the entries order[k n : (k + 1) n], in an order made from the seed: blocks are
    then alike even if the vector is not the same all over. Candidate j of block k is scale * z, with z from
    the words (2^16 k + j) w, .. + w - 1 of the stream, w = ceil(n / 5).

    Args:
        scale: Index of the standard deviation of the candidates in the menu of steps (`step_size`).
        bits: Bits b of a block, 1 .. 16: it has 2^b candidates.
        block: Entries n of a block, 1 .. 2^24.
        seed: Of the candidates and of the order, 0 .. 2^63 - 1.

    Raises:
        InputError: If an entry is out of range.
    """

    scale: int
    bits: int
    block: int
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse what no message says."""
        integer_within(self.scale, "index of the scale", 0, STEPS - 1)
        integer_within(self.bits, "bits of a block", 1, MOST_BITS)
        integer_within(self.block, "entries of a block", 1, LARGEST_SIZE)
        integer_within(self.seed, "seed", 0, noise.SEED_LIMIT - 1)

    def widths(self, size: int) -> NDArray[np.int64]:
        """The bits of each block of a vector.

        Args:
            size: Entries of the vector.

        Returns:
            b for each whole block, and ceil(b r / n) for r entries at the end, shape (blocks,).
        """
        whole, rest = divmod(size, self.block)
        last = [-(-self.bits * rest // self.block)] if rest else []
        return np.concatenate([np.full(whole, self.bits), last]).astype(np.int64)

    def cut(self, vector: Reals) -> Reals:
        """A vector by blocks, zeros behind its end.

        Args:
            vector: Shape (d,).

        Returns:
            Shape (blocks, min(n, d)).
        """
        blocks, entries = self._shape(vector.size)
        padded = np.zeros(blocks * entries)
        padded[: vector.size] = vector[noise.order(self.seed, vector.size)]
        return padded.reshape(blocks, entries)

    def made(self, size: int, indices: NDArray[np.int64]) -> Reals:
        """The candidates with some indices, put together.

        Args:
            size: Entries d of the vector.
            indices: One for each block.

        Returns:
            Shape (d,).
        """
        blocks, entries = self._shape(size)
        per_block = -(-entries // noise.PER_WORD)
        place = (np.arange(blocks, dtype=np.int64) << MOST_BITS) + indices
        counters = (place[:, None] * per_block + np.arange(per_block)).astype(np.uint64)
        words = noise.words(self.seed, noise.Stream.CANDIDATES, counters)
        shifts = np.arange(min(noise.PER_WORD, entries), dtype=np.uint64) * np.uint64(noise.LEVEL_BITS)
        levels = words[:, :, None] >> shifts & np.uint64((1 << noise.LEVEL_BITS) - 1)
        entry = levels.reshape(blocks, per_block * shifts.size)[:, :entries].ravel()[:size]
        vector = np.empty(size)
        vector[noise.order(self.seed, size)] = noise.normal_levels()[entry.astype(np.int64)]
        return vector * step_size(self.scale)

    def _shape(self, size: int) -> tuple[int, int]:
        """Number of blocks, and of the entries of one."""
        return -(-size // self.block), min(self.block, size)


def choose(plan: Plan, linear: Reals, square: Reals, *, draw: int | None = None) -> NDArray[np.int64]:
    """For each block, the candidate scale * z with the largest sum of linear_i z_i + square_i z_i^2.

    Args:
        plan: The plan.
        linear: Shape (d,).
        square: Shape (d,).
        draw: None for the largest; a seed for a draw with probabilities in proportion to e^sum.

    Returns:
        Indices, shape (blocks,).

    Raises:
        InputError: If the vector and the scale are too far apart for float64.
    """
    from idbounds.codes.reals import _random_kernels

    largest = max(float(np.abs(side).max(initial=0)) for side in (linear, square))
    if not largest < _LARGEST:
        raise InputError(
            f"random code: coefficients up to {largest:.6g} at the scale {step_size(plan.scale):.6g} given; "
            f"less than {_LARGEST:.6g} is allowed: scale the vector and its weights"
        )
    keys = [noise.key(plan.seed, noise.Stream.CANDIDATES)]
    if draw is not None:
        keys.append(noise.key(draw, noise.Stream.CHOICE))
    chosen: NDArray[np.int64] = _random_kernels.choose(
        plan.cut(linear),
        plan.cut(square),
        plan.widths(linear.size),
        noise.normal_levels(),
        np.array(keys, np.uint64),
    )
    return chosen


@final
class PlanCode(Codec[Plan]):
    """Code of a plan: 6 bits for the scale, 4 for b, Elias gamma of n, Elias delta of the seed plus one."""

    _scale = Uniform(STEPS)
    _bits = Uniform(MOST_BITS)
    _block = EliasGamma(largest=LARGEST_SIZE)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "random-code-plan"

    def write(self, value: Plan, out: BitWriter) -> None:
        """Append a plan."""
        self._scale.write(value.scale, out)
        self._bits.write(value.bits - 1, out)
        self._block.write(value.block, out)
        noise.SEED.write(value.seed, out)

    def read(self, source: BitReader) -> Plan:
        """Read a plan; DecodeError if none is written so."""
        scale, bits = self._scale.read(source), self._bits.read(source) + 1
        return Plan(scale, bits, self._block.read(source), noise.SEED.read(source))

    def ideal_length(self, value: Plan) -> float:
        """The bits of all four."""
        header = self._scale.ideal_length(value.scale) + self._bits.ideal_length(value.bits - 1)
        return header + self._block.ideal_length(value.block) + noise.SEED.ideal_length(value.seed)
