"""The inverses at the heart of the bounds against what a user would write or install: time, error, safe side.

    OMP_NUM_THREADS=1 python benchmarks/bounds.py

Prints, for each way of computing a word, the microseconds of processor time a value (least of several runs,
one thread), the multiple of the time of idbounds in the same run, the largest relative error against balls of
100 bits, and the share of values below the truth, where a bound does not hold. Ratios are what to compare
between machines.
"""

from __future__ import annotations

import contextlib
import importlib
import io
import math
import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from flint import arb
from scipy import optimize, special, stats

from idbounds.kernels import balls, floats

TRUTHS = {"kl_inverse": 3000}  # values of each way that are compared with a ball, 100 for the other words
Way = tuple[str, Callable[..., Any], int]  # name, function of arrays, values to time it on


def each(function: Callable[..., float]) -> Callable[..., Any]:
    """A function of numbers as a loop over arrays."""
    return lambda *columns: np.array([function(*row) for row in zip(*columns, strict=True)])


def log1pmx(x: Any) -> Any:
    """The difference ln(1+x) - x as a careful numpy user writes it."""
    y = x / (2 + x)
    z, series = y * y, 0.0
    for odd in range(25, 1, -2):
        series = series * z + 1 / odd
    return np.where(np.abs(y) < 0.25, y * (2 * z * series - x), np.log1p(x) - x)


def newton_in_numpy(q: Any, c: Any) -> Any:
    """Nine steps of Newton's method in t = -ln(1 - p)."""
    gap = np.minimum(c + np.sqrt(c * (c + 2 * q)), np.sqrt(np.minimum(0.5, 2 * (1 - q)) * c))
    entropy = special.entr(q) + special.entr(1 - q)
    with np.errstate(invalid="ignore"):
        t = np.fmin((c + entropy) / (1 - q), -np.log1p(-q) - np.log1p(-gap / (1 - q)))
    for _ in range(9):
        p = -np.expm1(-t)
        r = p - q
        t = t - (-q * log1pmx(r / q) - (1 - q) * log1pmx(-r / (1 - q)) - c) * p / r
    return -np.expm1(-t)


def newton_in_blocks(q: Any, c: Any) -> Any:
    """The same in blocks that fit the cache."""
    return np.concatenate([newton_in_numpy(q[i : i + 4096], c[i : i + 4096]) for i in range(0, q.size, 4096)])


def brentq(q: float, c: float) -> float:
    """The kl inverse as it is usually written."""

    def excess(p: float) -> float:
        return float(special.rel_entr(q, p) + special.rel_entr(1 - q, 1 - p)) - c

    return float(optimize.brentq(excess, q, 1 - 1e-12))


def bisection(q: float, c: float) -> float:
    """Forty halvings; gives the middle."""
    low, high = q, 1.0
    for _ in range(40):
        middle = (low + high) / 2
        kl = q * math.log(q / middle) + (1 - q) * math.log((1 - q) / (1 - middle))
        low, high = (middle, high) if kl < c else (low, middle)
    return (low + high) / 2


def installed(package: str, name: str, size: int) -> list[Way]:
    """A function of two numbers from a package that may be missing."""
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            function = getattr(importlib.import_module(package), name)
    except ImportError:
        return []
    return [(f"{package}.{name}", each(function), size)]


def microseconds(function: Callable[..., Any], columns: Sequence[Any]) -> float:
    times = []
    for _ in range(5):
        start = time.process_time()
        function(*columns)
        times.append(time.process_time() - start)
    return 1e6 * min(times) / len(columns[0])


def truths(word: str, columns: Sequence[Any]) -> list[Any]:
    """Balls around the first values."""
    with balls.precision(100):
        rows = zip(*(x[: TRUTHS.get(word, 100)].tolist() for x in columns), strict=True)
        return [getattr(balls, word)(*map(arb, row)) for row in rows]


def table(title: str, word: str, columns: Sequence[Any], *peers: Way) -> None:
    """Print one block: idbounds first."""
    print(f"\n{title:<48} {'us a value':>10} {'ratio':>8} {'max error':>10} {'below':>7}", flush=True)
    truth, ours = truths(word, columns), 0.0
    for name, function, size in (("idbounds", getattr(floats, word), len(columns[0])), *peers):
        some = [x[:size] for x in columns]
        values = function(*some).tolist()  # compiles, fills caches
        spent = microseconds(function, some)
        ours = ours or spent
        errors = np.array([float(((arb(v) - x) / abs(x)).mid()) for v, x in zip(values, truth, strict=False)])
        worst, below = np.abs(errors).max(), np.mean(errors < 0)
        print(f"  {name:<46} {spent:10.3f} {spent / ours:8.2f} {worst:10.1e} {below:7.0%}")


def main() -> None:
    """Print the table."""
    rng = np.random.default_rng(0)
    q, c = rng.uniform(0.01, 0.5, 100_000), 10 ** rng.uniform(-4, 0, 100_000)
    ways: list[Way] = [("numpy, 9 Newton steps", newton_in_numpy, q.size)]
    ways += [("numpy, 9 Newton steps in blocks", newton_in_blocks, q.size)]
    ways += [("scipy.optimize.brentq", each(brentq), 1000), ("bisection", each(bisection), 1000)]
    ways += installed("SMPyBandits.Arms.kullback", "klucbBern", 1000)  # the package on PyPI that has it
    table("kl_inverse", "kl_inverse", (q, c), *ways)
    ways = [("scipy.stats.beta.isf", lambda k, n, a: stats.beta.isf(np.exp(a), k + 1, n - k), 20_000)]
    ways += [("betainccinv", lambda k, n, a: special.betainccinv(k + 1, n - k, np.exp(a)), 20_000)]
    for n, level in ((60_000, math.log(0.05)), (60_000, -500.0), (60_000, -5000.0), (10**9, math.log(0.05))):
        k = rng.integers(n // 600, n // 3, 20_000).astype(float)
        columns = (k, np.full(k.size, float(n)), np.full(k.size, level))
        table(
            f"binomial_tail_inverse, n {n:.0e}, level e^{level:.0f}", "binomial_tail_inverse", columns, *ways
        )
    n = np.floor(10 ** rng.uniform(1, 6, 20_000))
    k = np.floor(n * rng.uniform(0, 0.5, n.size))
    table("scenario_inverse", "scenario_inverse", (k, n, np.full(n.size, math.log(0.05))))
    table("log_peak", "log_peak", (k + 1, n))
    table("log_xi", "log_xi", (n,))


if __name__ == "__main__":
    main()
