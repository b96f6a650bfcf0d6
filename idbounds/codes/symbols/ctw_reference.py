"""The context-tree code written a second time, in plain Python integers, to check the compiled one.

Nodes are found by their context in a dictionary, weights are whole numbers times a power of two, and the
arithmetic coder is the one of `reference`. Slow: meant for some thousand bits. There is no limit to the
nodes.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from idbounds.codes.reference import _FRAME, _doubling, _last_bits

_ONE = 2**30
_UNIT = 2**31

Context = tuple[int, ...]


class _Tree:
    """What the mixture knows about the bits after one kind of beginning."""

    def __init__(self) -> None:
        self.counts: dict[Context, list[int]] = {}
        self.ratios: dict[Context, tuple[int, int]] = {}

    def odds(self, context: Context) -> tuple[list[int], list[int]]:
        """Odds of 0 of the nodes along a context, each by itself and each as mixed, root first."""
        own, mixed = [], [0] * (len(context) + 1)
        for depth in range(len(context) + 1):
            zeros, ones = self.counts.setdefault(context[:depth], [0, 0])
            own.append((2 * zeros + 1) * _ONE // (2 * zeros + 2 * ones + 2))
        mixed[-1] = own[-1]
        for depth in reversed(range(len(context))):
            number, exponent = self.ratios.setdefault(context[:depth], (_UNIT, 0))
            first, second = number >> max(-exponent, 0), _UNIT >> max(exponent, 0)
            mixed[depth] = (first * own[depth] + second * mixed[depth + 1]) // (first + second)
        return own, mixed

    def learn(self, context: Context, bit: int) -> None:
        """Count a bit, and move the weights."""
        own, mixed = ([_ONE - p if bit else p for p in column] for column in self.odds(context))
        for depth in range(len(context) + 1):
            self.counts[context[:depth]][bit] += 1
        for depth, (_, below) in enumerate(pairwise(mixed)):
            number, exponent = self.ratios[context[:depth]]
            up, down = (30 - p.bit_length() for p in (own[depth], below))
            number, exponent = number * (own[depth] << up) // (below << down), exponent - up + down
            places = number.bit_length() - 32
            number = number >> places if places > 0 else number << -places
            self.ratios[context[:depth]] = number, exponent + places


def _path(bits: Sequence[int], depth: int, in_bytes: bool) -> tuple[Context, Context]:
    """Which tree predicts the bit after these, and its context."""
    whole = len(bits) // 8 * 8 if in_bytes else len(bits)
    step = 8 if in_bytes else 1
    past = [bit for start in range(whole - step, -1, -step) for bit in bits[start : start + step]]
    return tuple(bits[whole:]), tuple((past + [0] * depth)[:depth])


def decisions(bits: Sequence[int], depth: int, *, in_bytes: bool = False) -> list[int]:
    """The odds of 0, out of 2^30, of each bit."""
    trees: dict[Context, _Tree] = {}
    found = []
    for t, bit in enumerate(bits):
        beginning, context = _path(bits[:t], depth, in_bytes)
        tree = trees.setdefault(beginning, _Tree())
        found.append(tree.odds(context)[1][0])
        tree.learn(context, bit)
    return found


def encode(bits: Sequence[int], depth: int, *, in_bytes: bool = False) -> str:
    """The run of some bits."""
    low, width, origin, shifts = 0, _FRAME, 0, 0
    for bit, zero in zip(bits, decisions(bits, depth, in_bytes=in_bytes), strict=True):
        unit = width // _ONE
        low, width = low + unit * zero * bit, unit * (_ONE - zero if bit else zero)
        while (quarters := _doubling(low, width)) is not None:
            low, width = 2 * (low - quarters * _FRAME // 4), 2 * width
            origin, shifts = 2 * origin + quarters, shifts + 1
    return _last_bits(low, width, origin, shifts)
