"""The mixture code written a second time, in plain Python integers, to check the compiled one.

Only the tables and the idea are shared. The tree is walked by ranges of magnitudes instead of row numbers,
counts are kept by range, and the arithmetic coder is the one of `reference`. Slow: meant for some hundred
entries.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from idbounds.codes.reference import _FRAME, _doubling, _last_bits
from idbounds.codes.symbols.tables import BUCKETS, nodes
from idbounds.codes.symbols.tree import Components
from idbounds.errors import DecodeError

_ONE = 2**30

Decide = Callable[[int, int], int]
"""Takes a bit (0 if unknown) and the odds of 0 out of 2^30; gives the bit that counts."""


class _Blend:
    """A mixture of predictors of one kind of decision, with its weights."""

    def __init__(self, weights: Sequence[int]) -> None:
        self.weights = list(weights)

    def decide(self, odds: Sequence[int], wanted: int, decide: Decide) -> int:
        share = sum(w * p for w, p in zip(self.weights, odds, strict=True))
        bit = decide(wanted, share // sum(self.weights))
        taken = [w * ((_ONE - p) if bit else p) for w, p in zip(self.weights, odds, strict=True)]
        shift = max(sum(taken).bit_length() - 32, 0)
        self.weights = [max(product >> shift, 1) for product in taken]
        return bit


class _Model:
    """What a mixture knows while it goes through a vector."""

    def __init__(self, mixture: Components) -> None:
        self._stay, self._base, self._prior = (
            table.tolist() for table in (mixture.stay, mixture.base, mixture.prior)
        )
        self._spikes = mixture.spikes
        self._magnitudes = _Blend(mixture.weights.tolist())
        self._signs = _Blend(mixture.sign_weights.tolist())
        self._rows = {(node.low, node.middle): row for row, node in enumerate(nodes())}
        self._counts: dict[object, list[int]] = {}

    def entry(self, wanted: int, decide: Decide) -> int:
        """Take one entry through the tree."""
        low, high = 0, 2**BUCKETS - 1
        while 2 * low + 1 < high:  # flags
            if not self._node(low, 2 * low + 1, abs(wanted) > 2 * low, decide):
                high = 2 * low + 1
                break
            low = 2 * low + 1
        while high - low > 1:  # halvings
            middle = (low + high) // 2
            if self._node(low, middle, abs(wanted) >= middle, decide):
                low = middle
            else:
                high = middle
        if not low:
            return 0
        counts = self._counts.setdefault("signs", [0, 0])
        odds = [_ONE // 2, self._counted(counts)][: len(self._signs.weights)]
        sign = self._signs.decide(odds, int(wanted < 0), decide)
        counts[sign] += 1
        return -low if sign else low

    def _node(self, low: int, middle: int, upper: bool, decide: Decide) -> int:
        """One decision between low .. middle - 1 and what is above."""
        row = self._rows.get((low, middle))
        if row is None:
            return decide(int(upper), _ONE // 2)
        zeros, ones = counts = self._counts.setdefault((low, middle), [0, 0])
        odds = list(self._stay[row])
        odds += odds[: self._spikes] if middle > 1 else [self._counted(counts)] * self._spikes
        for base, prior in zip(self._base[row], self._prior[row], strict=True):
            odds.append(max((prior * base + 256 * zeros * _ONE) // (prior + 256 * (zeros + ones)), 1))
        odds += [self._counted(counts)] * (len(self._magnitudes.weights) - len(odds))
        bit = self._magnitudes.decide(odds, int(upper), decide)
        counts[bit] += 1
        return bit

    @staticmethod
    def _counted(counts: Sequence[int]) -> int:
        """Krichevsky and Trofimov's estimate."""
        return (2 * counts[0] + 1) * _ONE // (2 * sum(counts) + 2)


class _Encoder:
    """The coder of `reference`, one decision at a time."""

    def __init__(self) -> None:
        self.low, self.width, self.origin, self.shifts = 0, _FRAME, 0, 0

    def decide(self, bit: int, zero: int) -> int:
        unit = self.width // _ONE
        self.low += unit * zero * bit
        self.width = unit * (_ONE - zero if bit else zero)
        while (quarters := _doubling(self.low, self.width)) is not None:
            self.low, self.width = 2 * (self.low - quarters * _FRAME // 4), 2 * self.width
            self.origin, self.shifts = 2 * self.origin + quarters, self.shifts + 1
        return bit


def decisions(vector: Sequence[int], mixture: Components) -> list[tuple[int, int]]:
    """All decisions of a vector: the bit, and the odds of 0 out of 2^30."""
    found: list[tuple[int, int]] = []

    def decide(bit: int, zero: int) -> int:
        found.append((bit, zero))
        return bit

    model = _Model(mixture)
    for entry in vector:
        model.entry(entry, decide)
    return found


def encode(vector: Sequence[int], mixture: Components) -> str:
    """The bits of a vector."""
    encoder, model = _Encoder(), _Model(mixture)
    for entry in vector:
        model.entry(entry, encoder.decide)
    return _last_bits(encoder.low, encoder.width, encoder.origin, encoder.shifts)


def decode(bits: str, *, n: int, mixture: Components) -> list[int]:
    """The n entries of a message, by following it and then writing them again to compare."""
    encoder, model = _Encoder(), _Model(mixture)

    def decide(_: int, zero: int) -> int:
        if encoder.shifts > len(bits):
            raise DecodeError("no encoder writes these bits")
        digits = bits[: encoder.shifts + 62].ljust(encoder.shifts + 62, "0")
        value = int(digits, 2) - encoder.origin * _FRAME // 2  # the message as seen from the frame
        return encoder.decide(int(value >= encoder.low + encoder.width // _ONE * zero), zero)

    vector = [model.entry(0, decide) for _ in range(n)]
    if encode(vector, mixture) != bits:
        raise DecodeError("no encoder writes these bits")
    return vector
