"""Vectorised words against what a user would write with scipy, in one run and one thread.

    python benchmarks/words.py

Prints microseconds an element and ratios; ratios are what to compare between machines.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import numpy as np
from scipy import optimize, special

from idbounds.kernels import floats


def best(function: Callable[[], Any], size: int, repeats: int = 5) -> float:
    """Microseconds an element, the least of several runs."""
    times = []
    for _ in range(repeats):
        start = time.process_time()
        function()
        times.append(time.process_time() - start)
    return 1e6 * min(times) / size


def brentq(q: float, c: float) -> float:
    """The kl inverse as it is usually written."""

    def excess(p: float) -> float:
        return float(special.rel_entr(q, p) + special.rel_entr(1 - q, 1 - p)) - c

    return float(optimize.brentq(excess, q, 1 - 1e-12))


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    q, c = rng.uniform(0.01, 0.5, 100_000), 10 ** rng.uniform(-4, 0, 100_000)
    ours = best(lambda: floats.kl_inverse(q, c), q.size)
    theirs = best(lambda: [brentq(*pair) for pair in zip(q[:1000], c[:1000], strict=True)], 1000)
    print(f"kl_inverse              {ours:8.2f} us   scipy brentq {theirs:8.2f} us   {theirs / ours:8.0f} x")
    n = np.full(20_000, 60_000.0)
    k = rng.integers(100, 20_000, n.size).astype(float)
    for level, name in ((np.log(0.05), "delta 0.05"), (-500.0, "delta e^-500")):
        ours = best(lambda level=level: floats.binomial_tail_inverse(k, n, level), n.size)
        theirs = best(lambda level=level: special.betainccinv(k + 1, n - k, np.exp(level)), n.size)
        print(f"binomial, {name:<13} {ours:8.2f} us   betainccinv  {theirs:8.2f} us   {theirs / ours:8.2f} x")


if __name__ == "__main__":
    main()
