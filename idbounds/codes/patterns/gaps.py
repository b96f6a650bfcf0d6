"""Relative indices: the zeros before each position, in fields of one width or by a code of integers."""

from __future__ import annotations

import math
from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes._fields import read_fields, write_fields
from idbounds.codes.bits import BitReader, BitWriter
from idbounds.codes.codec import Codec
from idbounds.codes.integers.elias import EliasDelta, EliasGamma, Shifted, integer_within
from idbounds.codes.integers.golomb import Golomb, best_golomb
from idbounds.codes.patterns.pattern import Pattern, Shape, log2_choose
from idbounds.errors import DecodeError, InputError

Array = NDArray[np.int64]


@final
class Delta(Pattern):
    """Relative indices of a fixed width w: the number of zeros before each position, in w bits.

    With B = 2^w - 1, a gap g is g // B fields of ones (a filler: B zeros, no position) and a field g % B.

    Args:
        shape: Number of positions n, or a shape.
        width: Bits w of a field, 1 .. 30.
        k: Number of positions in the set, if the decoder knows it.

    Source: Han, Mao and Dally (2016), ICLR; there a filler also stores a value of zero, here it does not.
    """

    kind = "delta"

    def __init__(self, shape: Shape, width: int, k: int | None = None) -> None:
        """Fix the width."""
        super().__init__(shape, k)
        self._width = integer_within(width, "width of a relative index", 1, 30)
        self._filler = (1 << self._width) - 1

    def _options(self) -> str:
        return f", {self._width} bits"

    def _write(self, positions: Array, out: BitWriter) -> None:
        fillers, rest = np.divmod(_gaps(positions), self._filler)
        last = np.cumsum(fillers + 1) - 1
        fields = np.full(int(last[-1]) + 1 if last.size else 0, self._filler, dtype=np.int64)
        fields[last] = rest
        write_fields(fields, self._width, out)

    def _read(self, count: int | None, source: BitReader) -> Array:
        assert count is not None
        found: list[Array] = []
        t, left = 0, count
        while left:
            ahead = BitReader(
                source.bits
            )  # looks at a few fields beyond the last one, and takes none of them
            ahead.skip(source.position)
            most = max(1, min(max(left, 4096), ahead.remaining // self._width))
            fields = read_fields(ahead, most, self._width)
            ends = np.flatnonzero(fields < self._filler)[:left]
            if ends.size == left:
                fields = fields[: ends[-1] + 1]
            steps = np.cumsum(fields + (fields < self._filler))
            found.append(t + steps[ends] - 1)
            t += int(steps[-1])
            left -= ends.size
            if t > self._n - left:
                raise DecodeError(f"{self.name}: the stream goes beyond the last position")
            source.skip(fields.size * self._width)
        return np.concatenate(found) if found else np.zeros(0, dtype=np.int64)

    def _ideal(self, positions: Array) -> float:
        return float(self._width * (positions.size + int((_gaps(positions) // self._filler).sum())))

    def _expected(self, k: Array) -> NDArray[np.float64]:
        counts = k.ravel().tolist()
        fillers = [count * self._mean_fillers(count) for count in counts]
        bits: NDArray[np.float64] = self._width * (k + np.array(fillers).reshape(k.shape))
        return bits

    def _mean_fillers(self, k: int) -> float:
        """Mean of gap // B: the sum over i >= 1 of P(gap >= i B)."""
        steps = np.arange(self._filler, _reach(self._n, k) + 1, self._filler)
        if steps.size <= 1000:
            return math.fsum(_gap_reaches(self._n, k, steps))
        # Gaps much longer than B: the mean of gap % B by Euler and Maclaurin, right to 1e-8 of the result.
        rest = (self._filler - 1) / 2 - (self._filler**2 - 1) / 12 * k / self._n
        return ((self._n - k) / (k + 1) - rest) / self._filler


GAP_CODES: Final = ("golomb", "elias-gamma", "elias-delta")
"""The codes of `Gaps`, by name."""


@final
class Gaps(Pattern):
    """Run lengths of zeros: the number of zeros before each position, by a code of integers.

    Args:
        shape: Number of positions n, or a shape.
        code: "golomb", whose divisor follows from n and k (`best_golomb`) and is not sent, or "elias-gamma"
            or "elias-delta" of the gap plus one.
        k: Number of positions in the set, if the decoder knows it.

    Raises:
        InputError: If there is no such code.

    Source: Golomb (1966); Elias (1975).
    """

    kind = "gaps"

    def __init__(self, shape: Shape, code: str = "golomb", k: int | None = None) -> None:
        """Fix the code of a gap."""
        super().__init__(shape, k)
        if code not in GAP_CODES:
            raise InputError(f"code of the gaps: {code!r} given; one of {', '.join(GAP_CODES)} is allowed")
        self._code = code

    def _options(self) -> str:
        return f", {self._code}"

    def _codec(self, k: int) -> Codec[int]:
        """The code of one gap; a gap is at most n - k."""
        if self._code == "golomb":
            return Golomb(best_golomb(self._n - k, max(k, 1)), largest=self._n - k)
        elias = EliasGamma if self._code == "elias-gamma" else EliasDelta
        return Shifted(elias(largest=self._n - k + 1), by=1)

    def _write(self, positions: Array, out: BitWriter) -> None:
        codec = self._codec(positions.size)
        for gap in _gaps(positions).tolist():
            codec.write(gap, out)

    def _read(self, count: int | None, source: BitReader) -> Array:
        assert count is not None
        codec = self._codec(count)
        positions, t = [], -1
        for left in range(count - 1, -1, -1):
            t += 1 + codec.read(source)
            if t >= self._n - left:
                raise DecodeError(f"{self.name}: the stream goes beyond the last position")
            positions.append(t)
        return np.array(positions, dtype=np.int64)

    def _ideal(self, positions: Array) -> float:
        codec = self._codec(positions.size)
        return math.fsum(codec.ideal_length(gap) for gap in _gaps(positions).tolist())

    def _expected(self, k: Array) -> NDArray[np.float64]:
        counts = k.ravel().tolist()
        return np.array([count * self._mean(count) for count in counts], dtype=np.float64).reshape(k.shape)

    def _mean(self, k: int) -> float:
        """Mean length of a gap: its length at 0, and the growth at each step j times P(gap >= j)."""
        codec, reach = self._codec(k), _reach(self._n, k)
        if isinstance(codec, Golomb):
            m = best_golomb(self._n - k, max(k, 1))
            steps = np.arange(-m % (1 << (m - 1).bit_length()), reach + 1, m)
        else:
            steps = 2 ** np.arange(1, (reach + 1).bit_length()) - 1
        steps = steps[steps > 0]
        grown = [codec.ideal_length(j) - codec.ideal_length(j - 1) for j in steps.tolist()]
        return codec.ideal_length(0) + math.fsum(_gap_reaches(self._n, k, steps) * grown)


def _gaps(positions: Array) -> Array:
    """Number of zeros before each position, since the one before it."""
    return np.diff(positions, prepend=-1) - 1


def _gap_reaches(n: int, k: int, lengths: Array) -> NDArray[np.float64]:
    """P(gap >= j) = C(n - j, k) / C(n, k) for the gap before a position of a random set, j in `lengths`."""
    result: NDArray[np.float64] = np.exp2(log2_choose(n - lengths, k) - log2_choose(n, k))
    return result


def _reach(n: int, k: int) -> int:
    """The longest gap that counts: P(gap >= j) <= exp(-j k / n), and below 1e-19 it is left out."""
    return min(n - k, -(-45 * n // max(k, 1)))
