"""The words of the bounds once more, in mpmath at 60 digits and by other methods than the package's."""

from mpmath import mp, mpf

mp.dps = 60


def kl(q, p):
    first = q * mp.log(q / p) if q else mpf(0)
    return first + ((1 - q) * mp.log((1 - q) / (1 - p)) if q < 1 else 0)


def kl_inverse(q, c):
    """Bisection on the odds of p, whose logarithm keeps its digits at both ends."""
    if q == 1:
        return mpf(1)
    low, high = mp.log(q / (1 - q)) if q else mpf(-200), (c + 50) / (1 - q)
    for _ in range(240):
        middle = (low + high) / 2
        p = 1 / (1 + mp.exp(-middle))
        if 1 - p == 0 or kl(q, p) > c:
            high = middle
        else:
            low = middle
    return 1 / (1 + mp.exp(-high))


def log_tail(k, n, x):
    """ln P[Binomial(n, p) <= k] at log-odds x, by summing the terms from k downwards."""
    total = term = mpf(1)
    odds = mp.exp(-x)  # (1 - p) / p
    for i in range(k, 0, -1):
        term *= i * odds / (n - i + 1)
        total += term
        if term < total * mpf(10) ** -65:
            break
    choose = mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)
    log_p = -mp.log1p(odds)
    return choose + k * log_p + (n - k) * (log_p - x) + mp.log(total)


def binomial_inverse(k, n, log_delta):
    """Regula falsi on the log-odds of p; for levels below one half."""
    if k == n:
        return mpf(1)
    if k == 0:
        return -mp.expm1(log_delta / n)

    def excess(x):
        return log_tail(k, n, x) - log_delta

    start, step = mp.log(mpf(k) / (n - k)), mpf(1)
    low, high = start, start + step  # at k / n the tail is about one half or more
    while excess(high) > 0:
        low, step = high, 2 * step
        high = start + step
    root = illinois(excess, low, high)
    return 1 / (1 + mp.exp(-root))


def illinois(f, a, b):
    """The root of f between a and b, by regula falsi that halves the weight of an end that does not move."""
    left, right, moved = f(a), f(b), 0
    assert left > 0 >= right
    while True:
        c = (a * right - b * left) / (right - left)
        value = f(c)
        if abs(value) < mpf(10) ** -45 or c in (a, b):
            return c
        if value > 0:
            a, left, right = c, value, right / 2 if moved == 1 else right
        else:
            b, right, left = c, value, left / 2 if moved == -1 else left
        moved = 1 if value > 0 else -1


def occam_nats(code_bits, delta):
    return code_bits * mp.log(2) - mp.log(delta)


def pac_bayes_nats(kl_nats, n, delta):
    return kl_nats + mp.log(2) + mp.log(n) / 2 - mp.log(delta)
