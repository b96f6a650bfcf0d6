"""Words as float64 functions of numpy arrays: vectorised, right to a few ulps, returned on the safe side.

Inverses return an upper end that is not below the true one (a lower end not above it); the rigorous
statement is made by `balls`, against which these are tested over the whole domain. The arithmetic is in
`_scalars`, one number at a time; a word that has become hot runs compiled (`_compiled`), to the same bits.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.errors import InputError
from idbounds.kernels import _scalars
from idbounds.quantities import Quantity

Array = NDArray[np.float64]

log = np.log
sqrt = np.sqrt
log1p = np.log1p
ceiling = np.ceil
minimum = np.minimum
maximum = np.maximum

LOG_STAR_CONSTANT = 2.8651084158399077
"""c0 = sum over n >= 1 of 2^-(log2 n + log2 log2 n + ...), rounded up; recomputed by a test.

The 2.865064 of the literature is 4.4e-5 too small: with it the code lengths break Kraft's inequality.
"""

MOST_STEPS = 100_000
GOLDEN = (5**0.5 - 1) / 2
_MANY = 20_000  # values of a word in a process, from which on it pays to load numba (half a second)
_SLACK = _scalars.SLACK
_values: Counter[str] = Counter()
_RATE = Quantity("q", "q", "q", "rate", 0, 1, "a rate", +1, (0, 1))
_COST = Quantity("c", "c", "c", "nats", 0, np.inf, "nats per example", +1, (0, 1))


def number(value: Any) -> float:
    """A constant of an expression as a float."""
    return float(value)


def kl(q: ArrayLike, p: ArrayLike) -> Any:
    """Binary relative entropy q ln(q/p) + (1-q) ln((1-q)/(1-p)).

    Args:
        q: rates in [0, 1].
        p: rates in [0, 1], broadcast against q; any other value is an InputError.

    Returns:
        Nats, same shape; infinite where p excludes what q allows. Free of cancellation near p = q.
    """
    _RATE.check(q)
    _RATE.check(p)
    return _each("kl", q, p)


def kl_inverse(q: ArrayLike, c: ArrayLike) -> Any:
    """Largest p in [q, 1] with kl(q || p) <= c, rounded up.

    Householder's method of order 4 in ln(1 - p): two steps from a start within 5% of the root.

    Args:
        q: rates in [0, 1].
        c: nats per example, >= 0 (infinity allowed), broadcast against q; any other value is an InputError.

    Returns:
        Rates, within 1.2e-15 relative of the true value and not below it.
    """
    return _each("kl_inverse", *_rates_and_costs(q, c))


def kl_inverse_lower(q: ArrayLike, c: ArrayLike) -> Any:
    """Smallest p in [0, q] with kl(q || p) <= c, rounded down; the mirror image of `kl_inverse`.

    Args:
        q: rates in [0, 1].
        c: nats per example, >= 0 (infinity allowed), broadcast against q; any other value is an InputError.

    Returns:
        Rates, not above the true value.
    """
    return _each("kl_inverse_lower", *_rates_and_costs(q, c))


def binomial_tail_inverse(k: ArrayLike, n: ArrayLike, log_delta: ArrayLike) -> Any:
    """Largest p with P[Binomial(n, p) <= k] >= exp(log_delta), rounded up.

    Langford's (2005) test-set bound, Clopper and Pearson's (1934) upper end.
    Works on the logarithm of the probability, so a level of 2^-1000000000 is as good as 0.05.

    Args:
        k: error counts, 0 <= k <= n; between integers up to n - 1, the incomplete beta function extends them.
        n: sample sizes >= 1.
        log_delta: natural logarithm of the level, <= 0; any other value is an InputError.

    Returns:
        Rates, within 1e-12 relative of the true value and not below it; 1 where k = n.
    """

    def allowed(k: Array, n: Array, log_delta: Array) -> Any:
        return (k >= 0) & (k <= n) & (n >= 1) & (n < np.inf) & (log_delta <= 0)

    hint = "0 <= k <= n, n >= 1 and log_delta <= 0 (log_delta is the logarithm of a probability)"
    return _each("binomial_tail_inverse", *_checked("binomial_tail_inverse", allowed, hint, k, n, log_delta))


def log_star(n: ArrayLike) -> Any:
    """Rissanen's (1983) universal code length log2 c0 + log2 n + log2 log2 n + ... (positive terms), in bits.

    Args:
        n: integers >= 1.

    Returns:
        Real-valued (ideal) bits, rounded up; 2^-log_star sums to at most 1.

    Raises:
        InputError: for a value below 1.
    """
    x = np.asarray(n, np.float64)
    if not np.all((x >= 1) & np.isfinite(x)):
        raise InputError(f"log_star({x}): give an integer >= 1")
    total = np.full(x.shape, np.log2(LOG_STAR_CONSTANT))
    while np.any(x > 1):
        x = np.log2(np.maximum(x, 1.0))
        total = total + x
    return _scalar(_up(total, 9e-16))


def power_of_two(x: ArrayLike) -> Any:
    """2^x."""
    return _scalar(np.exp2(x))


def psi(u: ArrayLike) -> Any:
    """The function u - ln(1 + u), rounded up.

    Args:
        u: numbers above -1; any other value is an InputError.

    Returns:
        Numbers >= 0, same shape; free of cancellation near u = 0.
    """
    return _each("psi", *_checked("psi", lambda u: (u > -1) & (u < np.inf), "a number > -1", u))


def phi_inverse(gamma: ArrayLike, x: ArrayLike) -> Any:
    """Catoni's (2007) Phi^-1: (1 - exp(-gamma x)) / (1 - exp(-gamma)), rounded up.

    Args:
        gamma: numbers > 0.
        x: numbers >= 0 (infinity allowed), broadcast against gamma; any other value is an InputError.

    Returns:
        Numbers from 0 to 1 / (1 - exp(-gamma)).
    """

    def allowed(gamma: Array, x: Array) -> Any:
        return (gamma > 0) & (gamma < np.inf) & (x >= 0)

    gamma, x = _checked("phi_inverse", allowed, "gamma > 0 and x >= 0", gamma, x)
    product = np.minimum(gamma * x, 800.0)
    # a tiny product may have lost bits to underflow; there the numerator is gamma x to full precision
    slope = np.where(gamma > 1e-17, gamma / -np.expm1(-np.minimum(gamma, 800.0)), 1.0)
    linear = product < 1e-17
    value = np.where(linear, np.where(linear, x, 0.0) * slope, -np.expm1(-product) / -np.expm1(-gamma))
    return _scalar(_up(value, 2e-15))


def log_xi(n: ArrayLike) -> Any:
    """Logarithm of Maurer's (2004) xi(n) = sum over k of C(n,k) (k/n)^k (1-k/n)^(n-k), rounded up.

    Args:
        n: integers >= 1; any other value is an InputError.

    Returns:
        Nats, within 1e-15 relative of the true value and not below it.
    """
    return _each("log_xi", *_checked("log_xi", lambda n: _whole(n) & (n >= 1), "an integer >= 1", n))


def log_choose(n: ArrayLike, k: ArrayLike) -> Any:
    """Logarithm of the number of k-subsets of n things, rounded up.

    Args:
        n: integers >= 0.
        k: integers, 0 <= k <= n, broadcast against n; any other value is an InputError.

    Returns:
        Nats, within 3e-15 relative of the true value and not below it; 0 at k = 0 and k = n.
    """

    def allowed(n: Array, k: Array) -> Any:
        return _whole(n) & _whole(k) & (k >= 0) & (k <= n)

    return _each("log_choose", *_checked("log_choose", allowed, "integers 0 <= k <= n", n, k))


def log_peak(k: ArrayLike, n: ArrayLike) -> Any:
    """Logarithm of the probability that Binomial(n, k/n) is k, rounded up.

    Args:
        k: numbers, 0 <= k <= n; between integers the gamma function extends the factorials.
        n: integers >= 1, broadcast against k; any other value is an InputError.

    Returns:
        Nats <= 0, within 2e-14 relative of the true value and not below it; 0 at k = 0 and k = n.
    """

    def allowed(k: Array, n: Array) -> Any:
        return _whole(n) & (n >= 1) & (k >= 0) & (k <= n)

    return _each("log_peak", *_checked("log_peak", allowed, "0 <= k <= n and an integer n >= 1", k, n))


def scenario_inverse(k: ArrayLike, n: ArrayLike, log_delta: ArrayLike) -> Any:
    """Campi and Garatti's (2023) upper risk level of a preferent compression to k of n examples, rounded up.

    The largest root p in [k/n, 1] of (delta / 3) P[Binomial(n, p) > k] + (delta / 6) P[Binomial(4n+1, p) > k]
    = (1 + delta / (6 n)) n p P[Binomial(n, p) = k]. That is their equation in sums over m of
    C(m, k) (1-p)^(m-k), since such a sum over k <= m < M is P[Binomial(M, p) > k] / p^(k+1).

    Args:
        k: sizes of the compression, integers 0 <= k <= n.
        n: sample sizes, integers >= 1.
        log_delta: natural logarithm of the level, <= 0; any other value is an InputError.

    Returns:
        Rates, within 1e-12 relative of the true value and not below it; 1 where k = n.
    """

    def allowed(k: Array, n: Array, log_delta: Array) -> Any:
        return _whole(k) & _whole(n) & (k >= 0) & (k <= n) & (n >= 1) & (log_delta <= 0)

    hint = "integers 0 <= k <= n, n >= 1 and log_delta <= 0 (the logarithm of a probability)"
    return _each("scenario_inverse", *_checked("scenario_inverse", allowed, hint, k, n, log_delta))


def minimum_over(body: Callable[[Any], Any], low: ArrayLike, high: ArrayLike) -> Any:
    """The least value of a sentence over the integers j with low <= j <= high.

    Args:
        body: from a number j to a number or an array.
        low: first integers.
        high: last integers, broadcast against low and the values of the body.

    Returns:
        Values of the body; infinity where no integer lies in the range.

    Raises:
        InputError: for ends that are no integers, or more than 100,000 of them.
    """
    low, high = _checked(
        "minimum_over", lambda a, b: _whole(a) & _whole(b), "integers low and high", low, high
    )
    first, last = (np.min(low), np.max(high)) if low.size else (0.0, -1.0)
    if last - first >= MOST_STEPS:
        raise InputError(f"minimum_over from {first:.0f} to {last:.0f}: give at most {MOST_STEPS} integers")
    least = np.full(low.shape, np.inf)
    for j in np.arange(first, last + 1):  # each entry stays in its own range, where its body has a value
        least = np.minimum(least, body(np.maximum(np.minimum(j, high), low)))
    return _scalar(np.where(low <= high, least, np.inf))


def infimum_over(body: Callable[[Any], Any], low: ArrayLike, high: ArrayLike) -> Any:
    """The least value found of a sentence over the reals in [low, high], by golden-section search.

    A bound that holds at every point of the range holds at the point found, wherever the search ends; it
    finds the infimum where the sentence falls and then rises.

    Args:
        body: from an array of points to an array of values.
        low: left ends.
        high: right ends, >= low and finite, broadcast against low; any other value is an InputError.

    Returns:
        The least value at any point tried, both ends among them.
    """

    def allowed(a: Array, b: Array) -> Any:
        return np.isfinite(a) & np.isfinite(b) & (a <= b)

    a, b = _checked("infimum_over", allowed, "finite low <= high", low, high)
    least = np.minimum(body(a), body(b))
    x, y = b - GOLDEN * (b - a), a + GOLDEN * (b - a)
    at_x, at_y = body(x), body(y)
    for _ in range(200):
        left = at_x <= at_y
        least = np.minimum(least, np.minimum(at_x, at_y))
        a, b = np.where(left, a, x), np.where(left, y, b)
        # near a least value v the body is flat: over a range of 1e-8 it moves by about 1e-16
        if np.all(b - a <= 1e-9 * np.maximum(np.abs(a), np.abs(b))):
            break
        new = np.where(left, b - GOLDEN * (b - a), a + GOLDEN * (b - a))
        at_new = body(new)
        x, y = np.where(left, new, y), np.where(left, x, new)
        at_x, at_y = np.where(left, at_new, at_y), np.where(left, at_x, at_new)
    return _scalar(least)


def _checked(word: str, allowed: Callable[..., Any], hint: str, *given: ArrayLike) -> tuple[Array, ...]:
    """The arguments as float64 arrays of one shape, or a refusal that names the first bad ones."""
    columns = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in given))
    good = allowed(*columns)
    if not np.all(good):
        bad = ", ".join(str(x[~good].flat[0]) for x in columns)
        raise InputError(f"{word}({bad}): give {hint}")
    return tuple(columns)


def _whole(x: Array) -> Any:
    return np.isfinite(x) & (x == np.floor(x))


def _each(word: str, *given: ArrayLike) -> Any:
    """A function of `_scalars` at every entry of arrays; numbers give a number."""
    columns = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in given))
    _values[word] += columns[0].size
    if _values[word] < _MANY:
        return _scalar(_over(getattr(_scalars, word), *columns))
    from idbounds.kernels import _compiled

    with np.errstate(all="ignore"):
        return _scalar(_compiled.word(word)(*columns))


def _over(function: Callable[..., float], *columns: Array) -> Array:
    """A function of numbers over arrays of one shape, by the interpreter."""
    values = [function(*row) for row in zip(*(x.ravel().tolist() for x in columns), strict=True)]
    return np.array(values, np.float64).reshape(columns[0].shape)


def _scalar(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def _up(x: Array, relative: float) -> Array:
    return x + x * relative  # not x * (1 + relative), whose factor is rounded to a multiple of eps


def _rates_and_costs(q: ArrayLike, c: ArrayLike) -> tuple[Array, Array]:
    _RATE.check(q)
    q, c = np.broadcast_arrays(np.asarray(q, np.float64), np.asarray(c, np.float64))
    if not np.min(c, initial=0.0) >= 0:
        raise InputError(f"c = {c[~(c >= 0)].flat[0]}: give {_COST.allowed} ({_COST.says})")
    return q, c


# what follows gives `balls` its guesses and `tensors` its slopes


class _Coin(NamedTuple):
    """A rate with its complement and both logarithms, each to full relative precision."""

    p: Array
    pc: Array
    log_p: Array
    log_pc: Array


def _coin(p: Array) -> _Coin:
    with np.errstate(divide="ignore"):
        return _Coin(p, 1 - p, np.log(p), np.log1p(-p))


def _newton(a: _Coin, c: Array) -> Array:
    """The t = -ln(1 - p) at the upper inverse of kl(a || p) = c, for 0 < a < 1 and 0 < c."""
    return _over(lambda q, qc, c: _scalars.kl_root(q, qc, c)[0], a.p, a.pc, c) - a.log_pc


def _log_mass(k: Array, n: Array, b: _Coin) -> Array:
    """Logarithm of P[Binomial(n, b) = k] for 0 < k < n, by Loader's (2000) saddle point."""
    return np.asarray(_over(_scalars.peak, k, n) - n * np.asarray(kl(k / n, b.p)))


def _tail_root(k: Array, n: Array, log_delta: Array) -> Array:
    """The u = ln(1 - p) where P[Binomial(n, p) <= k] = exp(log_delta) <= 1/2, for 0 < k."""
    log_rest = np.where(2 * k < n, np.log1p(-k / n), np.log((n - k) / n))
    return log_rest - _over(_scalars.tail_root, k, n, log_delta)


def _tail_over_mass(k: Array, n: Array, odds: Array) -> Array:
    """P[X <= k] / P[X = k] for X ~ Binomial(n, p) with odds = (1-p)/p and 0 < k."""
    return _over(lambda k, n, odds: _scalars.tail_over_mass(k, n, odds, _scalars.FINE), k, n, odds)
