"""Codebooks: a few levels, sent in a paid precision, and for each entry of a vector the index of a level."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Final, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.arithmetic import LARGEST_RUN, AdaptiveRun
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasGamma, Uniform, integer_within
from idbounds.codes.patterns.subsets import Subset
from idbounds.codes.reals._given import Reals, real_vector
from idbounds.codes.reals.clusters import MOST_LEVELS, lloyd, nearest
from idbounds.codes.reals.steps import STEPS, step_size
from idbounds.errors import DecodeError, InputError

FINEST: Final = 16
"""Largest precision of a level, in bits."""


@final
@dataclass(frozen=True)
class Levels:
    """Levels of a codebook: integers times a step of the menu.

    Args:
        step: Index of the step.
        precision: Bits p of an integer, 1 .. 16.
        integers: At least one, ascending, each in -2^(p-1) .. 2^(p-1) - 1.

    Raises:
        InputError: If they are anything else.
    """

    step: int
    precision: int
    integers: tuple[int, ...]

    def __post_init__(self) -> None:
        """Refuse what no message says."""
        step_size(self.step)
        half = 1 << (integer_within(self.precision, "precision of the levels", 1, FINEST) - 1)
        for integer in self.integers:
            integer_within(integer, "level", -half, half - 1)
        if not self.integers or sorted(set(self.integers)) != list(self.integers):
            raise InputError(f"levels: {self.integers} given; at least one, each once, ascending, is allowed")

    @classmethod
    def near(cls, values: ArrayLike, precision: int) -> Self:
        """Levels learned elsewhere, rounded at the smallest step at which all of them fit.

        Args:
            values: The levels, in any order.
            precision: Bits p of each; levels that are rounded to the same integer become one.

        Returns:
            The levels.

        Raises:
            InputError: If there is none, or they do not fit even at the largest step.
        """
        levels = real_vector(values, "levels")
        half = 1 << (integer_within(precision, "precision of the levels", 1, FINEST) - 1)
        for step in range(STEPS):
            rounded = np.rint(levels / step_size(step))
            if levels.size and -half <= rounded.min() and rounded.max() < half:
                return cls(step, precision, tuple(np.unique(rounded.astype(np.int64)).tolist()))
        raise InputError(
            f"levels: {levels[:5]} given; at least one is allowed, and at {precision} bits magnitudes up to "
            f"about {half * step_size(STEPS - 1):.6g}: scale the vector, or use more bits"
        )

    @classmethod
    def fitted(
        cls, vector: ArrayLike, count: int, precision: int, *, weights: ArrayLike | None = None
    ) -> Self:
        """The levels of `lloyd`, rounded as in `near`.

        Args:
            vector: Entries to fit, shape (d,).
            count: Most levels.
            precision: Bits of a level.
            weights: Weight of each entry, not negative; equal by default.

        Returns:
            The levels.
        """
        return cls.near(lloyd(vector, count, weights=weights), precision)

    @property
    def values(self) -> Reals:
        """The levels as numbers, ascending."""
        return np.array(self.integers, dtype=np.float64) * step_size(self.step)


@final
class LevelsCode(Codec[Levels]):
    """Code of the levels as a set, so that no bit goes into their order.

    The step takes 6 bits, the precision p 4, their number K goes by Elias gamma, and the set of K out of the
    2^p integers from -2^(p-1) on takes log2 C(2^p, K) bits, and less than 2.05 more.
    """

    overhead: ClassVar[float] = Subset.overhead
    _step = Uniform(STEPS)
    _precision = Uniform(FINEST)
    _count = EliasGamma(largest=MOST_LEVELS)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "levels"

    def write(self, value: Levels, out: BitWriter) -> None:
        """Append the levels."""
        self._step.write(value.step, out)
        self._precision.write(value.precision - 1, out)
        self._count.write(len(value.integers), out)
        subset, positions = _as_set(value)
        subset.write(positions, out)

    def read(self, source: BitReader) -> Levels:
        """Read levels; DecodeError if none are written so."""
        step = self._step.read(source)
        precision = self._precision.read(source) + 1
        count = self._count.read(source)
        if count > 1 << precision:
            raise DecodeError(
                f"{self.name}: {count} levels of {precision} bits; there are only {1 << precision}"
            )
        positions = Subset(1 << precision, count).read(source)
        return Levels(step, precision, tuple((positions - (1 << (precision - 1))).tolist()))

    def ideal_length(self, value: Levels) -> float:
        """The bits of step, precision and K, and log2 C(2^p, K)."""
        header = self._step.ideal_length(value.step) + self._precision.ideal_length(value.precision - 1)
        subset, positions = _as_set(value)
        return header + self._count.ideal_length(len(value.integers)) + subset.ideal_length(positions)


@final
class Codebook(Codec[Reals]):
    """Each entry of a vector of a length d that the decoder knows becomes the nearest of a few levels.

    Precision is lost and nothing else: decode(encode(x)) is `quantise(x)`. The levels are a choice of the
    encoder, sent by `LevelsCode`; the indices follow by the Krichevsky-Trofimov estimator.

    Args:
        size: Length d of the vector, 0 .. 2^28.
        levels: The levels, such as `Levels.fitted(x, 5, precision=7)`; None in a codec that only reads.

    Raises:
        InputError: If the length is out of range.
    """

    overhead: ClassVar[float] = 2.0 + LevelsCode.overhead

    def __init__(self, size: int, levels: Levels | None = None) -> None:
        """Fix the length and the levels."""
        self._size = integer_within(size, "size of the vector", 0, LARGEST_RUN)
        self._levels = levels

    @property
    def name(self) -> str:
        """Name of the code with the length of the vector."""
        return f"codebook({self._size})"

    def quantise(self, value: ArrayLike) -> Reals:
        """What the decoder will give.

        Args:
            value: Finite numbers, shape (d,).

        Returns:
            Shape (d,).
        """
        levels, indices = self._indexed(value)
        return levels.values[indices]

    def write(self, value: Reals, out: BitWriter) -> None:
        """Append the levels and the indices of a vector of shape (d,)."""
        levels, indices = self._indexed(value)
        LevelsCode().write(levels, out)
        AdaptiveRun(len(levels.integers), n=self._size).write(indices, out)

    def read(self, source: BitReader) -> Reals:
        """Read a quantised vector of shape (d,); DecodeError if none is written so."""
        levels = LevelsCode().read(source)
        return levels.values[AdaptiveRun(len(levels.integers), n=self._size).read(source)]

    def ideal_length(self, value: Reals) -> float:
        """The ideal lengths of the levels and of the adaptive run."""
        levels, indices = self._indexed(value)
        run = AdaptiveRun(len(levels.integers), n=self._size)
        return LevelsCode().ideal_length(levels) + run.ideal_length(indices)

    def _indexed(self, value: ArrayLike) -> tuple[Levels, NDArray[np.int64]]:
        """The levels, and the index of the nearest for each entry; InputError if there are no levels."""
        if self._levels is None:
            raise InputError(f"{self.name}: no levels given, it can only read; give levels to write")
        return self._levels, nearest(self._levels.values, real_vector(value, "vector", self._size))


def _as_set(levels: Levels) -> tuple[Subset, NDArray[np.int64]]:
    """The code of the set of levels, and the set."""
    half = 1 << (levels.precision - 1)
    return Subset(2 * half, len(levels.integers)), np.array(levels.integers, dtype=np.int64) + half
