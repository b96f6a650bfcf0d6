"""The page of known errors: each described behaviour, re-typed in a few lines and run beside idbounds.

A function here is named after what the program does; it is not the program's code. It returns what is printed, what
is right, and every further number that the page shows. The page's row must hold all of them, and the direction it
states must be true.
"""

import math
import re
from pathlib import Path

import numpy as np
import pytest
from mpmath import mpf
from scipy import optimize, stats
from scipy.integrate import quad
from scipy.special import betainc, expit

from idbounds import binomial_tail_inverse, bounds, kl_inverse
from idbounds.kernels.floats import LOG_STAR_CONSTANT, log_choose, scenario_inverse
from tests.catalogue import oracle

PAGE = Path(__file__).parents[1] / "docs/explain/known-errors.md"
COLUMNS = ("name", "where", "does", "at", "prints", "right", "direction", "matters", "checked")
LINES = re.findall(r"^\| (`\w+` \|.*) \|$", PAGE.read_text("utf-8"), re.MULTILINE)
ROWS = [dict(zip(COLUMNS, line.split(" | "), strict=True)) for line in LINES]
ERRORS = {}


def error(function):
    ERRORS[function.__name__] = function
    return function


def coin_kl(q, p):
    first = q * math.log(q / p) if q > 0 else 0.0
    return first + ((1 - q) * math.log((1 - q) / (1 - p)) if q < 1 else 0.0)


def seeded_inputs():
    """2000 rates up to one half and costs from 1e-4 to 1 nat."""
    rng = np.random.default_rng(0)
    return rng.uniform(0, 0.5, 2000), 10 ** rng.uniform(-4, 0, 2000)


def shortfall(inverse):
    """The share of the seeded inputs at which an inverse is below the truth, and the largest deficit."""
    q, c = seeded_inputs()
    right = kl_inverse(q, c)
    printed = np.array([inverse(*point) for point in zip(q, c, strict=True)])
    below = printed < right * (1 - 2e-15)  # the float itself may be 1.2e-15 too large
    return f"{100 * below.mean():.0f} %", f"{np.max(right - printed):.1e}"


def bisect_to_a_width(q, c):
    low, high, middle = q, 1 - 1e-10, 0.0
    while (high - low) / high >= 1e-5:
        middle = (low + high) / 2
        low, high = (low, middle) if coin_kl(q, middle) > c else (middle, high)
    return middle


def bisect_to_a_tolerance(q, c):
    low, high = q, 1.0
    while (high - low) / 2 >= 1e-9:
        middle = (low + high) / 2
        low, high = (low, middle) if coin_kl(q, middle) > c else (middle, high)
    return (low + high) / 2


def brentq_with_a_cap(q, c):
    def excess(p):
        return coin_kl(q, p) - c

    return 1 - 1e-9 if excess(1 - 1e-9) <= 0 else optimize.brentq(excess, q, 1 - 1e-11)


@error
def last_midpoint():
    printed = bisect_to_a_width(0.02, 0.01)
    return f"{printed:.8f}", f"{kl_inverse(0.02, 0.01):.8f}", *shortfall(bisect_to_a_width)


@error
def last_midpoint_fine():
    printed = bisect_to_a_tolerance(0.02, 0.01)
    return f"{printed:.10f}", f"{kl_inverse(0.02, 0.01):.10f}", *shortfall(bisect_to_a_tolerance)


@error
def loop_never_entered():
    return f"{bisect_to_a_width(0.99999, 0.01):.0f}", f"{kl_inverse(0.99999, 0.01):.6f}"


@error
def capped_below_one():
    below_one = 1 - oracle.kl_inverse(mpf("0.2"), 50)  # too close to 1 for a float
    return f"{brentq_with_a_cap(0.2, 50):.9f}", f"1 - {float(below_one):.0e}", *shortfall(brentq_with_a_cap)


@error
def absolute_tolerance():
    return f"{brentq_with_a_cap(0.0, 1e-14):.0e}", f"{kl_inverse(0, 1e-14):.0e}"


@error
def newton_from_pinsker():
    def newton(q, c):
        p = q + math.sqrt(c / 2)
        if p > 1:
            return 1.0
        for _ in range(5):
            p -= (coin_kl(q, p) - c) / ((1 - q) / (1 - p) - q / p)
        return p

    q, c = seeded_inputs()
    excess = max(newton(*point) / kl_inverse(*point) - 1 for point in zip(q, c, strict=True))
    return f"{newton(0.3, 1.0):.1f}", f"{kl_inverse(0.3, 1.0):.3f}", f"{100 * excess:.0f} %"


@error
def clamped_rates():
    def newton(q, c, tiny=1e-6):
        p, held = q + math.sqrt(c / 2), min(max(q, tiny), 1 - tiny)
        for _ in range(15):
            p = min(p, 1 - 1e-10)
            p -= (coin_kl(held, min(max(p, tiny), 1 - tiny)) - c) / ((1 - q) / (1 - p) - q / p)
        return p

    return f"{newton(0.0, 0.001):.7f}", f"{kl_inverse(0, 0.001):.7f}"


@error
def grid_of_rates():
    rates = np.linspace(1e-6, 1 - 1e-6, 10_000)
    printed = rates[np.argmax(stats.binom.cdf(5, 100, rates) <= 0.05)]
    return f"{printed:.6f}", f"{binomial_tail_inverse(5, 100, math.log(0.05)):.6f}"


@error
def mass_for_tail():
    def first_from_above(k, n, delta):
        rates = np.linspace(1, 0, 100_001)
        enough = stats.binom.pmf(k, n, rates) >= delta
        return rates[np.argmax(enough)] if enough.any() else None

    assert first_from_above(737, 30_000, 0.025) is None
    right = binomial_tail_inverse(737, 30_000, math.log(0.025))
    printed = first_from_above(5, 100, 0.05)
    return f"{printed:.5f}", f"{binomial_tail_inverse(5, 100, math.log(0.05)):.5f}", "None", f"{right:.5f}"


@error
def ten_halvings():
    low, high = 0.0, 1.0
    for _ in range(10):
        middle = (low + high) / 2
        low, high = (middle, high) if stats.binom.cdf(117, 10_000, middle) >= 0.01 else (low, middle)
    right = bounds["test-binomial"](test_errors=117, test_n=10_000, delta=0.01)
    return f"{(low + high) / 2:.5f}", f"{right:.5f}"


@error
def not_a_number():
    def bisect(q, c):
        low, high = np.float64(q), np.float64(1)
        with np.errstate(all="ignore"):
            for _ in range(1000):
                middle = (low + high) / 2
                cost = q * np.log(q / middle) + (1 - q) * np.log((1 - q) / (1 - middle))
                if (high - low) / 2 < 1e-9:
                    break
                high = middle if cost > c else high
                low = middle if cost < c else low
        return middle

    assert bisect(0.1, 0.2) == pytest.approx(kl_inverse(0.1, 0.2), abs=1e-8)
    return f"{bisect(np.float64(0), 1.0):.1f}", f"{kl_inverse(0, 1.0):.3f}", f"{kl_inverse(0, 0.001):.7f}"


@error
def level_underflows():
    def from_scipy(bits):
        level = 0.05 * 2.0**-bits if bits < 1074 else 0.0
        return stats.beta.isf(level, 6813, 50_000 - 6812), stats.beta.ppf(1 - level, 6813, 50_000 - 6812)

    def right(bits):
        return bounds["occam-binomial"](errors=6812, n=50_000, code_bits=bits, delta=0.05)

    assert from_scipy(50)[1] == 1
    return (
        f"{from_scipy(8488)[0]:.1f}", f"{right(8488):.6f}",
        f"{from_scipy(1060)[0]:.4f}", f"{right(1060):.4f}", f"{right(50):.4f}",
    )  # fmt: skip


def catoni_on_the_grid(g, rate, nats, n):
    """Zhou's bound at lambda = e^g; a grid of powers of 1.0001 is paid for."""
    paid = rate + 1.0001 / np.exp(g) * (nats + math.log(20) + 2 * np.log(2 + g / math.log(1.0001)))
    return np.expm1(-np.exp(g) / n * paid) / np.expm1(-np.exp(g) / n)


@error
def bracket_runs_off():
    case = 0.7, 5000 * math.log(2), 60_000
    printed = optimize.minimize_scalar(catoni_on_the_grid, (0, 4 + math.log(60_000)), args=case).fun
    right = catoni_on_the_grid(np.linspace(8, 14, 100_001), *case).min()
    occam = bounds["occam-kl"](train_error=0.7, code_bits=5000, n=60_000)
    return f"{printed:.4f}", f"{right:.4f}", f"{occam:.4f}"


@error
def parenthesis():
    def printed(rate, nats, n, delta):
        return rate + math.sqrt((nats + math.log(2 * math.sqrt(n)) / delta) / (2 * n))

    small = {"gibbs_train_error": 0.1, "kl_nats": 0, "n": 1000, "delta": 0.001}
    large = {"gibbs_train_error": 0.02, "kl_nats": 3000, "n": 60_000, "delta": 0.025}
    right = bounds["mcallester"]
    return tuple(f"{x:.4f}" for case in (small, large) for x in (printed(*case.values()), right(**case)))


@error
def plus_for_times():
    def bisect(k, n, delta):
        low, high = k / n, 1.0
        while high - low > 1e-10:
            t = (low + high) / 2
            left = (
                (delta / 2 - delta / 6)
                + betainc(k + 1, n - k, t)
                + delta / 6 * betainc(k + 1, 4 * n + 1 - k, t)
            )
            right = (1 + delta / 6 / n) * t * n * (betainc(k, n - k + 1, t) - betainc(k + 1, n - k, t))
            low, high = (low, t) if left > right else (t, high)
        return high

    cases = ((10, 100), (1000, 60_000))
    return tuple(
        f"{x:.4f}" for k, n in cases for x in (bisect(k, n, 0.05), scenario_inverse(k, n, math.log(0.05)))
    )


@error
def stirling():
    def log_factorial(n):
        return n * math.log(n) - n + 0.5 * math.log(2 * math.pi * n)

    def printed(n, k):
        return log_factorial(n) - log_factorial(k) - log_factorial(n - k)

    return (
        f"{printed(1000, 10):.4f}",
        f"{log_choose(1000, 10):.4f}",
        f"{printed(100, 1) - log_choose(100, 1):.3f}",
    )


@error
def biased_variance():
    losses = np.array([0.0] * 16 + [1.0] * 4)
    n, nats = len(losses), math.log(2 / 0.05)

    def bernstein(variance, divisor):
        return losses.mean() + math.sqrt(2 * variance * nats / n) + 7 * nats / (3 * divisor)

    printed, right = bernstein(losses.var(), n), bernstein(losses.var(ddof=1), n - 1)
    larger = [0.1 + math.sqrt(0.1 * nats / 1000) + 7 * nats / (3 * divisor) for divisor in (1000, 999)]
    return f"{printed:.4f}", f"{right:.4f}", *(f"{x:.6f}" for x in larger)


@error
def times_for_minus():
    """Largest v1 - v2 with KL(u || v) <= c over three outcomes, by the program's parameter s and by brute force."""
    u1, u2, c = 0.2, 0.1, 0.05

    def printed():
        def phi(s):
            d = u1 + u2 * expit(-s * math.log(2)) + (1 - u1 - u2) * expit(-s)
            return math.log(d) + u2 * np.logaddexp(0, s * math.log(2)) + (1 - u1 - u2) * np.logaddexp(0, s)

        mu = -math.exp(-optimize.bisect(lambda s: phi(s) - c, -10, 800)) - 1
        return (u1 / (mu + 1) - u2 / (mu - 1)) / (u1 / (mu + 1) + u2 / (mu - 1) + (1 - u1 - u2) / mu)

    v1, v2 = np.meshgrid(np.linspace(0.2, 0.5, 3001), np.linspace(0.001, 0.1, 991), indexing="ij")
    cost = u1 * np.log(u1 / v1) + u2 * np.log(u2 / v2) + (1 - u1 - u2) * np.log((1 - u1 - u2) / (1 - v1 - v2))
    return f"{printed():.4f}", f"{np.max((v1 - v2)[cost <= c]):.4f}"


@error
def catoni_parenthesis():
    rate, nats, n, a = 0.1, 20 - math.log(0.05), 1000, 2

    def bound(union):
        s = math.sqrt(2 * a * nats / (n * rate * (1 - rate)))
        paid = nats + 2 * math.log(union(n * s))
        return (1 - math.exp(-rate * s - a / n * paid)) / (1 - math.exp(-s))

    printed = bound(lambda x: math.log(a**2 * x / math.log(a)))
    right = bound(lambda x: math.log(a**2 * x) / math.log(a))
    return f"{printed:.6f}", f"{right:.6f}"


@error
def whole_sample_for_half():
    variance, nats, n, half = 0.05, 10.0, 1000, 500

    def bound(divisor):
        return (
            variance + 2.15 * math.sqrt(variance * nats / (2 * (half - 1))) + 2 * 1.15 * nats / (divisor - 1)
        )

    return f"{bound(n):.4f}", f"{bound(half):.4f}"


@error
def half_the_cost():
    rate, nats, n, delta = 0.1, 300, 60_000, 0.025
    c = (nats + math.log(2 * n / delta)) / (2 * n)
    printed = rate + math.sqrt(2 * rate * c) + 2 * c
    right = bounds["maurer-kl"](gibbs_train_error=rate, kl_nats=nats, n=n, delta=delta)
    return f"{printed:.4f}", f"{right:.4f}"


@error
def whole_data_set():
    """The log states the error, KL / n with n = 60000, and the certificate."""
    nats = 0.00275 * 60_000

    def certificate(n):
        return bounds["maurer-kl"](gibbs_train_error=0.02485, kl_nats=nats, n=n, delta=0.01)

    return f"{certificate(60_000):.5f}", f"{certificate(30_000):.5f}"


@error
def free_choice_of_alpha():
    m, n, vocabulary = 8_009_762, 10_000, 50_257

    def subsampling(alpha, choices):
        nats = math.log(choices / ((1 - n / (n + m)) * 0.05))
        return math.log2(1 + (1 - alpha) * vocabulary / alpha) * math.sqrt(nats / (2 * n))

    rows = [subsampling(a, choices) for a in (0.1, 0.01) for choices in (1, 8)]
    missing = rows[1] - rows[0], rows[3] - rows[2]
    return f"{rows[0]:.3f}", f"{rows[1]:.3f}", *(f"{x:.3f}" for x in missing)


CIFAR = {"train_error": 0.13624, "n": 50_000}


@error
def lengths_beyond_kraft():
    bits = 8464 + 2 * math.log2(8464)
    extra = math.log2(math.pi**2 / 6)
    printed, right = (bounds["occam-kl"](code_bits=b, **CIFAR) for b in (bits, bits + extra))
    assert sum(k**-2.0 for k in range(1, 100)) > 1.6  # the Kraft sum, 2^l strings of each length l
    return f"{printed:.6f}", f"{right:.6f}", f"{extra:.3f}", f"{right - printed:.1e}"


@error
def negative_bits():
    bits = 8464 + 2 * math.log2(8464)
    printed, right = (bounds["occam-kl"](code_bits=b, **CIFAR) for b in (bits - 2, bits))
    return f"{printed:.6f}", f"{right:.6f}", f"{right - printed:.1e}"


@error
def rissanens_constant():
    return "2.865064", f"{LOG_STAR_CONSTANT:.6f}", f"{LOG_STAR_CONSTANT / 2.865064:.7f}"


@error
def two_sided_level():
    printed, right = (kl_inverse(0.02, math.log(sides / 0.01) / 1000) for sides in (2, 1))
    return f"{printed:.5f}", f"{right:.5f}"


@error
def one_delta_for_both():
    """delta_test = 0.01 enters both steps; the delta = 0.025 of the documentation enters neither."""
    case = {"gibbs_train_error": 0.02485, "kl_nats": 165, "n": 30_000}
    printed, documented = (bounds["maurer-kl"](delta=delta, **case) for delta in (0.01, 0.025))
    return f"{printed:.5f}", f"{documented:.5f}"


@error
def one_batch_less():
    def mean(batches):
        last = [index for index, _ in enumerate(batches)][-1]
        return sum(batches) / last

    with pytest.raises(ZeroDivisionError):
        mean([0.02])
    return f"{mean([0.02] * 240):.6f}", f"{0.02:.6f}"


@error
def lopsided_noise():
    """Standard Laplace noise from u = 0.999 U - 0.49999: mean, and what the left and right ends are."""

    def draw(u):
        return -math.copysign(math.log(1 - 2 * abs(u)), u)

    low, high = -0.49999, 0.999 - 0.49999
    mean = quad(draw, low, high, points=[0])[0] / (high - low)
    return f"{mean:.4f}", "0", f"{draw(low):.1f}", f"{draw(high):.1f}"


def test_every_row_of_the_page_is_run_here():
    assert [row["name"].strip("`") for row in ROWS] == list(ERRORS)


@pytest.mark.parametrize("row", ROWS, ids=list(ERRORS))
def test_the_page_is_true(row):
    prints, right, *others = ERRORS[row["name"].strip("`")]()
    assert (row["prints"], row["right"]) == (prints, right)
    for number in others:
        assert re.search(rf"(?<![\d.]){re.escape(number)}(?!\d)", row["matters"]), number
    assert row["checked"] in {"re-typed and run", "R read; formula re-typed and run"}
    a, b = (float(eval(x, {"__builtins__": {}})) for x in (prints, right))  # "1 - 4e-28" is one of them
    assert {
        "invalid": a < b,
        "loose": a > b,
        "vacuous": a == 1 > b,
        "mislabelled": a != b,
        "biased": a != b,
    }[row["direction"]]
