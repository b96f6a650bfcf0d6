"""Rissanen's log* as a code with real bits: the Shannon code of his universal prior."""

from __future__ import annotations

from bisect import bisect_left
from typing import ClassVar, Final, final

from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import LARGEST, integer_within
from idbounds.errors import DecodeError

_SHORTEST: Final = 2

# Largest n with log* n <= 2, 3, 4, ...: all the decoder needs to know of log*. A test finds them anew.
# fmt: off
_LAST: Final = (
    1, 2, 3, 4, 6, 8, 12, 18, 27, 42, 66, 105, 173, 288, 488, 838, 1455, 2554, 4525, 8081, 14536, 26317,
    47925, 87017, 157497, 286619, 524185, 962983, 1776393, 3289241, 6111615, 11392055, 21297500, 39924660,
    75033469, 141349251, 266862481, 504863909, 956966910, 1817202602, 3456576340, 6585395746, 12565236271,
    24009097603, 45937106939, 88004097979, 168797020482, 324132498974, 623091058971, 1199025918432,
    2309576188657, 4452897514599, 8592927160217, 16596256580687, 32079929047724, 62057689002378,
    120138546409536, 232744926815889, 451207647016059, 875304373610721, 1699091982102929, 3300191850516415,
    6413807752564690, 12472044108223364, 24265837839009512, 47236789708884111, 91999360353380981,
    179267235812053521, 349479280807312882, 681615437898021678, 1329989738813040332, 2596221722165636242,
    5070069484184709229, 9905102884013821669, 19358494718619156970,
)
# fmt: on


def _firsts() -> tuple[int, ...]:
    """First codeword of each length, as a number of that many bits: what the shorter ones leave free."""
    firsts, free, before = [], 0, 0
    for last in _LAST:
        firsts.append(free)
        free, before = 2 * (free + last - before), last
    return tuple(firsts)


_FIRST: Final = _firsts()


@final
class LogStar(Codec[int]):
    """Code of n >= 1 with ceil(log* n) bits, log* n = log2 c0 + log2 n + log2 log2 n + ... (positive terms).

    The probabilities 2^-log* n sum to one for c0 = 2.8651084..., so that lengths rounded up leave room:
    codewords are numbered in order of length, then of n (a canonical code). Encoder and decoder use a table
    of integers, no logarithm. Its ideal length is the real-valued log*, less than one bit below.

    Args:
        largest: Largest integer written or read, inclusive; at most 2^64.

    Source: Rissanen (1983), Annals of Statistics 11(2); his c0 = 2.865064 is 4.4e-5 too small.
    """

    overhead: ClassVar[float] = 1.0

    def __init__(self, *, largest: int = LARGEST) -> None:
        """Fix the largest integer."""
        self._largest = integer_within(largest, "largest", 1, LARGEST)

    @property
    def name(self) -> str:
        """Name of the code."""
        return "log-star"

    def write(self, value: int, out: BitWriter) -> None:
        """Append the codeword of n >= 1."""
        number = integer_within(value, self.name, 1, self._largest)
        i = bisect_left(_LAST, number)
        before = _LAST[i - 1] if i else 0
        out.write_uint(_FIRST[i] + number - before - 1, _SHORTEST + i)

    def read(self, source: BitReader) -> int:
        """Read one codeword; DecodeError beyond the largest."""
        code = source.read_uint(_SHORTEST - 1)
        before = 0
        for first, last in zip(_FIRST, _LAST, strict=True):
            code = 2 * code + source.read_bit()
            number = before + 1 + code - first
            if number <= last:
                if number <= self._largest:
                    return number
                break
            before = last
        raise DecodeError(f"{self.name}: the stream says more than the largest allowed, {self._largest}")

    def ideal_length(self, value: int) -> float:
        """The real-valued log* n, in bits."""
        from idbounds.kernels.floats import log_star

        return float(log_star(integer_within(value, self.name, 1, self._largest)))
