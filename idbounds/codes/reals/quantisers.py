"""Real vectors as integers times a step: quantisers whose messages say everything that undoes them.

A quantiser loses precision and nothing else: decode(encode(x)) is `quantise(x)`, and a vector that is
quantised already comes back as it is. Step, dead zone and seed are choices of the encoder. They stand in the
message and are paid for, so that a reader needs none of them.
"""

from __future__ import annotations

from abc import abstractmethod
from typing import ClassVar, Final, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import Uniform, integer_within
from idbounds.codes.reals._given import Reals, integer_entries, over, real_vector
from idbounds.codes.reals.steps import STEPS, step_size
from idbounds.codes.symbols.means import conditional_means
from idbounds.errors import InputError

DEAD_ZONES: Final = (1.0, 1.25, 1.5, 1.75, 2.0, 2.5, 3.0, 4.0)
"""Widths of the bin of zero, in steps. An index never changes meaning."""


class Quantiser(Codec[Reals]):
    """A few settings, each with a code of its own, then one integer for each entry of the vector.

    Args:
        integers: Code of the integer vector; it fixes the length d.
        settings: What the encoder chose, in the order of `header`; None in a quantiser that only reads.
    """

    kind: str
    header: ClassVar[tuple[tuple[str, Codec[int], int], ...]]  # what it is, its code, how many there are

    def __init__(self, integers: Codec[NDArray[np.int64]], *settings: int | None) -> None:
        """Fix the code of the integers and the settings."""
        self._integers = integers
        self._settings = settings
        for (what, _, count), setting in zip(self.header, settings, strict=True):
            if setting is not None:
                integer_within(setting, what, 0, count - 1)

    @property
    def name(self) -> str:
        """Name of the quantiser with the code of its integers."""
        return f"{self.kind}({self._integers.name})"

    def rounded(self, value: ArrayLike) -> NDArray[np.int64]:
        """The integers of a vector.

        Args:
            value: Finite numbers, shape (d,).

        Returns:
            Shape (d,).
        """
        return self._rounded(real_vector(value, "vector"), *self._chosen())

    def placed(self, integers: NDArray[np.int64]) -> Reals:
        """The vector that integers stand for.

        Args:
            integers: Shape (d,).

        Returns:
            Shape (d,).
        """
        return self._placed(integers, *self._chosen())

    def quantise(self, value: ArrayLike) -> Reals:
        """What the decoder will give.

        Args:
            value: Finite numbers, shape (d,).

        Returns:
            Shape (d,).
        """
        return self.placed(self.rounded(value))

    def write(self, value: Reals, out: BitWriter) -> None:
        """Append the settings and the integers of a vector of shape (d,)."""
        integers = self.rounded(value)
        for (_, codec, _), setting in zip(self.header, self._chosen(), strict=True):
            codec.write(setting, out)
        self._integers.write(integers, out)

    def read(self, source: BitReader) -> Reals:
        """Read a quantised vector of shape (d,); DecodeError if none is written so."""
        settings = [codec.read(source) for _, codec, _ in self.header]
        return self._placed(self._integers.read(source), *settings)

    def ideal_length(self, value: Reals) -> float:
        """The bits of the settings and the ideal length of the integers."""
        said = zip(self.header, self._chosen(), strict=True)
        header = sum(codec.ideal_length(setting) for (_, codec, _), setting in said)
        return header + self._integers.ideal_length(self.rounded(value))

    @abstractmethod
    def _rounded(self, vector: Reals, *settings: int) -> NDArray[np.int64]:
        """The integers of a checked vector."""

    @abstractmethod
    def _placed(self, integers: NDArray[np.int64], *settings: int) -> Reals:
        """The vector that integers stand for."""

    def _chosen(self) -> tuple[int, ...]:
        """The settings, or InputError if one is missing."""
        for (what, _, _), setting in zip(self.header, self._settings, strict=True):
            if setting is None:
                raise InputError(f"{self.name}: no {what} given, it can only read; give one to write")
        return tuple(setting for setting in self._settings if setting is not None)


@final
class UniformQuantiser(Quantiser):
    """Integers times a step of the menu: 6 bits for the step, then the code of the integers.

    Args:
        integers: Code of the integer vector, such as `MixtureVector(d)`.
        step: Index of the step (`step_size`); None in a quantiser that only reads.
        means: Put each entry at the mean of a normal variable over its bin, instead of the middle. The scale
            of the variable is computed from the integers, so this costs no bits (`conditional_means`).

    Raises:
        InputError: If the menu has no such step.
    """

    header = (("step", Uniform(STEPS), STEPS),)

    def __init__(
        self, integers: Codec[NDArray[np.int64]], step: int | None = None, *, means: bool = False
    ) -> None:
        """Fix the code of the integers, the step and where values are put."""
        super().__init__(integers, step)
        self._means = means
        self.kind = "uniform-quantiser-means" if means else "uniform-quantiser"

    def _rounded(self, vector: Reals, *settings: int) -> NDArray[np.int64]:
        step = step_size(settings[0])
        return integer_entries(np.rint(over(vector, step)), step)

    def _placed(self, integers: NDArray[np.int64], *settings: int) -> Reals:
        entries = conditional_means(integers) if self._means else integers.astype(np.float64)
        return entries * step_size(settings[0])


@final
class DeadZoneQuantiser(Quantiser):
    """A wider bin for zero: 6 bits for the step, 3 for the width of that bin, then the code of the integers.

    With w the width of the bin of zero in steps, |x| / step in [w/2 + m - 1, w/2 + m) is the integer m >= 1,
    with the sign of x, and is put in the middle of that bin; w = 1 is the uniform quantiser, w = 2 the common
    one of images. `UniformQuantiser` with means, or with `optimised_rounding`, is better wherever it
    was measured (the page on real vectors).

    Args:
        integers: Code of the integer vector, such as `MixtureVector(d)`.
        step: Index of the step (`step_size`); None in a quantiser that only reads.
        zone: Index of w in `DEAD_ZONES`; None in a quantiser that only reads.

    Raises:
        InputError: If a menu has no such entry.

    Source: Sullivan (1996), IEEE Transactions on Information Theory 42(5).
    """

    kind = "dead-zone-quantiser"
    header = (("step", Uniform(STEPS), STEPS), ("dead zone", Uniform(len(DEAD_ZONES)), len(DEAD_ZONES)))

    def __init__(
        self, integers: Codec[NDArray[np.int64]], step: int | None = None, zone: int | None = None
    ) -> None:
        """Fix the code of the integers, the step and the dead zone."""
        super().__init__(integers, step, zone)

    def _rounded(self, vector: Reals, *settings: int) -> NDArray[np.int64]:
        step, zone = step_size(settings[0]), DEAD_ZONES[settings[1]]
        magnitudes = np.floor(over(np.abs(vector), step) - zone / 2) + 1
        return integer_entries(np.copysign(np.maximum(magnitudes, 0), vector), step)

    def _placed(self, integers: NDArray[np.int64], *settings: int) -> Reals:
        shift = (DEAD_ZONES[settings[1]] - 1) / 2
        return (integers + shift * np.sign(integers)) * step_size(settings[0])
