"""The words as functions of single numbers: plain Python, which `floats` has compiled for large arrays.

Nothing here checks its input; `floats` does. kernels.js says the same in JavaScript. A rate q inside (0, 1)
comes with its complement qc; a rate p above it is held as t = ln(qc / (1 - p)) > 0, so that neither a small
gap between the two nor a small 1 - p is lost in rounding. Where Python would raise (ln 0, a division by 0)
and a compiled program would give an infinity, the case is taken out beforehand.
"""

from __future__ import annotations

import math

import numpy as np

EPSILON = 2.0**-52
SLACK = 4e-13  # relative; the inverses of binomial tails err by 1e-13 at most (see numerics.md)
LOG_HALF = -math.log(2)
FAR = 37.0  # an integrand e^-37 of its largest value ends a quadrature
STEPS = 16  # Stirling's series serves from here on; below, the recursion


def _rule(size: int, linear: float) -> tuple[tuple[float, float], ...]:
    """Gauss and Legendre's rule in v, as points s = v (linear + (1 - linear) v) of [0, 1] and weights."""
    nodes, weights = np.polynomial.legendre.leggauss(size)
    v, rest = (1 + nodes) / 2, 1 - linear
    return tuple(
        zip((v * (linear + rest * v)).tolist(), (weights * (linear / 2 + rest * v)).tolist(), strict=True)
    )


COARSE, FINE = _rule(10, 0.25), _rule(28, 0.25)  # to 1e-3 and to 1e-14; denser near 0, where integrands bend
SHORT = _rule(4, 1.0)


def log1pmx(x: float) -> float:
    """The difference ln(1+x) - x without cancellation, for x > -1."""
    y = x / (2 + x)
    if abs(y) > 0.25:
        return math.log1p(x) - x
    # ln(1+x) = 2 artanh y and 2y - x = -x y; the series in z = y^2 is summed in two halves, which a processor
    # does at the same time
    z = y * y
    u = z * z
    even = 1 / 3 + u * (1 / 7 + u * (1 / 11 + u * (1 / 15 + u * (1 / 19 + u * (1 / 23)))))
    odd = 1 / 5 + u * (1 / 9 + u * (1 / 13 + u * (1 / 17 + u * (1 / 21 + u * (1 / 25)))))
    return y * (2 * z * (even + z * odd) - x)


def psi(u: float) -> float:
    """The word."""
    value = -log1pmx(u)
    return value + value * 2e-15


def kl(q: float, p: float) -> float:
    """The word."""
    if q == 0 or p == 1:
        return 0.0 if q == p else math.inf if p == 1 else -math.log1p(-p)
    if q == 1 or p == 0:
        return -math.log(p) if p > 0 else math.inf
    # the first-order terms of the two logarithms cancel exactly, so near p = q only the remainders are summed
    qc = 1 - q
    x, y = (p - q) / q, (q - p) / qc
    if max(x, y) < 2 and min(x, y) > -0.6:
        return -q * log1pmx(x) - qc * log1pmx(y)
    first = math.log(q / p) if q <= 0.5 and p > 1e-307 else math.log(q) - math.log(p)
    second = math.log(qc / (1 - p)) if q > 0.5 else math.log1p(-q) - math.log1p(-p)
    return q * first + qc * second


def kl_above(q: float, qc: float, t: float) -> tuple[float, float]:
    """Relative entropy kl(q || p) at 1 - p = qc e^-t, for q >= 1e-307; and w = (p - q) / qc = 1 - e^-t."""
    w = -math.expm1(-t)
    x = w * (qc / q)
    if w < 0.4 and x < 0.6:
        return -qc * log1pmx(-w) - q * log1pmx(x), w
    return qc * t - q * math.log1p(x), w


def kl_root(q: float, qc: float, c: float) -> tuple[float, float]:
    """The t with kl_above(q, qc, t) = c > 0, and w = 1 - e^-t."""
    q, c = max(q, 1e-307), max(c, 1e-307)  # subnormal numbers are raised, which raises the root
    # the start is right to second order for small c and to first order for large c: within 5% everywhere
    scale, bend = c / qc, (1 + qc) / 3
    t = bend * scale + math.sqrt(scale) * math.sqrt(2 * q + (1 - bend) * (1 - bend) * scale)
    w = 1.0
    for _ in range(60):
        if t > 1e100:  # where the start is right to all digits
            break
        value, w = kl_above(q, qc, t)
        rest = 1 - w if w < 0.5 else math.exp(-t)
        # Householder's step of order 4: the derivatives of kl in t are x / (1 + x), odds / (1 + x),
        # -odds (1 + 2 odds) / (1 + x)
        odds, i = qc * rest / (q + qc * w), 1 / (w * (qc / q))
        h = (value - c) * (1 + i)
        a, b = h * odds * i, -h * (1 + 2 * odds)
        d = h * (6 - 3 * a) / (6 - a * (6 - b))
        t -= d
        if abs(d) <= 1e-4 * t:  # what is left is about 1e-16 of t
            w -= rest * d * (1 + d * (0.5 + d / 6))
            break
    return t, w


def kl_inverse(q: float, c: float) -> float:
    """The word."""
    if c == 0 or q == 1:
        return q
    p = -math.expm1(-c) if q == 0 else q + (1 - q) * kl_root(q, 1 - q, c)[1]
    return min(max(p + p * 5.6e-16, q), 1.0)


def kl_inverse_lower(q: float, c: float) -> float:
    """The word: the mirror image of `kl_inverse`."""
    if c == 0:
        return q
    if q <= 1e-300:  # no relative precision is left among the subnormals
        return 0.0
    t = min(c if q == 1 else kl_root(1 - q, q, c)[0], 800.0)
    p = q * math.exp(-t) * (1 - 4 * EPSILON * (1 + t))  # inherits the absolute error of t, a few eps t
    return p if p > 1e-300 else 0.0


def stirling_error(x: float) -> float:
    """Stirling's error ln x! - ((x + 1/2) ln x - x + ln sqrt(2 pi)), for x > 0."""
    total = 0.0
    while x < STEPS:
        total += (x + 0.5) * math.log1p(1 / x) - 1
        x += 1
    i = 1 / (x * x)
    return total + (1 / 12 - (1 / 360 - (1 / 1260 - (1 / 1680 - i / 1188) * i) * i) * i) / x


def stirling_slope(x: float) -> float:
    """The derivative of Stirling's error, for x > 0."""
    total = 0.0
    while x < STEPS:
        total += math.log1p(1 / x) - (x + 0.5) / (x * (x + 1))
        x += 1
    i = 1 / (x * x)
    return total - (1 / 12 - (1 / 120 - (1 / 252 - (1 / 240 - i / 132) * i) * i) * i) * i


def stirling_rise(x: float, m: float) -> float:
    """Stirling's error at x + m less that at x >= 1/2; for small m by Gauss and Legendre on the slope."""
    if m > 1 / 16:
        return stirling_error(x + m) - stirling_error(x)
    total = 0.0
    for point, weight in SHORT:
        total += weight * stirling_slope(x + m * point)
    return m * total


def peak(k: float, n: float) -> float:
    """The word log_peak before it is rounded up, for 0 < k < n."""
    m = min(k, n - k)
    if m >= 1:
        stirling = stirling_error(n) - stirling_error(m) - stirling_error(n - m)
        return stirling - 0.5 * math.log(2 * math.pi * m * ((n - m) / n))
    # Stirling's error and the logarithm grow and cancel as m falls, so ln m! comes by recursion from
    # (m + 16)! / 16!, in which every term is a multiple of m
    log_factorial = stirling_rise(STEPS, m) + (STEPS + 0.5) * math.log1p(m / STEPS) - m
    log_factorial += m * math.log(STEPS + m)
    for j in range(1, STEPS + 1):
        log_factorial -= math.log1p(m / j)
    return m * math.log(m) - m - log_factorial + stirling_rise(n - m, m) - 0.5 * math.log1p(-m / n)


def log_peak(k: float, n: float) -> float:
    """The word."""
    value = peak(k, n) if 0 < k < n else 0.0
    return value - value * 1e-14


def log_choose(n: float, k: float) -> float:
    """The word: the peak of the binomial law and n times the entropy of k / n."""
    if k == 0 or k == n:
        return 0.0
    m = min(k, n - k)
    value = peak(m, n) - m * math.log(m / n) - (n - m) * math.log1p(-m / n)
    return value + value * 1.5e-15


def log_xi(n: float) -> float:
    """The word, by xi(n) = 1 + Q(n) with Ramanujan's Q(n) = 1 + (1 - 1/n) (1 + (1 - 2/n) (1 + ...))."""
    if n < 160:
        q = 1.0
        for j in range(int(n) - 1, 0, -1):
            q = 1 + (1 - j / n) * q
    else:  # 2 Q(n) + D(n) = n! e^n / n^n with Ramanujan's D(n) = 2/3 + 8/(135 n) - ... (Knuth 1.2.11.3)
        i = 1 / n
        d = 32 / 8505 - (17984 / 12629925 + i * 668288 / 492567075) * i
        d = 2 / 3 + (8 / 135 - (16 / 2835 + d * i) * i) * i
        q = (math.sqrt(2 * math.pi * n) * math.exp(stirling_error(n)) - d) / 2
    value = math.log1p(q)
    return value + value * 6e-16


def tail_over_mass(k: float, n: float, odds: float, rule: tuple[tuple[float, float], ...]) -> float:
    """P[X <= k] / P[X = k] for X ~ Binomial(n, p) with odds = (1-p)/p, 0 < k < n and n p not much below k."""
    # The incomplete beta integral over (1-p) e^-s is (n-k) times the integral of exp(-g) with g convex,
    # g(s) = (n-k) s - k ln(1 + odds (1 - e^-s)). Gauss and Legendre's rule, up to where exp(-g) is below
    # 1e-16, costs the same for every n. g(s) <= g'(0) s + g''(0) s^2 / 2, so the end is not before this one
    end = FAR / (max(n - k - k * odds, 0.0) + math.sqrt(FAR * k * odds * (1 + odds)))
    while (n - k) * end - k * math.log1p(-odds * math.expm1(-end)) < FAR:
        end *= 1.5
    total = 0.0
    for point, weight in rule:
        s = end * point
        total += weight * math.exp(k * math.log1p(-odds * math.expm1(-s)) - (n - k) * s)
    return (n - k) * end * total


def tail_root(k: float, n: float, log_delta: float) -> float:
    """The t = ln((1 - k/n) / (1 - p)) where P[Binomial(n, p) <= k] = exp(log_delta) < 1/2, 0 < k < n."""
    q, qc, top = max(k / n, 1e-307), (n - k) / n, peak(k, n)
    t = kl_root(q, qc, -log_delta / n)[0]  # Chernoff's bound
    fine = False
    for _ in range(60):
        if t > 1e100:
            break
        value, w = kl_above(q, qc, t)
        odds = qc * math.exp(-t) / (q + qc * w)
        ratio = tail_over_mass(k, n, odds, FINE) if fine else tail_over_mass(k, n, odds, COARSE)
        excess = top - n * value + math.log(ratio) - log_delta
        # Householder's step of order 4 in -t: the derivative of the tail's logarithm is the density over the
        # tail, that of the density's is slope
        density, slope = (n - k) / ratio, n - k - k * odds
        h, a = excess / density, slope - density
        b = a * (slope - 2 * density) - k * odds * (1 + odds)
        new, least = t + h * (1 - h * a / 2) / (1 - h * a + h * h * b / 6), 0.5 * t
        t = max(new, least)
        if fine and abs(excess) <= 1e-4 and new >= least:  # a step cut short has not arrived
            break
        fine = fine or abs(excess) <= 0.1
    return t


def binomial_tail_inverse(k: float, n: float, log_delta: float) -> float:
    """The word."""
    if k > n - 1 or log_delta == -math.inf:
        return 1.0
    if log_delta == 0:
        return 0.0
    if k == 0:
        p = -math.expm1(log_delta / n)
    elif log_delta < LOG_HALF:
        p = k / n - (n - k) / n * math.expm1(-tail_root(k, n, log_delta))
    else:  # through the other tail: P[X <= k] = 1 - P[n - X <= n - k - 1], and n - X has rate 1 - p
        other = math.log(-math.expm1(log_delta))
        k = n - k - 1
        p = (n - k) / n * math.exp(-tail_root(k, n, other)) if k > 0 else math.exp(other / n)
    return min(p + p * SLACK, 1.0)


def scenario_excess(k: float, n: float, log_delta: float, t: float) -> tuple[float, float]:
    """Logarithm of left side over right side in the equation of `scenario_root`, p = 1 - e^-t; slope in t."""
    p, more = -math.expm1(-t), 4 * n + 1
    inner, outer, tail, far_tail = -n * t, -more * t, 1.0, 1.0
    if k > 0:
        odds = math.exp(-t) / p
        inner = peak(k, n) - n * kl_above(k / n, (n - k) / n, t + math.log1p(-k / n))[0]
        outer = peak(k, more) - more * kl_above(k / more, (more - k) / more, t + math.log1p(-k / more))[0]
        tail, far_tail = tail_over_mass(k, n, odds, FINE), tail_over_mass(k, more, odds, FINE)
    left = (1 - math.exp(inner) * tail) / 3 + (1 - math.exp(outer) * far_tail) / 6
    right = math.log1p(math.exp(log_delta) / (6 * n)) + math.log(n * p) + inner
    rise = ((n - k) * math.exp(inner) / 3 + (more - k) * math.exp(outer) / 6) / left
    return log_delta + math.log(left) - right, rise + (n + 1) - (k + 1) / p


def scenario_root(k: float, n: float, log_delta: float) -> float:
    """The t = -ln(1 - p) of the largest root p of the equation that defines the word, for 0 <= k <= n - 1."""
    # (delta / 3) P[Binomial(n, p) > k] + (delta / 6) P[Binomial(4n+1, p) > k]
    #     = (1 + delta / (6 n)) n p P[Binomial(n, p) = k]
    # at p = k / n the left side is below the right one; where n kl(k/n || p) = ln(7 n / delta) it is above,
    # because the tails above k are at least 1/2 there, and the probability of k is at most e^(-n kl)
    low, high = 0.0, (math.log(7 * n) - log_delta) / n
    if k > 0:
        low = -math.log1p(-k / n)
        high = low + kl_root(k / n, (n - k) / n, high)[0]
    t = high
    for _ in range(200):
        value, slope = scenario_excess(k, n, log_delta, t)
        if value > 0:
            high = t
        else:
            low = t
        new = t - value / slope
        if abs(new - t) <= 1e-15 * t or not low < high:
            return max(t, new)
        t = new if low < new < high else (low + high) / 2
    return high


def scenario_inverse(k: float, n: float, log_delta: float) -> float:
    """The word."""
    if k > n - 1 or log_delta == -math.inf:
        return 1.0
    p = -math.expm1(-scenario_root(k, n, log_delta))
    return min(p + p * SLACK, 1.0)
