"""Bounds from intrinsic dimension: quantised subspaces, covering numbers, fractal dimensions."""

import numpy as np
from mpmath import mp, mpf
from scipy.stats import binom

from idbounds import bounds
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, minimum, sqrt
from tests.catalogue import oracle
from tests.catalogue.worlds import DELTA, DRAWS, SIZE, worst_risk

BITS = {"d": 2, "bits_per_coordinate": 2, "header_bits": 2}  # 4 seeds with 16 points each
KNOTS, STEEP = 100_000, 50_000  # a loss that goes from 0 to 1 between neighbouring knots of [-1, 1]


def code_nats(d, bits_per_coordinate, header_bits, delta):
    return mp.log(2) * (header_bits + bits_per_coordinate * d) - mp.log(delta)


def covering_nats(d, radius, covering_scale, delta):
    return d * mp.log((covering_scale + 2 * radius) / covering_scale) - mp.log(delta)


def _lotfi(train_error, plain_bits, header_bits, n, delta):
    from tests.catalogue.families import ORACLE as ALL

    nats = mp.log(plain_bits * (plain_bits + 1)) + (header_bits + plain_bits) * mp.log(2)
    return ALL["catoni-zhou"](gibbs_train_error=train_error, kl_nats=nats, n=n, delta=delta)


def _covering(train_error, d, lipschitz, radius, covering_scale, n, delta):
    move = 2 * lipschitz * covering_scale
    return train_error + move + mp.sqrt(covering_nats(d, radius, covering_scale, delta) / n / 2)


def _covering_kl(train_error, d, lipschitz, radius, covering_scale, n, delta):
    move = lipschitz * covering_scale
    nats = covering_nats(d, radius, covering_scale, delta)
    return move + oracle.kl_inverse(min(train_error + move, mpf(1)), nats / n)


def _covering_grid(radius, delta, **known):
    scales = [(radius or 1) / mpf(2) ** j for j in range(32)]  # at radius 0 only the ratio matters
    if not radius:
        known["lipschitz"] = mpf(0)
    return min(_covering(radius=radius or 1, covering_scale=s, delta=delta / 32, **known) for s in scales)


ORACLE = {
    "aghajanyan": lambda train_error, d, n: train_error + mp.sqrt(d) / mp.sqrt(n),
    "subspace-binomial": lambda errors, n, **code: oracle.binomial_inverse(
        int(errors), int(n), -code_nats(**code)
    ),
    "subspace-kl": lambda train_error, n, **code: oracle.kl_inverse(train_error, code_nats(**code) / n),
    "lotfi-subspace": _lotfi,
    "lipschitz-covering": _covering,
    "lipschitz-covering-kl": _covering_kl,
    "lipschitz-covering-grid": _covering_grid,
}


def _some_point_fails(bound):
    """Some of the 64 points that the code can name has more risk than its bound."""
    known = {"errors": np.arange(SIZE + 1), "n": SIZE, "delta": DELTA} | BITS
    risk = worst_risk(bounds["subspace-binomial"](**known))
    counts = np.random.default_rng(2).binomial(SIZE, risk, (DRAWS, 64))
    return np.any(bound(**known)[counts] < risk, axis=1)


def least_count(rng, log_number, n):
    """The fewest errors of exp(log_number) independent predictors with risk one half on n examples, drawn DRAWS times."""
    tail = binom.logcdf(np.arange(n + 1), n, 0.5)
    with np.errstate(divide="ignore"):  # where the tail is 1
        rate = np.where(tail < -30, tail, np.log(-np.log1p(-np.exp(tail))))
    return np.searchsorted(log_number + rate, np.log(rng.exponential(size=DRAWS)))


def _seed_after_sample(bound):
    """The best of 65,536 seeds with 16 points each is taken, and charged as one of four; all risks are one half."""
    least = least_count(np.random.default_rng(3), 20 * np.log(2), SIZE)
    return bound(errors=least, n=SIZE, delta=DELTA, **BITS) < 0.5


def _best_message_fails(bound, plain_bits=60, header_bits=60):
    """The best of 2^120 predictors with risk one half."""
    n = 1000
    least, where = np.unique(least_count(np.random.default_rng(8), 120 * np.log(2), n), return_inverse=True)
    return (
        bound(train_error=least / n, plain_bits=plain_bits, header_bits=header_bits, n=n, delta=DELTA)[where]
        < 0.5
    )


def _message_after_sample(bound):
    """A decoder made after the sample was seen turns a few bits into the best predictor."""
    return _best_message_fails(bound, plain_bits=2, header_bits=0)


def _best_knot_fails(bound, radius=1.0):
    """Losses that are coins at 100,000 knots of [-1, 1], and linear between: the best knot, with risk one half."""
    rate = least_count(np.random.default_rng(9), np.log(KNOTS), SIZE) / SIZE
    scale = {} if "grid" in bound.id else {"covering_scale": 1e-7}
    return bound(train_error=rate, d=1, lipschitz=STEEP, radius=radius, n=SIZE, delta=DELTA, **scale) < 0.5


def _outside_the_ball(bound):
    """The ball was drawn around the best knot."""
    return _best_knot_fails(bound, radius=1e-9)


_SUBSPACE = ("subspace-binomial", "subspace-kl")
_COVERING = ("lipschitz-covering", "lipschitz-covering-kl", "lipschitz-covering-grid")

WORLDS = (
    dict.fromkeys(_SUBSPACE, _some_point_fails)
    | dict.fromkeys(_COVERING, _best_knot_fails)
    | {"lotfi-subspace": _best_message_fails}
)
MUTANTS = {
    "subspace-binomial": [
        lambda k, d, b, h, m, δ: binomial_tail_inverse(k, m, log(δ) - d * log(2)),
        lambda k, d, b, h, m, δ: binomial_tail_inverse(k, m, log(δ) - d * b * log(2)),
        lambda k, d, b, h, m, δ: binomial_tail_inverse(k, m, log(2 * δ) - (d * b + h) * log(2)),
    ],
    "subspace-kl": [lambda R, d, b, h, m, δ: kl_inverse(R, log(1 / δ) / m)],
    "lotfi-subspace": [
        lambda R, C, h, m, δ: bounds["catoni-zhou"].says(R, C * log(2), m, δ),
        lambda R, C, h, m, δ: bounds["catoni-zhou"].says(R, h * log(2), m, δ),
    ],
    "lipschitz-covering": [lambda R, d, L, ρ, ε, m, δ: R + 2 * L * ε + sqrt((d + log(1 / δ)) / (2 * m))],
    "lipschitz-covering-kl": [
        lambda R, d, L, ρ, ε, m, δ: L * ε + kl_inverse(minimum(1, R + L * ε), (d + log(1 / δ)) / m)
    ],
    "lipschitz-covering-grid": [lambda R, d, L, ρ, m, δ: R + sqrt((d + log(1 / δ)) / (2 * m))],
}
BROKEN = (
    dict.fromkeys(_SUBSPACE, ("code_before_sample", _seed_after_sample))
    | dict.fromkeys(_COVERING, ("lipschitz_in_ball", _outside_the_ball))
    | {"lotfi-subspace": ("code_before_sample", _message_after_sample)}
)
