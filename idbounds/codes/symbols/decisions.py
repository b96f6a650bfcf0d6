"""Arithmetic-coded runs of binary decisions whose odds change from one to the next, as the caller says."""

from __future__ import annotations

from typing import Final, final

import numpy as np
from numpy.typing import NDArray

from idbounds.codes import _kernels
from idbounds.codes.arithmetic import read_end, write_end
from idbounds.codes.bits import BitReader, BitWriter

CERTAIN: Final = 2**30
"""Odds of 0 are integers 1 .. CERTAIN - 1, out of CERTAIN."""


def write_decisions(bits: NDArray[np.uint8], odds: NDArray[np.uint32], out: BitWriter) -> None:
    """Append a run of decisions, within two bits of `decisions_length` (and 2^-28 bits a decision).

    Args:
        bits: The decisions, shape (n,).
        odds: Of a 0, shape (n,).
        out: Where the bits go.
    """
    from idbounds.codes.symbols import _mixture_kernels as kernels

    settled, count, low, width, pending = kernels.spell(bits, odds)
    write_end(settled[:count], low, width, pending, out)


def decisions_length(bits: NDArray[np.uint8], odds: NDArray[np.uint32]) -> float:
    """Ideal length of decisions in bits, -log2 of the product of their probabilities."""
    taken = np.where(bits, CERTAIN - odds.astype(np.int64), odds)
    return float(-np.log2(taken / CERTAIN).sum())


@final
class DecisionReader:
    """Reads what `write_decisions` wrote, decision by decision.

    `channel` is for compiled loops: pass it on as `take` in `_mixture_kernels` wants it.
    """

    def __init__(self, source: BitReader) -> None:
        """Start at the position of a reader; `finish` moves that reader on.

        Args:
            source: Where the bits come from.
        """
        from idbounds.codes.symbols import _mixture_kernels as kernels

        state = np.zeros(kernels.FIELDS, dtype=np.int64)
        window = min(62, source.remaining)
        ahead = BitReader(source.bits)
        ahead.skip(source.position)
        state[kernels.WIDTH] = _kernels.FULL
        state[kernels.VALUE] = ahead.read_uint(window) << (62 - window)
        state[kernels.PLACE] = source.position + 62
        state[kernels.STOP], state[kernels.ROOM] = source.bits.length, source.remaining
        self.channel = state, np.frombuffer(source.bits.data, dtype=np.uint8)
        self._source = source

    @property
    def broken(self) -> bool:
        """Whether the message already ended, or was altered: time to `finish`, which says so."""
        from idbounds.codes.symbols import _mixture_kernels as kernels

        state, _ = self.channel
        return bool(state[kernels.GAP] or state[kernels.SHIFTS] > state[kernels.ROOM])

    def read(self, odds: int) -> int:
        """The next decision.

        Args:
            odds: Of a 0.

        Returns:
            Zero or one; of no meaning once the message is broken.
        """
        from idbounds.codes.symbols import _mixture_kernels as kernels

        return int(kernels.take(odds, *self.channel))

    def finish(self) -> None:
        """Leave the reader right behind the run; DecodeError if no encoder writes it."""
        from idbounds.codes.symbols import _mixture_kernels as kernels

        state, _ = self.channel
        fields = kernels.LOW, kernels.WIDTH, kernels.PENDING, kernels.VALUE, kernels.SHIFTS
        low, width, pending, value, shifts = (int(state[field]) for field in fields)
        truncated = shifts > state[kernels.ROOM]
        altered = _kernels.GAP if state[kernels.GAP] else _kernels.DONE
        status = _kernels.TRUNCATED if truncated else altered
        read_end(self._source, status, low, width, pending, value, shifts)
