"""How a vector of numbers stands in a message of "layers-1": as floats, on a grid, or by a codebook.

A scheme is what the decoder has to know before the entries: the width of a float, the scale of a grid, the
levels of a codebook, and by which code the symbols follow. All of it is in the message. Indices of the menus
below never change meaning; new entries go to the end.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, ClassVar, Final, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.codes import (
    AdaptiveRun,
    AdaptiveVector,
    BitReader,
    BitWriter,
    Codec,
    HistogramRun,
    Levels,
    MixtureVector,
    RangedVector,
    StaticRun,
    Uniform,
)
from idbounds.codes.reals.codebooks import LevelsCode
from idbounds.codes.reals.signs import SCALES
from idbounds.decoders.decoder import ENTRY
from idbounds.errors import DecodeError, InputError

Reals = NDArray[np.float64]
Symbols = NDArray[np.int64]

_OCTAVES: Final = 64
_FIRST_OCTAVE: Final = -48


def _even(size: int, *, n: int) -> StaticRun:
    """All symbols 0 .. size - 1 alike: log2 size bits each."""
    return StaticRun(np.ones(size, dtype=np.int64), n=n)


CODERS: Final[dict[str, Callable[[int], Codec[Symbols]]]] = {
    "mixture": MixtureVector,
    "fixed": partial(RangedVector, _even),
    "adaptive": AdaptiveVector,
    "counted": partial(RangedVector, AdaptiveRun),
    "histogram": partial(RangedVector, HistogramRun),
}
"""Codes of the symbols of a grid or a codebook, by index; "fixed" gives each symbol in range as many bits."""


@final
@dataclass(frozen=True)
class Floats:
    """Numbers as IEEE floats.

    Attributes:
        width: 32 or 16 bits.
    """

    width: int = 32


@final
@dataclass(frozen=True)
class Grid:
    """Whole multiples of a scale, or with `half` odd multiples of half of it: s (k + 1/2).

    Attributes:
        scale: index into the 512 scales of `idbounds.codes.reals.signs`, 16 an octave, 2^-20 to 2^12.
        half: whether the grid lies between the multiples, as that of two levels -s/2, s/2 does.
        coder: name in `CODERS`.
    """

    scale: int
    half: bool = False
    coder: str = "fixed"


@final
@dataclass(frozen=True)
class Book:
    """Levels times a power of two; a symbol is the place of a level, counted from the one nearest to zero.

    Attributes:
        octave: index of the power 2^(octave - 48), 0 to 63.
        levels: the levels.
        coder: name in `CODERS`.
    """

    octave: int
    levels: Levels
    coder: str = "fixed"

    @property
    def numbers(self) -> Reals:
        """The levels as numbers, ascending."""
        return np.ldexp(self.levels.values, self.octave + _FIRST_OCTAVE)

    @property
    def centre(self) -> int:
        """Place of the level that has symbol 0."""
        return int(np.abs(self.levels.values).argmin())

    @classmethod
    def near(cls, numbers: ArrayLike, precision: int) -> Self:
        """The book of given levels, each rounded to `precision` bits on a common grid.

        Args:
            numbers: The levels, in any order, at least one.
            precision: Bits of a level, 1 to 16.

        Returns:
            The book, with the code "fixed".

        Raises:
            InputError: If a level is not finite, or 2^15 or more.
        """
        given = np.asarray(numbers, dtype=np.float64)
        largest = float(np.abs(given).max(initial=0))
        if not largest < math.ldexp(1.0, _FIRST_OCTAVE + _OCTAVES - 1):
            raise InputError(f"codebook: a level of {largest:g} given; magnitudes below 2^15 are allowed")
        wanted = math.frexp(largest)[1] - precision - _FIRST_OCTAVE if largest else 0
        octave = min(max(wanted, 0), _OCTAVES - 1)
        return cls(octave, Levels.near(np.ldexp(given, -octave - _FIRST_OCTAVE), precision))


Scheme = Floats | Grid | Book

SCHEMES: Final = ("float32", "grid", "codebook", "half-grid", "float16")
"""Schemes by index."""


@final
class FloatVector(Codec[Reals]):
    """Finite IEEE floats, big-endian, one after another.

    Args:
        size: Length d of the vector, known to the decoder.
        width: 32 or 16 bits.
    """

    def __init__(self, size: int, width: int) -> None:
        """Fix length and width."""
        self._size, self._width, self._dtype = size, width, np.dtype(f">f{width // 8}")

    @property
    def name(self) -> str:
        """Name of the code with width and length."""
        return f"float{self._width}({self._size})"

    def write(self, value: Reals, out: BitWriter) -> None:
        """Append a vector of shape (d,) whose entries are such floats."""
        with np.errstate(over="ignore"):
            stored = np.asarray(value, dtype=np.float64).astype(self._dtype)
        if stored.shape != (self._size,) or not np.array_equal(stored.astype(np.float64), value):
            raise InputError(
                f"{self.name}: an array of shape {np.shape(value)} given; {self._size} finite numbers that "
                "fit are allowed"
            )
        out.write_array(np.unpackbits(np.frombuffer(stored.tobytes(), dtype=np.uint8)))

    def read(self, source: BitReader) -> Reals:
        """Read a vector of shape (d,); DecodeError for NaN and infinity."""
        bits = source.read_array(self._size * self._width)
        with np.errstate(invalid="ignore"):  # a signalling NaN
            found = np.frombuffer(np.packbits(bits).tobytes(), dtype=self._dtype).astype(np.float64)
        if not np.isfinite(found).all():
            raise DecodeError(f"{self.name}: NaN or infinity; no encoder writes this")
        return found

    def ideal_length(self, value: Reals) -> float:
        """32 d or 16 d bits."""
        return float(self._size * self._width)


@final
class SchemeCode(Codec[Scheme]):
    """Code of a scheme: its index, then scale or levels, then the code of the symbols."""

    overhead: ClassVar[float] = LevelsCode.overhead
    _scale = Uniform(len(SCALES))
    _octave = Uniform(_OCTAVES)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "scheme"

    def write(self, value: Scheme, out: BitWriter) -> None:
        """Append a scheme."""
        ENTRY.write(SCHEMES.index(scheme_name(value)), out)
        if isinstance(value, Floats):
            return
        if isinstance(value, Grid):
            self._scale.write(value.scale, out)
        else:
            self._octave.write(value.octave, out)
            LevelsCode().write(value.levels, out)
        ENTRY.write(_coder_index(value.coder), out)

    def read(self, source: BitReader) -> Scheme:
        """Read a scheme; DecodeError for one that is not in the menus."""
        name = _entry("scheme", ENTRY.read(source), SCHEMES)
        if name.startswith("float"):
            return Floats(int(name.removeprefix("float")))
        if name == "codebook":
            octave, levels = self._octave.read(source), LevelsCode().read(source)
            return Book(octave, levels, _entry("coder", ENTRY.read(source), tuple(CODERS)))
        scale = self._scale.read(source)
        return Grid(scale, name == "half-grid", _entry("coder", ENTRY.read(source), tuple(CODERS)))

    def ideal_length(self, value: Scheme) -> float:
        """The bits of all its parts."""
        ideal = ENTRY.ideal_length(SCHEMES.index(scheme_name(value)))
        if isinstance(value, Floats):
            return ideal
        ideal += ENTRY.ideal_length(_coder_index(value.coder))
        if isinstance(value, Grid):
            return ideal + self._scale.ideal_length(value.scale)
        return ideal + self._octave.ideal_length(value.octave) + LevelsCode().ideal_length(value.levels)


@final
@dataclass(frozen=True, eq=False)
class Values:
    """A vector of numbers as a message says it.

    Attributes:
        scheme: how.
        entries: float64 for floats, else int64 symbols, shape (d,).
    """

    scheme: Scheme
    entries: NDArray[Any]

    @classmethod
    def floats(cls, numbers: ArrayLike, width: int = 32) -> Self:
        """Numbers rounded to IEEE floats.

        Args:
            numbers: shape (d,).
            width: 32 or 16 bits.

        Returns:
            The rounded numbers.

        Raises:
            InputError: If a number is not finite, or too large for the width.
        """
        with np.errstate(over="ignore"):
            rounded = np.asarray(numbers, dtype=np.float64).astype(f"f{width // 8}").astype(np.float64)
        if not np.isfinite(rounded).all():
            raise InputError(f"weights: a number that is no finite float{width} given; repair the weights")
        return cls(Floats(width), rounded)

    @cached_property
    def numbers(self) -> Reals:
        """What the decoder makes of it, float64, shape (d,), each entry one rounding."""
        made: Reals
        if isinstance(self.scheme, Floats):
            made = self.entries
        elif isinstance(self.scheme, Grid):
            made = (self.entries + 0.5 * self.scheme.half) * SCALES[self.scheme.scale]
        else:
            made = self.scheme.numbers[self.entries + self.scheme.centre]
        return made

    def coded(self, coder: str) -> Values:
        """The same numbers by another code of symbols; floats have none, and stay."""
        return (
            self
            if isinstance(self.scheme, Floats)
            else replace(self, scheme=replace(self.scheme, coder=coder))
        )


def entries_codec(scheme: Scheme, size: int) -> Codec[Any]:
    """The code by which the entries of a scheme follow.

    Args:
        scheme: the scheme.
        size: how many there are.

    Returns:
        The code.

    Raises:
        InputError: If the code takes fewer.
    """  # noqa: DOC502 - raised by the codes
    if isinstance(scheme, Floats):
        return FloatVector(size, scheme.width)
    return CODERS[scheme.coder](size)


def checked(scheme: Scheme, entries: NDArray[Any]) -> Values:
    """Entries that were read, as values.

    Args:
        scheme: how they were said.
        entries: as read.

    Returns:
        The values.

    Raises:
        DecodeError: If a symbol names no level.
    """
    if isinstance(scheme, Book):
        places = entries + scheme.centre
        if ((places < 0) | (places >= len(scheme.levels.integers))).any():
            raise DecodeError("codebook: a symbol names no level; the message was altered")
    return Values(scheme, entries)


def scheme_name(scheme: Scheme) -> str:
    """The name of a scheme in the menu.

    Args:
        scheme: the scheme.

    Returns:
        Entry of `SCHEMES`.

    Raises:
        InputError: For a width that is not in the menu.
    """
    if isinstance(scheme, Grid):
        return "half-grid" if scheme.half else "grid"
    name = f"float{scheme.width}" if isinstance(scheme, Floats) else "codebook"
    if name not in SCHEMES:
        raise InputError(f"scheme: {name} given; {', '.join(SCHEMES)} are allowed")
    return name


def _coder_index(coder: str) -> int:
    if coder not in CODERS:
        raise InputError(f"code of symbols: {coder!r} given; {', '.join(CODERS)} are allowed")
    return list(CODERS).index(coder)


def _entry(what: str, index: int, menu: tuple[str, ...]) -> str:
    if index >= len(menu):
        raise DecodeError(f"{what} {index}: the menu has {len(menu)} entries")
    return menu[index]
