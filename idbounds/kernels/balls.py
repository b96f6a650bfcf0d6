"""Words in ball arithmetic (arb, through python-flint): every result is an interval holding the true value.

An inverse is found by guessing with floating-point-like steps and then *proving* both ends: a trial point is
accepted as an upper end only when ball arithmetic shows that it lies beyond the root.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from fractions import Fraction
from functools import reduce
from typing import Any

from flint import arb, ctx, fmpq

from idbounds.errors import InputError
from idbounds.exactly import exact

Ball = Any  # flint.arb; python-flint ships no types

_GUARD = 24  # bits given up at a time when the ends of an inverse cannot be proven
_MOST = 32  # the working precision of an inverse grows to this multiple of the one asked for


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


def ball(value: Any) -> Ball:
    """A ball around what the user wrote; for a float it holds the decimal and the binary reading of it.

    Args:
        value: as for `exact`.

    Returns:
        An arb ball.
    """
    written = number(exact(value))
    if hasattr(value, "item"):
        value = value.item()
    return written.union(number(Fraction(value))) if isinstance(value, float) else written


def number(value: Any) -> Ball:
    """A constant of an expression as a ball."""
    fraction = Fraction(str(value)) if not isinstance(value, (int, Fraction)) else Fraction(value)
    return arb(fmpq(fraction.numerator, fraction.denominator))


def log(x: Ball) -> Ball:
    """Natural logarithm."""
    return x.log()


def sqrt(x: Ball) -> Ball:
    """Square root."""
    return x.sqrt()


def kl(q: Ball, p: Ball) -> Ball:
    """Binary relative entropy in nats; infinite where p excludes what q allows."""
    return _times_log(q, q, p) + _times_log(1 - q, 1 - q, 1 - p)


def kl_inverse(q: Ball, c: Ball) -> Ball:
    """Ball that holds every largest p in [q, 1] with kl(q || p) <= c, over the inputs in the balls."""

    def at(x: Ball, y: Ball) -> Ball:
        return -_log_complement(x, _complement(x), y).expm1()

    if q.is_exact() and c.is_exact():
        return at(q, c)
    return at(q.lower(), c.lower()).union(at(q.upper(), c.upper()))


def kl_inverse_lower(q: Ball, c: Ball) -> Ball:
    """Ball that holds every smallest p in [0, q] with kl(q || p) <= c, over the inputs in the balls."""

    def at(x: Ball, y: Ball) -> Ball:
        return _log_complement(_complement(x), x, y).exp()

    if q.is_exact() and c.is_exact():
        return at(q, c)
    return at(q.lower(), c.upper()).union(at(q.upper(), c.lower()))


def binomial_tail_inverse(k: Ball, n: Ball, log_delta: Ball) -> Ball:
    """Ball that holds the largest p with P[Binomial(n, p) <= k] >= exp(log_delta).

    Args:
        k: ball that holds one integer.
        n: ball that holds one integer, >= k.
        log_delta: any ball of levels, <= 0.

    Returns:
        Ball over every level in the ball; 1 where k = n.

    Raises:
        InputError: when k and n are not integers with 0 <= k <= n.
    """
    errors, size = k.unique_fmpz(), n.unique_fmpz()
    if errors is None or size is None or not 0 <= errors <= size:
        raise InputError(f"binomial_tail_inverse needs integers 0 <= k <= n; given k = {k}, n = {n}")
    ends = (log_delta,) if log_delta.is_exact() else (log_delta.lower(), log_delta.upper())
    return reduce(lambda one, other: one.union(other), (_tail_root(int(errors), int(size), a) for a in ends))


def log_star(n: Ball) -> Ball:
    """Rissanen's universal code length in bits: log2 c0 + log2 n + log2 log2 n + ... (positive terms).

    Args:
        n: ball >= 1.

    Returns:
        Ball over every n in the ball.

    Raises:
        InputError: for n below 1.
    """
    if not n >= 1:
        raise InputError(f"log_star({n}): give an integer >= 1")
    two = arb(2).log()
    total = _log_star_constant().log() / two
    term = n
    while not term <= 1:
        # clipped on both sides, so that a ball around 1 ends the sum and loses nothing
        term = (term.max(arb(1)).log() / two).max(arb(0))
        total = total + term
    return total


def _log_star_constant() -> Ball:
    # sum_{n >= 1} 2^-(log2 n + log2 log2 n + ...) to 40 digits; a test recomputes it by Euler-Maclaurin
    return arb("2.8651084158399072801320027477960979662", "1e-30")


def _times_log(weight: Ball, a: Ball, b: Ball) -> Ball:
    """The product weight ln(a / b), with 0 ln(0 / b) = 0."""
    if weight.is_zero():
        return arb(0)
    if b.is_zero() and weight > 0:
        return arb.pos_inf()
    return weight * (a / b).log()


def _complement(x: Ball) -> Ball:
    """1 - x for an exact x, with enough bits to be exact even where x is tiny."""
    with precision(_MOST * ctx.prec):
        return 1 - x


def _log_complement(q: Ball, qc: Ball, c: Ball) -> Ball:
    """The u = ln(1 - p) at the upper inverse of kl(q || p) = c, ends proven; qc = 1 - q."""
    if q >= 1 or qc <= 0 or c == arb.pos_inf():
        return arb.neg_inf()
    if c <= 0:
        return qc.log()
    if q <= 0:
        return -c

    # p <= q + gap, since above q both (p - q)^2 / 2p and (p - q)^2 / 2(1 - q) are at most kl(q || p)
    gap = (c + (c * c + 2 * q * c).sqrt()).min((2 * qc * c).sqrt())
    bound = qc.log() + (-gap / qc).log1p()
    near = qc.log().union(bound)
    if near.rel_accuracy_bits() > ctx.prec - 8:
        return near  # closer to p = q than the enclosure below could be

    # Negative where p = 1 - e^u lies above the root, positive from there to the lower inverse: kl is convex
    def spare(u: Ball) -> tuple[Ball, Ball]:
        p = -u.expm1()
        above = p - q if q < qc else qc - u.exp()  # on the side where 1 - x is not lost in rounding
        return c - _times_log(q, q, p) - qc * (qc.log() - u), above / p

    if gap < 1e-6 * q.min(qc):  # a float could not tell p from q
        return _proven(spare, bound)
    from idbounds.kernels import floats

    rate = floats._Coin(*(_float_array(x) for x in (q, qc, q.log(), qc.log())))
    return _proven(spare, arb(-float(floats._newton(rate, _float_array(c)))))


def _tail_root(k: int, n: int, log_delta: Ball) -> Ball:
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

    guess = floats._tail_root(*(_float_array(x).reshape(1) for x in (arb(k), arb(n), log_delta)))
    return _proven(excess, arb(float(guess[0])))


def _log_mass(k: int, n: int, u: Ball) -> Ball:
    """Logarithm of P[Binomial(n, p) = k] at p = 1 - e^u."""
    choose = arb(n + 1).lgamma() - arb(k + 1).lgamma() - arb(n - k + 1).lgamma()
    return choose + k * (-u.expm1()).log() + (n - k) * u


def _log_tail(k: int, n: int, u: Ball, near: Ball) -> Ball:
    """Logarithm of P[Binomial(n, p) <= k] at p = 1 - e^u, by the quick route where it is about `near`."""
    x, p = u.exp(), -u.expm1()
    if near > -40:  # the complement loses at most 60 bits here and is quick even for k << n
        return (1 - p.beta_lower(arb(k + 1), arb(n - k), 1)).log()
    ratio = k * x / ((n - k + 1) * p)
    if ratio < 1 and ratio**20_000 < arb(2) ** (-ctx.prec):  # at most 20,000 terms
        return _log_mass(k, n, u) + _falling_sum(k, n, x / p, ratio).log()
    return x.beta_lower(arb(n - k), arb(k + 1), 1).log()


def _falling_sum(k: int, n: int, odds: Ball, ratio: Ball) -> Ball:
    """P[X <= k] / P[X = k] = 1 + r_1 + r_1 r_2 + ... with r_i = (k-i+1) odds / (n-k+i) <= ratio < 1."""
    total = term = arb(1)
    floor = arb(2) ** (-ctx.prec - 8)
    for i in range(1, k + 1):
        term = term * ((k - i + 1) * odds / (n - k + i))
        total = total + term
        if term < floor:
            return total.union(total + term * ratio / (1 - ratio))
    return total


def _proven(f: Callable[[Ball], tuple[Ball, Ball]], u: Ball) -> Ball:
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
    for times, slack in ((2, 1), (4, 1), (8, 1), (_MOST, 1), (_MOST, 2), (_MOST, 3)):
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


def _float_array(x: Ball) -> Any:
    import numpy as np

    return np.asarray(float(x))
