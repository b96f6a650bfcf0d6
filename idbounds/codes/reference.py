"""The bit stream of the arithmetic coder written a second time, in plain Python, to check the fast one.

Nothing is shared with the fast coder, and nothing needs numpy. Bits are a string of '0' and '1'. Instead of
counting pending bits, the place of the frame is kept as one exact integer: after s doublings the frame is
[origin, origin + 2) in units of 2^-(s + 1), so a doubling onto its lower, middle or upper half just sets
origin to 2 origin, 2 origin + 1 or 2 origin + 2. Slow (quadratic), meant for messages up to a few thousand
symbols.
"""

from __future__ import annotations

from collections.abc import Sequence

from idbounds.errors import DecodeError, InputError

_FRAME = 2**62


def encode_static(symbols: Sequence[int], counts: Sequence[int]) -> str:
    """The bits of the symbols under P(j) = counts[j] / sum(counts)."""
    return _encode(symbols, list(counts), 0)


def decode_static(bits: str, *, n: int, counts: Sequence[int]) -> list[int]:
    """The n symbols of a message under P(j) = counts[j] / sum(counts)."""
    return _decode(bits, n, list(counts), 0)


def encode_adaptive(symbols: Sequence[int], size: int) -> str:
    """The bits of the symbols under P(j) = (2 n_j + 1) / (2 t + size)."""
    return _encode(symbols, [1] * size, 2)


def decode_adaptive(bits: str, *, n: int, size: int) -> list[int]:
    """The n symbols of a message under P(j) = (2 n_j + 1) / (2 t + size)."""
    return _decode(bits, n, [1] * size, 2)


def _doubling(low: int, width: int) -> int | None:
    """Which half of the frame holds the interval, by its start in quarters (0, 1, 2); None if none does."""
    for quarters in (0, 2, 1):
        start = quarters * _FRAME // 4
        if start <= low and low + width <= start + _FRAME // 2:
            return quarters
    return None


def _last_bits(low: int, width: int, origin: int, shifts: int) -> str:
    """The whole codeword: the shortest dyadic interval inside [low, low + width), leftmost if several."""
    high = low + width
    if low == 0 and high == _FRAME and origin % 2 == 0:
        return _binary(origin // 2, shifts)
    for half in (0, 1):
        if low <= half * _FRAME // 2 and (half + 1) * _FRAME // 2 <= high:
            return _binary(origin + half, shifts + 1)
    for quarter in (1, 2):
        if low <= quarter * _FRAME // 4 and (quarter + 1) * _FRAME // 4 <= high:
            return _binary(2 * origin + quarter, shifts + 2)
    raise AssertionError("unreachable: an interval that no half holds contains an inner quarter")


def _binary(number: int, width: int) -> str:
    """A number in exactly `width` binary digits."""
    return format(number, f"0{width}b") if width else ""


def _encode(symbols: Sequence[int], weights: list[int], step: int) -> str:
    """The codeword of a sequence."""
    low, width, origin, shifts = 0, _FRAME, 0, 0
    for symbol in symbols:
        if not 0 <= symbol < len(weights) or weights[symbol] == 0:
            raise InputError(f"symbol {symbol} given; only symbols of positive weight are allowed")
        if max(weights) == sum(weights):  # certain: nothing to say
            continue
        unit = width // sum(weights)
        low += unit * sum(weights[:symbol])
        width = unit * weights[symbol]
        weights[symbol] += step
        while (quarters := _doubling(low, width)) is not None:
            low, width = 2 * (low - quarters * _FRAME // 4), 2 * width
            origin, shifts = 2 * origin + quarters, shifts + 1
    return _last_bits(low, width, origin, shifts)


def _decode(bits: str, n: int, weights: list[int], step: int) -> list[int]:
    """The sequence of a codeword, by following it and then writing it again to compare."""
    start = list(weights)
    low, width, shifts = 0, _FRAME, 0
    value = int((bits + "0" * 62)[:62], 2)
    symbols: list[int] = []
    for _ in range(n):
        if max(weights) == sum(weights):
            symbols.append(weights.index(max(weights)))
            continue
        unit = width // sum(weights)
        symbol, below = 0, 0
        while symbol < len(weights) and low + unit * (below + weights[symbol]) <= value:
            below += weights[symbol]
            symbol += 1
        if symbol == len(weights) or shifts > len(bits):
            raise DecodeError("no encoder writes these bits")
        symbols.append(symbol)
        low += unit * below
        width = unit * weights[symbol]
        weights[symbol] += step
        while (quarters := _doubling(low, width)) is not None:
            low, width = 2 * (low - quarters * _FRAME // 4), 2 * width
            following = bits[62 + shifts : 63 + shifts] or "0"
            value = 2 * (value - quarters * _FRAME // 4) + int(following)
            shifts += 1
    if _encode(symbols, start, step) != bits:
        raise DecodeError("no encoder writes these bits")
    return symbols
