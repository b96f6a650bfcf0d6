"""Compiled loop of optimised rounding; imported on first use, because importing numba is slow."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from idbounds.codes.symbols._mixture_kernels import _compile


def _sweep(scaled: Any, weights: Any, magnitudes: Any, counts: Any, price: Any) -> Any:
    """Give each entry in turn the magnitude that is best as things stand.

    With counts n_m of the magnitudes, moving an entry from a to b changes the adaptive code by
    log2(n_a - 1/2) - log2(n_b + 1/2) bits, and by the bit of its sign.

    Args:
        scaled: |x| over the step, shape (d,).
        weights: What a squared error of one step costs, shape (d,).
        magnitudes: The integers so far, int64, shape (d,); changed in place.
        counts: How often each magnitude occurs, int64; changed in place. No larger one is taken.
        price: What a bit costs.

    Returns:
        Number of entries that moved.
    """
    moves = 0
    for i in range(scaled.size):
        now = magnitudes[i]
        error = weights[i] * (scaled[i] - now) ** 2
        held = math.log2(counts[now] - 0.5)
        best, gain = now, 1e-9 * price  # less is not worth the risk of a cycle by rounding
        above = np.int64(scaled[i]) + 1
        for k in range(4):
            other = above - k if k < 3 and above > k else 0
            if other == now or other >= counts.size:
                continue
            saved = math.log2(counts[other] + 0.5) - held + (now > 0) - (other > 0)
            better = error - weights[i] * (scaled[i] - other) ** 2 + price * saved
            if better > gain:
                best, gain = other, better
        if best != now:
            counts[now] -= 1
            counts[best] += 1
            magnitudes[i] = best
            moves += 1
    return moves


sweep: Any = _compile(_sweep)
