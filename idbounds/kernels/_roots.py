"""Roots in ball arithmetic: guessed with floating-point-like steps, then proven by the signs at both ends."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from functools import reduce
from typing import Any

from flint import arb, ctx

from idbounds.errors import InputError

Ball = Any  # flint.arb; python-flint ships no types

MOST = 32  # the working precision of an inverse grows to this multiple of the one asked for
_GUARD = 24  # bits given up at a time when the ends of an inverse cannot be proven


@contextmanager
def precision(bits: int) -> Iterator[None]:
    """Work with `bits` bits inside the block.

    Args:
        bits: mantissa bits of every ball made inside.

    Yields:
        Nothing.
    """
    before = ctx.prec
    ctx.prec = bits
    try:
        yield
    finally:
        ctx.prec = before


def ends(x: Ball) -> tuple[Ball, ...]:
    """The exact ends of a ball; only one where it is a single number."""
    return (x,) if x.is_exact() else (x.lower(), x.upper())


def hull(values: Iterable[Ball]) -> Ball:
    """The smallest ball around all of the given ones."""
    return reduce(lambda one, other: one.union(other), values)


def raised(f: Callable[[], Ball]) -> Ball:
    """The value of a formula of exact numbers, with so many bits inside that cancellation costs no digits.

    Returns:
        Ball of at least the relative accuracy asked for.

    Raises:
        InputError: when that many bits were not found (not met within the documented domains).
    """
    target = ctx.prec
    for times in (2, 4, 8, 16, MOST):
        with precision(times * target):
            value = f()
        if value.is_finite() and value.rel_accuracy_bits() >= target:
            return value
    raise InputError(f"could not compute a value to {target} bits; please report the inputs")


def proven(f: Callable[[Ball], tuple[Ball, Ball]], u: Ball) -> Ball:
    """Ball around the u < 0 where a function turns from negative to positive, both ends proven.

    The function gives value and slope, is negative everywhere left of u and positive right of it for a while.
    Newton's method guesses; the working precision grows until the signs at both ends are certain, so
    cancellation costs time and never truth.

    Returns:
        The ball.

    Raises:
        InputError: when no enclosure was found (not met within the documented domain).
    """
    target = ctx.prec
    # first with more and more bits, and only then with a wider enclosure
    for times, slack in ((2, 1), (4, 1), (8, 1), (MOST, 1), (MOST, 2), (MOST, 3)):
        with precision(times * target):
            root = _newton(f, u, target)
            radius = abs(root) * arb(2) ** ((slack - 1) * _GUARD - target)
            low, high = (root - radius).mid(), (root + radius).mid()
            if f(low)[0] < 0 and f(high)[0] > 0:
                return low.union(high)
    raise InputError(f"could not enclose an inverse at {target} bits; please report the inputs")


def _newton(f: Callable[[Ball], tuple[Ball, Ball]], u: Ball, target: int) -> Ball:
    u = u.mid()
    for _ in range(200):
        value, slope = f(u)
        new = (u - value / slope).mid()
        if not new.is_finite():
            break
        new = new if new < 0 else u / 2
        done = abs(new - u) <= abs(u) * arb(2) ** (-target)
        u = new
        if done:
            break
    return u


def float_array(x: Ball) -> Any:
    import numpy as np

    return np.asarray(float(x))


def tail_root(k: int, n: int, log_delta: Ball) -> Ball:
    """The binomial inversion at one exact level, as a ball with proven ends."""
    if k == n or log_delta == arb.neg_inf():
        return arb(1)
    if log_delta >= 0:
        # P[Binomial(n, p) <= k] >= 1 only at p = 0, since k < n
        return arb(0)
    if k == 0:
        return -((log_delta / n).expm1())
    if log_delta > -0.7:  # by the other tail, whose probability may be tiny; n - X has rate 1 - p
        with precision(4 * ctx.prec):
            other = (-log_delta.expm1()).log()
        return _log_complement_of_root(n - k - 1, n, other).exp()
    return -_log_complement_of_root(k, n, log_delta).expm1()


def _log_complement_of_root(k: int, n: int, log_delta: Ball) -> Ball:
    """The u = ln(1 - p) where P[Binomial(n, p) <= k] = exp(log_delta), over the levels in the ball; k < n."""
    if k == 0:
        return log_delta / n
    from idbounds.kernels import floats

    def excess(u: Ball) -> tuple[Ball, Ball]:  # ln P[Binomial(n, 1 - e^u) <= k] - log_delta, rises in u
        log_mass, log_tail = _log_mass(k, n, u), _log_tail(k, n, u, log_delta)
        return log_tail - log_delta, (n - k) * (log_mass - log_tail).exp()

    guess = floats._tail_root(*(float_array(x).reshape(1) for x in (arb(k), arb(n), log_delta)))
    return proven(excess, arb(float(guess[0])))


def _log_mass(k: int, n: int, u: Ball) -> Ball:
    """Logarithm of P[Binomial(n, p) = k] at p = 1 - e^u."""
    return log_choose(arb(n), arb(k)) + k * (-u.expm1()).log() + (n - k) * u


def _log_tail(k: int, n: int, u: Ball, near: Ball) -> Ball:
    """Logarithm of P[Binomial(n, p) <= k] at p = 1 - e^u, by the quick route where it is about `near`."""
    if near > -40:  # an absolute accuracy costs at most 60 bits here
        return _tail(k, n, u).log()
    if _terms(k, n, u) < 20_000:
        return _log_mass(k, n, u) + _falling_sum(k, n, u).log()
    return u.exp().beta_lower(arb(n - k), arb(k + 1), 1).log()


def _tail(k: int, n: int, u: Ball) -> Ball:
    """P[Binomial(n, p) <= k] at p = 1 - e^u, to an absolute accuracy."""
    # arb is quick about the mean, by the smaller of the arguments, and may take minutes far above it
    if _terms(k, n, u) < 1000:
        return _log_mass(k, n, u).exp() * _falling_sum(k, n, u)
    x, p = u.exp(), -u.expm1()
    return x.beta_lower(arb(n - k), arb(k + 1), 1) if x < p else 1 - p.beta_lower(arb(k + 1), arb(n - k), 1)


def _terms(k: int, n: int, u: Ball) -> Ball:
    """Number of terms that `_falling_sum` adds up at most."""
    ratio = _falling_ratio(k, n, u)
    return -(ctx.prec + 8) * arb(2).log() / ratio.log() if ratio < 1 else arb.pos_inf()


def _falling_ratio(k: int, n: int, u: Ball) -> Ball:
    return k * u.exp() / ((n - k + 1) * -u.expm1())


def _falling_sum(k: int, n: int, u: Ball) -> Ball:
    """P[X <= k] / P[X = k] = 1 + r_1 + r_1 r_2 + ... with r_i = (k-i+1) odds / (n-k+i) <= r_1 < 1."""
    total = term = arb(1)
    odds, ratio = u.exp() / -u.expm1(), _falling_ratio(k, n, u)
    floor = arb(2) ** (-ctx.prec - 8)
    for i in range(1, k + 1):
        term = term * ((k - i + 1) * odds / (n - k + i))
        total = total + term
        if term < floor:
            return total.union(total + term * ratio / (1 - ratio))
    return total


def scenario_root(k: int, n: int, log_delta: Ball) -> Ball:
    """Campi and Garatti's upper risk level at one exact level of confidence, as a ball with proven ends."""
    # Their equation is Psi = 1 with Psi = sum_{m=k}^{4n} w_m C(m,k)/C(n,k) (1-e)^(m-n) and weights w_m >= 0,
    # a sum of exponentials of u = ln(1-e), hence convex in u. So Psi < 1 between its two roots only; where
    # 1 - Psi turns from negative to positive as u rises, there is the root of the larger e, however found.
    # The sum of C(m,k) (1-e)^(m-k) over k <= m < M is P[Binomial(M, e) > k] / e^(k+1), so that Psi < 1 says
    # (delta/3) P[Bin(n, e) > k] + (delta/6) P[Bin(4n+1, e) > k] < (n + delta/6) e P[Bin(n, e) = k].
    if k == n or log_delta == arb.neg_inf():
        return arb(1)

    def balance(u: Ball) -> tuple[Ball, Ball]:  # a logarithm with the sign of 1 - Psi, concave in u
        p, odds = -u.expm1(), u.exp() / -u.expm1()
        mass, far_mass = _log_mass(k, n, u), _log_mass(k, 4 * n + 1, u)
        above = 3 - 2 * _tail(k, n, u) - _tail(k, 4 * n + 1, u)
        weight = (6 * n + log_delta.exp()).log() - log_delta
        slope = (2 * (n - k) * mass.exp() + (4 * n + 1 - k) * far_mass.exp()) / above
        return weight + p.log() + mass - above.log(), n - k - (k + 1) * odds + slope

    # there the term m = k of Psi alone is 1, so it lies left of the root
    start = (log_delta - arb(2 * n).log() - log_choose(arb(n), arb(k))) / (n - k)
    return -proven(balance, start).expm1()


def log_choose(n: Ball, k: Ball) -> Ball:
    """Logarithm of n! / k! (n-k)! by the gamma function; it loses digits where n is large."""
    return (n + 1).lgamma() - (k + 1).lgamma() - (n - k + 1).lgamma()
