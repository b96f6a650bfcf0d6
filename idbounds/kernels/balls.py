"""Words in ball arithmetic (arb, through python-flint): every result is an interval holding the true value.

An inverse is found by guessing with floating-point-like steps and then *proving* both ends: a trial point is
accepted as an upper end only when ball arithmetic shows that it lies beyond the root.
"""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from functools import partial, reduce
from operator import itemgetter
from typing import Any

from flint import arb, ctx, fmpq

from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.kernels._roots import (
    MOST,
    Ball,
    ends,
    float_array,
    hull,
    proven,
    raised,
    scenario_root,
    tail_root,
)
from idbounds.kernels._roots import log_choose as _log_choose
from idbounds.kernels._roots import precision as precision

MOST_STEPS = 100_000
"""Most integers of a `minimum_over`, as in `floats`."""


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
        Ball over every level in the ball; 1 where k = n. InputError when k and n are not integers with
        0 <= k <= n.
    """
    errors, size = _counts("binomial_tail_inverse", k, n)
    return hull(tail_root(errors, size, level) for level in ends(log_delta))


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


def log1p(x: Ball) -> Ball:
    """ln(1 + x), exact for small x."""
    return x.log1p()


def ceiling(x: Ball) -> Ball:
    """The least integer >= x; where the ball leaves several possible, the hull of them."""
    low, high = x.lower().ceil(), x.upper().ceil()
    return low if low == high else low.union(high)


def minimum(x: Ball, y: Ball) -> Ball:
    """The smaller of two numbers."""
    return x.min(y)


def maximum(x: Ball, y: Ball) -> Ball:
    """The larger of two numbers."""
    return x.max(y)


def power_of_two(x: Ball) -> Ball:
    """2^x."""
    return arb(2) ** x


def psi(u: Ball) -> Ball:
    """Ball that holds u - ln(1 + u) for every u in the ball.

    Args:
        u: ball above -1.

    Returns:
        Ball of full relative accuracy for an exact u, however close to 0.

    Raises:
        InputError: for u at or below -1.
    """
    if not u > -1:
        raise InputError(f"psi({u}): give u > -1")
    # psi falls to 0 at u = 0 and rises from there
    values = hull(map(_psi, ends(u)))
    return values.union(arb(0)) if u.contains(0) else values


def phi_inverse(gamma: Ball, x: Ball) -> Ball:
    """Ball that holds Catoni's (1 - exp(-gamma x)) / (1 - exp(-gamma)) for every gamma and x in the balls.

    Args:
        gamma: ball above 0.
        x: ball around numbers >= 0.

    Returns:
        Ball.

    Raises:
        InputError: for gamma at or below 0, or x below 0.
    """
    if not (gamma > 0 and x.upper() >= 0):
        raise InputError(f"phi_inverse({gamma}, {x}): give gamma > 0 and x >= 0")
    # It rises in x. Its logarithm has slope h(x) - h(1) in gamma, where h(y) = y / (e^(gamma y) - 1) falls
    # in y, so in gamma it rises for x < 1 and falls for x > 1: over a box, the extremes are at corners.
    return hull((-g * y).expm1() / (-g).expm1() for g in ends(gamma) for y in ends(x))


def log_xi(n: Ball) -> Ball:
    """Ball that holds the logarithm of Maurer's xi(n), for every n in the ball.

    Args:
        n: ball >= 1; xi is extended to reals as in the comment below.

    Returns:
        Ball; checked up to n = 1e18.

    Raises:
        InputError: for n below 1.
    """
    if not n >= 1:
        raise InputError(f"log_xi({n}): give n >= 1")

    # Abel's identity sum_k C(n,k) k^k (n-k)^(n-k) = n! sum_{k<=n} n^k / k! makes xi(n) (e/n)^n Gamma(n+1, n),
    # that is 1 + n^(1-n) e^n Gamma(n, n), and the integral of (1 + x/n)^n e^-x over x > 0: it rises in n.
    def at(x: Ball) -> Ball:
        return (1 + (x + (1 - x) * x.log()).exp() * x.gamma_upper(x)).log()

    return hull(raised(partial(at, end)) for end in ends(n))


def log_choose(n: Ball, k: Ball) -> Ball:
    """Ball that holds ln (n! / (k! (n-k)!)) for every 0 <= k <= n in the balls.

    Args:
        n: ball around sizes >= 0, not necessarily integers.
        k: ball around counts.

    Returns:
        Ball, of full relative accuracy for exact numbers; 0 for k = 0 and k = n. InputError when no k in the
        ball is between 0 and n.
    """
    # it rises in n; in k it has slope digamma(n-k+1) - digamma(k+1), so it rises up to n/2
    return _over_counts("log_choose", _log_choose, n, k)


def log_peak(k: Ball, n: Ball) -> Ball:
    """Ball that holds the logarithm of P[Binomial(n, k/n) = k] for every 0 <= k <= n in the balls.

    Args:
        k: ball around counts, not necessarily integers.
        n: ball around sizes.

    Returns:
        Ball, of full relative accuracy for exact numbers; 0 for k = 0 and k = n. InputError when no k in the
        ball is between 0 and n.
    """

    # The slope in k is v(k) - v(n-k) with v(x) = ln x - digamma(x+1), which rises, since trigamma(x+1) < 1/x:
    # so it falls up to n/2. The slope in n is v(n-k) - v(n): it falls in n.
    def at(size: Ball, count: Ball) -> Ball:
        rest = size - count
        return _log_choose(size, count) + _times_log(count, count, size) + _times_log(rest, rest, size)

    return _over_counts("log_peak", at, n, k)


def scenario_inverse(k: Ball, n: Ball, log_delta: Ball) -> Ball:
    """Ball that holds Campi and Garatti's (2023) risk level of a preferent compression to k of n examples.

    It is 1 for k = n, and else the larger root e of
    (delta/2n) sum_{m=k}^{n-1} C(m,k) (1-e)^(m-n) + (delta/6n) sum_{m=n+1}^{4n} C(m,k) (1-e)^(m-n) = C(n,k).

    Args:
        k: ball that holds one integer.
        n: ball that holds one integer, >= max(k, 1).
        log_delta: any ball of levels, <= 0.

    Returns:
        Ball over every level in the ball.

    Raises:
        InputError: when k and n are not integers with 0 <= k <= n, 1 <= n, or log_delta is positive.
    """
    kept, size = _counts("scenario_inverse", k, n)
    if size == 0 or not log_delta.lower() <= 0:
        raise InputError(f"scenario_inverse({k}, {n}, {log_delta}): give n >= 1 and log_delta <= 0")
    # it falls in delta: the left side grows with delta, and its largest root moves down
    return hull(scenario_root(kept, size, level.min(arb(0))) for level in ends(log_delta))


def minimum_over(body: Callable[[Ball], Ball], low: Ball, high: Ball) -> Ball:
    """Ball that holds the least value of a sentence over the integers from low to high.

    Args:
        body: ball to ball.
        low: ball around an integer.
        high: ball around an integer.

    Returns:
        Ball; positive infinity where there is no integer. Where an end's ball leaves several integers
        possible, the hull of all results.

    Raises:
        InputError: for an end that is no integer, or more than 100,000 integers.
    """
    first, start = _integers(low)
    stop, last = _integers(high)
    if last - first >= MOST_STEPS:
        raise InputError(f"minimum_over from {first} to {last}: give at most {MOST_STEPS} integers")
    values = {j: body(arb(j)) for j in range(first, last + 1)}
    # from the shortest possible range to the longest, the least value falls
    ranges = {(start, stop), (first, last)}
    return hull(reduce(minimum, (values[j] for j in range(i, k + 1)), arb.pos_inf()) for i, k in ranges)


def infimum_over(body: Callable[[Ball], Ball], low: Ball, high: Ball) -> Ball:
    """Ball of a sentence at one exact point of [low, high], about where it is least.

    The point is found by golden-section search: where the sentence falls and then rises, the value at it is
    the infimum to all but 20 of the bits. What is proven for any sentence: the upper end of the ball is not
    below the infimum, since the point lies in the range.

    Args:
        body: ball to ball; where it is not finite it counts as infinite.
        low: ball.
        high: ball.

    Returns:
        Ball.

    Raises:
        InputError: for ends that are not finite, or where low > high.
    """
    if low > high or not (low.is_finite() and high.is_finite()):
        raise InputError(f"infimum_over from {low} to {high}: give finite ends with low <= high")
    if not low.upper() < high.lower():
        return body(low.union(high))  # the range may be a point, and that point is in the hull
    return _golden_section(body, low.upper(), high.lower())


def _log_star_constant() -> Ball:
    # sum_{n >= 1} 2^-(log2 n + log2 log2 n + ...) to 40 digits; a test recomputes it by Euler-Maclaurin
    return arb("2.8651084158399072801320027477960979662", "1e-30")


def _counts(word: str, k: Ball, n: Ball) -> tuple[int, int]:
    """The two integers that the balls hold."""
    count, size = k.unique_fmpz(), n.unique_fmpz()
    if count is None or size is None or not 0 <= count <= size:
        raise InputError(f"{word} needs integers 0 <= k <= n; given k = {k}, n = {n}")
    return int(count), int(size)


def _integers(x: Ball) -> tuple[int, int]:
    """The smallest and the largest integer in a ball."""
    low, high = x.lower().ceil().unique_fmpz(), x.upper().floor().unique_fmpz()
    if low is None or high is None or low > high:
        raise InputError(f"a range of integers ends at integers; given {x}")
    return int(low), int(high)


def _over_counts(word: str, f: Callable[[Ball, Ball], Ball], n: Ball, k: Ball) -> Ball:
    """Hull of f(n, k) for an f that is monotone in n, is 0 at k = 0 and k = n, and turns at k = n/2 only."""
    if not (k.upper() >= 0 and n.upper() >= k.lower()):
        raise InputError(f"{word} needs 0 <= k <= n; given k = {k}, n = {n}")
    corners = []
    for size in ends(n):
        # k <= n cuts the box; on the cut, f is 0
        counts = [count.max(arb(0)).min(size) for count in ends(k)]
        inside = [size / 2] if counts[0] < size / 2 < counts[-1] else []
        corners += [(size, count) for count in counts + inside]
    return hull(raised(partial(f, *pair)) if 0 < pair[1] < pair[0] else arb(0) for pair in corners)


def _psi(u: Ball) -> Ball:
    """The function psi at an exact u."""
    if abs(u) < arb(2) ** -ctx.prec:  # by its series: closer than the enclosure below could be
        return u * u / 2 * (1 + abs(u) * arb(0, 1))
    return u if u.is_zero() else raised(lambda: u - u.log1p())


def _golden_section(body: Callable[[Ball], Ball], low: Ball, high: Ball) -> Ball:
    """The lowest ball met on the way to the minimum of a sentence that falls and then rises; exact ends."""

    def look(x: Ball) -> tuple[Ball, Ball, Ball]:
        value = body(x)
        value = value if value.is_finite() else arb.pos_inf()
        return value.upper(), x, value

    height = itemgetter(0)
    share = (3 - arb(5).sqrt()) / 2
    near, close = arb(2) ** (20 - ctx.prec), arb(2) ** (-ctx.prec // 2)
    places = (low, (low + share * (high - low)).mid(), (high - share * (high - low)).mid(), high)
    a, b, c, d = map(look, places)
    best = min(a, b, c, d, key=height)
    for _ in range(2 * ctx.prec):
        spread, width = max(a, b, c, d, key=height)[0] - best[0], d[1] - a[1]
        if spread <= near * abs(best[0]) or width <= close * abs(best[1]):
            break
        if b[0] <= c[0]:
            a, b, c, d = a, look((a[1] + share * (c[1] - a[1])).mid()), b, c
            best = min(best, b, key=height)
        else:
            a, b, c, d = b, c, look((d[1] - share * (d[1] - b[1])).mid()), d
            best = min(best, c, key=height)
    return best[2]


def _times_log(weight: Ball, a: Ball, b: Ball) -> Ball:
    """The product weight ln(a / b), with 0 ln(0 / b) = 0."""
    if weight.is_zero():
        return arb(0)
    if b.is_zero() and weight > 0:
        return arb.pos_inf()
    return weight * (a / b).log()


def _complement(x: Ball) -> Ball:
    """1 - x for an exact x, with enough bits to be exact even where x is tiny."""
    with precision(MOST * ctx.prec):
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
        return proven(spare, bound)
    from idbounds.kernels import floats

    rate = floats._Coin(*(float_array(x) for x in (q, qc, q.log(), qc.log())))
    return proven(spare, arb(-float(floats._newton(rate, float_array(c)))))
