"""Prefix-free codes of one integer that fit a scale: unary, Golomb, Rice and exponential Golomb."""

from __future__ import annotations

from typing import Final, final

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import LARGEST, EliasGamma, integer_within
from idbounds.errors import DecodeError, InputError

LONGEST_UNARY: Final = 2**30
"""Most zeros of a unary part; a codeword is never asked to be longer than a gigabyte of digits."""

_USUAL_UNARY: Final = 2**20
_ONE, _LN2 = 10**21, 693_147_180_559_945_309_417


def _write_unary(zeros: int, out: BitWriter) -> None:
    """Append so many zeros and a one."""
    out.write_uint(1, zeros + 1)


def _read_unary(source: BitReader, most: int, name: str) -> int:
    """Count the zeros before the next one; DecodeError beyond the most allowed."""
    zeros = 0
    while zeros <= min(most, 16):
        if source.read_bit():
            return zeros
        zeros += 1
    ahead = BitReader(source.bits)  # long runs: look at many bits at once, take those up to the one
    ahead.skip(source.position)
    chunk = 64
    while zeros <= most:
        width = max(1, min(chunk, ahead.remaining))
        word = ahead.read_uint(width)
        zeros += width - word.bit_length()
        if word and zeros <= most:
            source.skip(ahead.position - source.position - word.bit_length() + 1)
            return zeros
        chunk = min(2 * chunk, 2**16)
    raise DecodeError(f"{name}: more than the {most} zeros that a value in range begins with")


@final
class Unary(Codec[int]):
    """Unary code of n >= 1: n - 1 zeros and a one; n bits. Best where P(n) = 2^-n.

    Args:
        largest: Largest integer written or read, inclusive; at most 2^30.
    """

    def __init__(self, *, largest: int = _USUAL_UNARY) -> None:
        """Fix the largest integer."""
        self._largest = integer_within(largest, "largest", 1, LONGEST_UNARY)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "unary"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n >= 1."""
        _write_unary(integer_within(value, self.name, 1, self._largest) - 1, out)

    def read(self, source: BitReader) -> int:
        """Read one codeword; DecodeError beyond the largest."""
        return _read_unary(source, self._largest - 1, self.name) + 1

    def ideal_length(self, value: int) -> float:
        """The n bits themselves."""
        return float(integer_within(value, self.name, 1, self._largest))


class Golomb(Codec[int]):
    """Golomb code of n >= 0: n // M in unary, then n % M in truncated binary. Best for a geometric law.

    With b = ceil(log2 M) and c = 2^b - M, a remainder below c takes b - 1 bits and any other b, so a codeword
    has b + 1 + floor((n - c) / M) bits. `best_golomb` gives M for a mean.

    Args:
        m: The divisor M, 1 .. 2^64. `Rice(k)` is M = 2^k.
        largest: Largest integer written or read, inclusive; largest // M is at most 2^30. By default 2^20 M,
            or 2^64 if that is less.

    Raises:
        InputError: If M or the largest integer is out of range.

    Source: Golomb (1966), IEEE Transactions on Information Theory 12(3).
    """

    def __init__(self, m: int, *, largest: int | None = None) -> None:
        """Fix the divisor and the largest integer."""
        self._m = integer_within(m, "divisor of the Golomb code", 1, LARGEST)
        usual = min(self._m * _USUAL_UNARY, LARGEST)
        self._largest = integer_within(usual if largest is None else largest, "largest", 0, LARGEST)
        if self._largest // self._m > LONGEST_UNARY:
            raise InputError(
                f"largest: {self._largest} given with divisor {self._m}; up to {LONGEST_UNARY} times the "
                "divisor is allowed, since n // M is written in unary: take a larger divisor"
            )
        self._width = (self._m - 1).bit_length()
        self._short = (1 << self._width) - self._m

    @property
    def name(self) -> str:
        """Name of the code with its divisor."""
        return f"golomb({self._m})"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n >= 0."""
        quotient, rest = divmod(integer_within(value, self.name, 0, self._largest), self._m)
        _write_unary(quotient, out)
        if rest < self._short:
            out.write_uint(rest, self._width - 1)
        else:
            out.write_uint(rest + self._short, self._width)

    def read(self, source: BitReader) -> int:
        """Read one codeword; DecodeError beyond the largest."""
        quotient = _read_unary(source, self._largest // self._m, self.name)
        rest = source.read_uint(max(self._width - 1, 0))
        if self._width and rest >= self._short:
            rest = 2 * rest + source.read_bit() - self._short
        value = quotient * self._m + rest
        if value > self._largest:
            raise DecodeError(f"{self.name}: the stream says {value}; up to {self._largest} is allowed")
        return value

    def ideal_length(self, value: int) -> float:
        """The length itself, in bits: see above."""
        number = integer_within(value, self.name, 0, self._largest)
        return float(self._width + 1 + (number - self._short) // self._m)


@final
class Rice(Golomb):
    """Rice code of n >= 0, the Golomb code with M = 2^k: floor(n / 2^k) + 1 + k bits.

    Args:
        k: Number of low bits written as they are, 0 .. 64.
        largest: As for `Golomb`.

    Source: Rice and Plaunt (1971), IEEE Transactions on Communication Technology 19(6).
    """

    def __init__(self, k: int, *, largest: int | None = None) -> None:
        """Fix the number of low bits and the largest integer."""
        self._k = integer_within(k, "parameter of the Rice code", 0, 64)
        super().__init__(1 << self._k, largest=largest)

    @property
    def name(self) -> str:
        """Name of the code with its parameter."""
        return f"rice({self._k})"


@final
class ExpGolomb(Codec[int]):
    """Exponential Golomb code of n >= 0: floor(n / 2^k) + 1 by Elias gamma, then the k low bits.

    The length is 2 floor(log2(floor(n / 2^k) + 1)) + 1 + k bits; with k = 0 it is Elias gamma of n + 1.

    Args:
        k: Number of low bits written as they are, 0 .. 64.
        largest: Largest integer written or read, inclusive.

    Source: Teuhola (1978), Information Processing Letters 7(6).
    """

    def __init__(self, k: int, *, largest: int = LARGEST) -> None:
        """Fix the number of low bits and the largest integer."""
        self._k = integer_within(k, "parameter of the exponential Golomb code", 0, 64)
        self._largest = integer_within(largest, "largest", 0, LARGEST)
        self._high = EliasGamma(largest=(self._largest >> self._k) + 1)

    @property
    def name(self) -> str:
        """Name of the code with its parameter."""
        return f"exp-golomb({self._k})"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n >= 0."""
        number = integer_within(value, self.name, 0, self._largest)
        self._high.write((number >> self._k) + 1, out)
        out.write_uint(number & ((1 << self._k) - 1), self._k)

    def read(self, source: BitReader) -> int:
        """Read one codeword; DecodeError beyond the largest."""
        value = (self._high.read(source) - 1) << self._k | source.read_uint(self._k)
        if value > self._largest:
            raise DecodeError(f"{self.name}: the stream says {value}; up to {self._largest} is allowed")
        return value

    def ideal_length(self, value: int) -> float:
        """The length itself, in bits: see above."""
        number = integer_within(value, self.name, 0, self._largest)
        return self._high.ideal_length((number >> self._k) + 1) + self._k


def best_golomb(zeros: int, ones: int) -> int:
    """The divisor of the Golomb code for gaps between `ones` ones among `zeros` zeros, by integers alone.

    For P(n) proportional to q^n the best divisor is the least M with q^M + q^(M+1) <= 1, which is
    ceil(-ln(1 + q) / ln q). With p = 1 - q, the quotient is ln 2 / p - (1 + ln 2) / 2 up to a term of the
    order of p; that is what is rounded up here. The result is at most one off, where two divisors
    are nearly equal; being made of integers it is the same on every machine and need not be sent.

    Args:
        zeros: Sum of the gaps (or of any integers n >= 0 to be coded), at least 0.
        ones: Number of the gaps, at least 1; the mean is zeros / ones.

    Returns:
        The divisor M >= 1.

    Source: Gallager and Van Voorhis (1975), IEEE Transactions on Information Theory 21(2).
    """
    zeros = integer_within(zeros, "zeros", 0, LARGEST)
    ones = integer_within(ones, "ones", 1, LARGEST)
    quotient = 2 * _LN2 * (zeros + ones) - (_ONE + _LN2) * ones
    return max(1, -(-quotient // (2 * _ONE * ones)))
