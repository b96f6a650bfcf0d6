"""Prefix-free codes of one integer: Elias gamma, delta and omega, a menu of known size, shifts and signs."""

from __future__ import annotations

import operator
from typing import Final, final

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.errors import DecodeError, InputError

LARGEST: Final = 2**64
"""Largest integer an Elias code handles unless told otherwise: it bounds what a stream can ask for."""

# Larger bounds would print as thousands of digits in a name or an error.
_LIMIT: Final = 2**4096


def integer_within(value: int, what: str, least: int, largest: int) -> int:
    """A value as a Python int inside [least, largest], or InputError.

    Args:
        value: Anything that is an integer, numpy's included.
        what: Name for the error message.
        least: Smallest value allowed.
        largest: Largest value allowed.

    Returns:
        The value as an int.

    Raises:
        InputError: If it is not an integer or out of range.
    """
    try:
        number = operator.index(value)
    except TypeError:
        raise InputError(f"{what}: {value!r} given; an integer is allowed") from None
    if not least <= number <= largest:
        raise InputError(f"{what}: {_spelt(number)} given; {least} to {largest} is allowed")
    return number


def _spelt(number: int) -> str:
    """A number for an error message; Python refuses to print thousands of digits."""
    return str(number) if number.bit_length() <= 256 else f"an integer of {number.bit_length()} bits"


def _at_most(number: int, largest: int, what: str) -> int:
    """A number read from a stream, or DecodeError if it is beyond the largest allowed."""
    if number > largest:
        raise DecodeError(f"{what}: the stream says more than the largest allowed, {largest}")
    return number


@final
class EliasGamma(Codec[int]):
    """Elias gamma code of n >= 1: floor(log2 n) zeros, then n in binary; 2 floor(log2 n) + 1 bits.

    Args:
        largest: Largest integer written or read, inclusive.

    Source: Elias (1975), IEEE Transactions on Information Theory 21(2).
    """

    def __init__(self, *, largest: int = LARGEST) -> None:
        """Fix the largest integer."""
        self._largest = integer_within(largest, "largest", 1, _LIMIT)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "elias-gamma"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n >= 1."""
        number = integer_within(value, self.name, 1, self._largest)
        out.write_uint(number, 2 * number.bit_length() - 1)

    def read(self, source: BitReader) -> int:
        """Read one codeword; DecodeError beyond the largest."""
        width = 0
        while not source.read_bit():
            width = _at_most(width + 1, self._largest.bit_length() - 1, f"{self.name}: width")
        return _at_most(1 << width | source.read_uint(width), self._largest, self.name)

    def ideal_length(self, value: int) -> float:
        """2 floor(log2 n) + 1 bits."""
        return float(2 * integer_within(value, self.name, 1, self._largest).bit_length() - 1)


@final
class EliasDelta(Codec[int]):
    """Elias delta code of n >= 1: the bit width of n by Elias gamma, then n without its leading one.

    With w = floor(log2 n) + 1 the length is w - 1 + 2 floor(log2 w) + 1 bits: below gamma from n = 32.

    Args:
        largest: Largest integer written or read, inclusive.

    Source: Elias (1975), IEEE Transactions on Information Theory 21(2).
    """

    def __init__(self, *, largest: int = LARGEST) -> None:
        """Fix the largest integer."""
        self._largest = integer_within(largest, "largest", 1, _LIMIT)
        self._width = EliasGamma(largest=self._largest.bit_length())

    @property
    def name(self) -> str:
        """Name of the code."""
        return "elias-delta"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n >= 1."""
        number = integer_within(value, self.name, 1, self._largest)
        width = number.bit_length()
        self._width.write(width, out)
        out.write_uint(number ^ (1 << (width - 1)), width - 1)

    def read(self, source: BitReader) -> int:
        """Read one codeword; DecodeError beyond the largest."""
        width = self._width.read(source) - 1
        return _at_most(1 << width | source.read_uint(width), self._largest, self.name)

    def ideal_length(self, value: int) -> float:
        """With w the bit width of n, w - 1 + 2 floor(log2 w) + 1 bits."""
        width = integer_within(value, self.name, 1, self._largest).bit_length()
        return width - 1 + self._width.ideal_length(width)


@final
class EliasOmega(Codec[int]):
    """Elias omega code of n >= 1: n in binary, before it floor(log2 n) in binary, and so on; then a zero.

    With n_0 = n and n_(i+1) = floor(log2 n_i) while n_i > 1, the length is 1 + sum of (n_(i+1) + 1) bits.

    Args:
        largest: Largest integer written or read, inclusive.

    Source: Elias (1975), IEEE Transactions on Information Theory 21(2).
    """

    def __init__(self, *, largest: int = LARGEST) -> None:
        """Fix the largest integer."""
        self._largest = integer_within(largest, "largest", 1, _LIMIT)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "elias-omega"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n >= 1."""
        for group in reversed(self._groups(value)):
            out.write_uint(group, group.bit_length())
        out.write_bit(0)

    def read(self, source: BitReader) -> int:
        """Read one codeword; DecodeError beyond the largest."""
        number = 1
        while source.read_bit():
            # The group that follows has `number` more bits: bound them before reading them.
            width = _at_most(number, self._largest.bit_length() - 1, f"{self.name}: width")
            number = 1 << width | source.read_uint(width)
        return _at_most(number, self._largest, self.name)

    def ideal_length(self, value: int) -> float:
        """One bit and the widths of all groups."""
        return float(1 + sum(group.bit_length() for group in self._groups(value)))

    def _groups(self, value: int) -> list[int]:
        """The value n, floor(log2 n), ... down to the last one above one."""
        number = integer_within(value, self.name, 1, self._largest)
        groups = []
        while number > 1:
            groups.append(number)
            number = number.bit_length() - 1
        return groups


@final
class Uniform(Codec[int]):
    """Fixed-width code of an index 0 .. size - 1 into a menu declared beforehand: ceil(log2 size) bits.

    Args:
        size: Number of entries of the menu, at least one. A menu of one entry costs nothing.
    """

    def __init__(self, size: int) -> None:
        """Fix the menu."""
        self._size = integer_within(size, "size of the menu", 1, _LIMIT)
        self._width = (self._size - 1).bit_length()

    @property
    def name(self) -> str:
        """Name of the code with the size of its menu."""
        return f"uniform({self._size})"

    def write(self, value: int, out: BitWriter) -> None:
        """Append an index."""
        out.write_uint(integer_within(value, self.name, 0, self._size - 1), self._width)

    def read(self, source: BitReader) -> int:
        """Read one index; DecodeError if the menu has no such entry."""
        return _at_most(source.read_uint(self._width), self._size - 1, self.name)

    def ideal_length(self, value: int) -> float:
        """ceil(log2 size) bits."""
        integer_within(value, self.name, 0, self._size - 1)
        return float(self._width)


@final
class Shifted(Codec[int]):
    """Another integer code, applied to n + by: `Shifted(EliasGamma(), by=1)` codes n >= 0.

    Args:
        codec: The code of the shifted integer.
        by: What is added before writing and taken off after reading.
    """

    def __init__(self, codec: Codec[int], *, by: int) -> None:
        """Fix the code and the shift."""
        self._codec = codec
        self._by = integer_within(by, "shift", -LARGEST, LARGEST)

    @property
    def name(self) -> str:
        """Name of the code with the shift."""
        return f"{self._codec.name}{self._by:+d}"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n + by."""
        self._codec.write(self._moved(value), out)

    def read(self, source: BitReader) -> int:
        """Read one codeword."""
        return self._codec.read(source) - self._by

    def ideal_length(self, value: int) -> float:
        """Ideal length of n + by."""
        return self._codec.ideal_length(self._moved(value))

    def _moved(self, value: int) -> int:
        """The integer that the other code writes."""
        return integer_within(value, self.name, -_LIMIT, _LIMIT) + self._by


@final
class Zigzag(Codec[int]):
    """Code of any integer by one of n >= 0: 0, -1, 1, -2, 2, ... are written as 0, 1, 2, 3, 4, ...

    Args:
        codec: A code of n >= 0, such as `Rice(2)` or `Shifted(EliasGamma(), by=1)`.
    """

    def __init__(self, codec: Codec[int]) -> None:
        """Fix the code."""
        self._codec = codec

    @property
    def name(self) -> str:
        """Name of the code with the one beneath."""
        return f"zigzag({self._codec.name})"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of an integer."""
        self._codec.write(self._folded(value), out)

    def read(self, source: BitReader) -> int:
        """Read one codeword."""
        folded = self._codec.read(source)
        return -(folded + 1) // 2 if folded % 2 else folded // 2

    def ideal_length(self, value: int) -> float:
        """Ideal length of the folded integer."""
        return self._codec.ideal_length(self._folded(value))

    def _folded(self, value: int) -> int:
        """2 n for n >= 0, -2 n - 1 below."""
        number = integer_within(value, self.name, -_LIMIT, _LIMIT)
        return 2 * number if number >= 0 else -2 * number - 1
