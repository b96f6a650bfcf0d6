"""The words of the bounds once more, in mpmath at 60 digits and by other methods than the package's."""

from mpmath import mp, mpf

mp.dps = 60


def kl(q, p):
    first = q * mp.log(q / p) if q else mpf(0)
    return first + ((1 - q) * mp.log((1 - q) / (1 - p)) if q < 1 else 0)


def kl_inverse(q, c):
    """Newton on the log-odds x of p, from the right: kl is convex in x, of slope p - q, so each step stays there."""
    if q == 1 or c == 0:
        return mpf(q)
    with mp.extradps(20):
        least = kl(q, mpf(1) / 2) - mp.log(2)  # q log q + (1 - q) log(1 - q)
        x, step = (c + 50) / (1 - q), mpf(1)
        while step > mpf(10) ** -65 * (1 + abs(x)):
            p = 1 / (1 + mp.exp(-x))
            # -q log p - (1 - q) log(1 - p), in the form that keeps its digits on this side of one half
            cross = mp.log1p(mp.exp(-abs(x))) + ((1 - q) * x if x > 0 else -q * x)
            step = (least + cross - c) / (p - q)
            x -= step
        found = 1 / (1 + mp.exp(-x))
    return +found


SCALE = 280  # bits behind the point where terms are summed as whole numbers, some hundred times as quickly


def log_tail(k, n, x):
    """ln P[Binomial(n, p) <= k] at log-odds x, by summing the terms from k downwards."""
    k, n = int(k), int(n)
    total = term = 1 << SCALE
    odds = int(mp.ldexp(mp.exp(-x), SCALE))  # (1 - p) / p
    for i in range(k, 0, -1):
        term = term * odds * i // (n - i + 1) >> SCALE
        total += term
        if term < total >> 220:
            break
    choose = mp.loggamma(n + 1) - mp.loggamma(k + 1) - mp.loggamma(n - k + 1)
    log_p = -mp.log1p(mp.exp(-x))
    return choose + k * log_p + (n - k) * (log_p - x) + mp.log(mp.ldexp(total, -SCALE))


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
