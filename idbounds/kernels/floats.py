"""Words as float64 functions of numpy arrays: vectorised, right to a few ulps, returned on the safe side.

Inverses return an upper end that is not below the true one (a lower end not above it); the rigorous
statement is made by `balls`, against which these are tested over the whole domain.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from idbounds.errors import InputError
from idbounds.quantities import Quantity

Array = NDArray[np.float64]

log = np.log
sqrt = np.sqrt

LOG_STAR_CONSTANT = 2.8651084158399077
"""c0 = sum over n >= 1 of 2^-(log2 n + log2 log2 n + ...), rounded up; recomputed by a test.

The 2.865064 of the literature is 4.4e-5 too small: with it the code lengths break Kraft's inequality.
"""

_NODES, _WEIGHTS = (x[:, None] / 2 for x in np.polynomial.legendre.leggauss(64))  # on [-1/2, 1/2]
_FAR = 39.0  # an integrand e^-39 of its largest value ends a quadrature
_SLACK = (
    4e-13  # relative; binomial_tail_inverse errs by 1e-13 at most (levels within 1e-200 of 1), by 1e-14 else
)
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
    q, p = np.broadcast_arrays(np.asarray(q, np.float64), np.asarray(p, np.float64))
    return _scalar(_kl(_coin(q), _coin(p)))


def kl_inverse(q: ArrayLike, c: ArrayLike) -> Any:
    """Largest p in [q, 1] with kl(q || p) <= c, rounded up.

    Newton's method in t = -ln(1 - p), where kl is convex and increasing: started above the root it descends
    to it and never passes it.

    Args:
        q: rates in [0, 1].
        c: nats per example, >= 0 (infinity allowed), broadcast against q; any other value is an InputError.

    Returns:
        Rates, within 1.2e-15 relative of the true value and not below it.
    """
    q, c = _rates_and_costs(q, c)
    t = _newton(_coin(q), c)
    with np.errstate(invalid="ignore"):
        p = np.where(c == 0, q, np.maximum(_up(-np.expm1(-t), 5.6e-16), q))
    return _scalar(np.minimum(p, 1.0))


def kl_inverse_lower(q: ArrayLike, c: ArrayLike) -> Any:
    """Smallest p in [0, q] with kl(q || p) <= c, rounded down; the mirror image of `kl_inverse`.

    Args:
        q: rates in [0, 1].
        c: nats per example, >= 0 (infinity allowed), broadcast against q; any other value is an InputError.

    Returns:
        Rates, not above the true value.
    """
    q, c = _rates_and_costs(q, c)
    t = np.minimum(_newton(_coin(q).mirror(), c), 800.0)
    # exp(-t) inherits the absolute error of t: a relative one of a few eps * t
    p = np.exp(-t) * (1 - 4 * np.finfo(float).eps * (1 + t))
    p = np.where(p < 1e-300, 0.0, p)  # no relative precision is left among the subnormals
    return _scalar(np.where(c == 0, q, np.clip(p, 0.0, q)))


def binomial_tail_inverse(k: ArrayLike, n: ArrayLike, log_delta: ArrayLike) -> Any:
    """Largest p with P[Binomial(n, p) <= k] >= exp(log_delta), rounded up.

    Langford's (2005) test-set bound, Clopper and Pearson's (1934) upper end.
    Works on the logarithm of the probability, so a level of 2^-1000000000 is as good as 0.05.

    Args:
        k: error counts, 0 <= k <= n; between integers up to n - 1, the incomplete beta function extends them.
        n: sample sizes >= 1.
        log_delta: natural logarithm of the level, <= 0.

    Returns:
        Rates, within 1e-12 relative of the true value and not below it; 1 where k = n.

    Raises:
        InputError: for k outside [0, n], n < 1 or a positive or missing log_delta.
    """
    k, n, a = np.broadcast_arrays(*(np.asarray(x, np.float64) for x in (k, n, log_delta)))
    good = (k >= 0) & (k <= n) & (n >= 1) & np.isfinite(n) & (a <= 0)
    if not np.all(good):
        bad = ", ".join(str(x[~good].flat[0]) for x in (k, n, a))
        raise InputError(
            f"binomial_tail_inverse({bad}): give 0 <= k <= n, n >= 1 and log_delta <= 0 "
            "(log_delta is the logarithm of a probability)"
        )
    full = (k == n) | (k > n - 1)
    p = np.where(full | np.isneginf(a), 1.0, 0.0)
    usual = ~full & np.isfinite(a) & (a < 0)
    left = usual & (a < -np.log(2))
    p[left] = -np.expm1(_tail_root(k[left], n[left], a[left]))
    # above one half, through the other tail: P[X <= k] = 1 - P[n - X <= n - k - 1], and n - X has rate 1 - p
    right = usual & ~left & (k > 0)
    p[right] = np.exp(_tail_root(n[right] - k[right] - 1, n[right], np.log(-np.expm1(a[right]))))
    zero = usual & (k == 0)
    p[zero] = -np.expm1(a[zero] / n[zero])
    return _scalar(np.minimum(p * (1 + _SLACK), 1.0))


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


def _scalar(value: Any) -> Any:
    return float(value) if np.ndim(value) == 0 else value


def _up(x: Array, relative: float) -> Array:
    return x + x * relative  # not x * (1 + relative), whose factor is rounded to a multiple of eps


def _rates_and_costs(q: ArrayLike, c: ArrayLike) -> tuple[Array, Array]:
    _RATE.check(q)
    q, c = np.broadcast_arrays(np.asarray(q, np.float64), np.asarray(c, np.float64))
    if not np.all(c >= 0):
        raise InputError(f"c = {c[~(c >= 0)].flat[0]}: give {_COST.allowed} ({_COST.says})")
    return q, c


def _log1pmx(x: Array) -> Array:
    """ln(1+x) - x without cancellation: with y = x/(2+x), ln(1+x) = 2 atanh(y) and 2y - x = -x y."""
    y = x / (2 + x)
    square = y * y
    series = np.zeros_like(square)
    for odd in range(57, 1, -2):
        series = series * square + 1.0 / odd
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(np.abs(y) <= 0.5, -x * y + 2 * y * square * series, np.log1p(x) - x)


class _Coin(NamedTuple):
    """A rate with its complement and both logarithms, each to full relative precision."""

    p: Array
    pc: Array
    log_p: Array
    log_pc: Array

    def mirror(self) -> _Coin:
        """The coin with its sides exchanged."""
        return _Coin(self.pc, self.p, self.log_pc, self.log_p)


def _coin(p: Array) -> _Coin:
    with np.errstate(divide="ignore"):
        return _Coin(p, 1 - p, np.log(p), np.log1p(-p))


def _coin_at(t: Array) -> _Coin:
    """The coin p = 1 - e^-t."""
    p, pc = -np.expm1(-t), np.exp(-t)
    with np.errstate(divide="ignore"):
        return _Coin(p, pc, np.where(pc < 0.5, np.log1p(-pc), np.log(p)), -t)


def _ratio(k: Array, n: Array) -> _Coin:
    """The coin k / n, with its complement (n - k) / n not rounded twice."""
    p, pc = k / n, (n - k) / n
    with np.errstate(divide="ignore"):
        log_p = np.where(p < 0.5, np.log(p), np.log1p(-pc))
        return _Coin(p, pc, log_p, np.where(p < 0.5, np.log1p(-p), np.log(pc)))


def _gap(a: _Coin, b: _Coin) -> Array:
    """The gap b.p - a.p by the side that loses less."""
    return np.where((a.p <= 0.5) | (b.p <= 0.5), b.p - a.p, a.pc - b.pc)


def _kl(a: _Coin, b: _Coin) -> Array:
    """kl(a || b), without cancellation."""
    # with r = b - a the first-order terms of the two logarithms cancel exactly, so near a = b only the
    # remainders -a (ln(1 + r/a) - r/a) and its mirror are summed; both are positive
    r = _gap(a, b)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        x, y = r / a.p, -r / a.pc
        near = -a.p * _log1pmx(x) - a.pc * _log1pmx(y)
        first = _times_log(a.p, b.p, a.log_p, b.log_p)
        second = _times_log(a.pc, b.pc, a.log_pc, b.log_pc)
        use_near = (np.minimum(x, y) > -0.6) & (np.maximum(x, y) < 2)
    return np.where(use_near, near, first + second)


def _times_log(x: Array, y: Array, log_x: Array, log_y: Array) -> Array:
    """The product x ln(x / y) with 0 ln 0 = 0, by the quotient or by the logarithms, whichever is exact."""
    quotient = (x <= 0.5) & (y > 1e-307)
    return np.where(x > 0, x * np.where(quotient, np.log(x / y), log_x - log_y), 0.0)


def _newton(a: _Coin, c: Array) -> Array:
    """The t = -ln(1 - p) at the upper inverse of kl(a || p) = c, approached from above."""
    q, qc = a.p, a.pc
    with np.errstate(divide="ignore", invalid="ignore", over="ignore", under="ignore"):
        entropy = -(np.where(q > 0, q * a.log_p, 0.0) + np.where(qc > 0, qc * a.log_pc, 0.0))
        # upper bounds on the root: kl >= -H(q) + (1-q) t; Pinsker; kl >= gap^2 / 2p and kl >= gap^2 / 2(1-q)
        gap = np.minimum(c + np.sqrt(c) * np.sqrt(c + 2 * q), np.sqrt(c) * np.sqrt(np.minimum(0.5, 2 * qc)))
        t = np.where(gap < qc, -a.log_pc - np.log1p(-gap / qc), np.inf)
        t = np.where(qc == 0, np.inf, np.minimum(t, (c + entropy) / qc))
        moving = np.isfinite(t) & (c > 0) & (q > 0)
        t = np.where(q == 0, c, t)  # kl(0 || p) = t exactly
        for _ in range(60):
            if not np.any(moving):
                break
            b = _coin_at(t)
            step = (_kl(a, b) - c) * (b.p / _gap(a, b))
            good = moving & np.isfinite(step)
            # a step back up is rounding, and small; near p = q it may look large
            t = np.where(good, t - np.maximum(step, -1e-15 * t), t)
            moving = good & (step > 2e-16 * t)
    return t


def _stirling_error(x: Array) -> Array:
    """Stirling's error ln x! - ((x + 1/2) ln x - x + ln sqrt(2 pi)); the series serves from 16 on."""
    shifted = np.where(x < 16, x + 16, x)
    i = 1 / (shifted * shifted)
    series = (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - i / 1188) * i) * i) * i) / shifted
    small = np.minimum(x, 16.0)
    steps = sum((small + j + 0.5) * np.log1p(1 / (small + j)) - 1 for j in range(16))
    return np.where(x < 16, series + steps, series)


def _log_mass(k: Array, n: Array, b: _Coin) -> Array:
    """Logarithm of P[Binomial(n, b) = k] for 0 < k < n, by Loader's (2000) saddle point."""
    rate = _ratio(k, n)
    stirling = _stirling_error(n) - _stirling_error(k) - _stirling_error(n - k)
    return stirling - 0.5 * np.log(2 * np.pi * k * rate.pc) - n * _kl(rate, b)


def _tail_root(k: Array, n: Array, log_delta: Array) -> Array:
    """The u = ln(1 - p) where P[Binomial(n, p) <= k] = exp(log_delta) <= 1/2."""
    u = log_delta / n
    some = np.flatnonzero(k > 0)
    for part in np.array_split(some, 1 + some.size // 4096):
        u[part] = _tail_root_of_some(k[part], n[part], log_delta[part])
    return u


def _tail_root_of_some(k: Array, n: Array, log_delta: Array) -> Array:
    # the tail's logarithm is concave and increasing in u (the density of ln X is log-concave for a beta
    # variable X), so Newton started at the Chernoff bound, left of the root, stays on the safe side of it
    u = -_newton(_ratio(k, n), -log_delta / n)
    for _ in range(50):
        b = _coin_at(-u)
        ratio = _tail_over_mass(k, n, b.pc / b.p)
        step = (log_delta - _log_mass(k, n, b) - np.log(ratio)) * ratio / (n - k)
        u = np.minimum(u + step, 0.0)
        if np.all(np.abs(step) <= 1e-15 * np.abs(u)):
            break
    return u


def _tail_over_mass(k: Array, n: Array, odds: Array) -> Array:
    """P[X <= k] / P[X = k] for X ~ Binomial(n, p) with odds = (1-p)/p and n p not much below k."""
    # The incomplete beta integral over t = (1-p) e^-s is (n-k) times the integral of exp(-g) with g convex.
    # Gauss and Legendre's rule, up to where exp(-g) is below 1e-17, costs the same for every n.

    def g(s: Array) -> Array:
        return (n - k) * s - k * np.log1p(-odds * np.expm1(-s))

    # g(s) <= g'(0) s + g''(0) s^2 / 2, so the end is not before this one
    end = _FAR / (np.maximum(n - k - k * odds, 0) + np.sqrt(_FAR * k * odds * (1 + odds)))
    while np.any(short := g(end) < _FAR):
        end = np.where(short, 1.5 * end, end)
    integral: Array = end * np.sum(_WEIGHTS * np.exp(-g(end * (0.5 + _NODES))), axis=0)
    return (n - k) * integral
