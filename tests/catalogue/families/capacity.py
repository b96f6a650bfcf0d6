"""Capacity baselines: VC, Rademacher, norms and margins, which show why counting parameters says nothing."""

import numpy as np
from mpmath import mp, mpf

from idbounds.functions import log, minimum, sqrt
from tests.catalogue.worlds import DELTA, DRAWS


def sauer(d, n):
    """The logarithm of (2 e n / d)^d, and of e^2n where d exceeds 2n."""
    return 2 * n if d > 2 * n else d * mp.log(2 * mp.e * n / d)


def uniform(train_error, patterns, n, delta):
    x = (n + 1) * (patterns + mp.log(2) - mp.log(delta))
    return train_error + (1 + mp.sqrt(x)) / n


def network(train_error, network_weights, network_layers, network_units, n, delta):
    """Layer after layer the factor 2 (4 e n U / w)^w."""
    w = mp.mpf(min(network_weights, 2 * n * network_units))
    return uniform(
        train_error, network_layers * (mp.log(2) + w * mp.log(4 * mp.e * n * network_units / w)), n, delta
    )


def margin_bound(margin_train_error, complexity, margin, margins, n, delta):
    return (
        margin_train_error + 2 * complexity / margin + mp.sqrt(mpf(9) / 2 * mp.log(2 * margins / delta) / n)
    )


def frobenius(frobenius_product, input_norm, network_layers, classes, n, **rest):
    c = 2 + mp.log(mpf(4) ** (network_layers - 1)) + mp.sqrt(4 * mp.log(mpf(4) ** (network_layers - 1)))
    return margin_bound(complexity=2 * frobenius_product * input_norm * mp.sqrt(classes / n * c), n=n, **rest)


def path(path_norm, input_peak, network_layers, network_inputs, classes, n, **rest):
    nats = mp.log(mpf(2) ** network_layers * network_inputs * classes)
    return margin_bound(complexity=path_norm * input_peak * mp.sqrt(8 * nats / n), n=n, **rest)


ORACLE = {
    "vc": lambda train_error, vc_dimension, n, delta: (
        train_error + mp.sqrt(8 / n * (sauer(vc_dimension, n) + mp.log(4) - mp.log(delta)))
    ),
    "vc-sharp": lambda train_error, vc_dimension, n, delta: uniform(train_error, sauer(vc_dimension, n), n, delta),
    "vc-network": network,
    "rademacher-margin": lambda rademacher, **rest: margin_bound(complexity=rademacher, **rest),
    "frobenius-golowich": frobenius,
    "path-norm": path,
    "spectral-bartlett": lambda margin_train_error, spectral_complexity, input_norm, network_width, margin, n, delta: (
        margin_train_error
        + spectral_complexity * input_norm / margin * mp.log(network_width) / mp.sqrt(n)
        + mp.sqrt(-mp.log(delta) / n)
    ),
    "spectral-neyshabur": lambda margin_train_error, spectral_product, stable_ranks, input_bound, network_layers, network_width, margin, n, delta: (
        margin_train_error
        + mp.sqrt(
            spectral_product**2 * stable_ranks * input_bound**2 * network_layers**2 * network_width
            * mp.log(network_layers * network_width) + mp.log(network_layers) + mp.log(n) - mp.log(delta)
        ) / margin / mp.sqrt(n)
    ),
    "distance-from-initialisation": lambda train_error, initial_distance, n: (
        train_error + mp.sqrt(initial_distance**2 / n)
    ),
}  # fmt: skip

SIZE, ATOMS = 400, 4000


def memoriser():
    """A predictor that is right on all inputs it has seen and wrong on all others, of 4000 equally likely ones.

    It is linear on the one-hot inputs, with weights +1/2 and -1/2 for two classes: its margins are 1 in size.

    Returns:
        Its risk in each draw, and how often the commonest input was seen.
    """
    seen = np.sort(np.random.default_rng(8).integers(0, ATOMS, (DRAWS, SIZE), np.uint16), axis=1)
    risk = 1 - (1 + np.count_nonzero(np.diff(seen, axis=1), axis=1)) / ATOMS
    often = np.ones(DRAWS, int)
    for k in range(1, SIZE):
        more = np.any(seen[:, k:] == seen[:, :-k], axis=1)
        if not more.any():
            break
        often[more] = k + 1
    return risk, often


def _world(**capacity):
    """Whether the memoriser's risk exceeds the bound, which sees no training error."""

    def fails(bound):
        risk, often = memoriser()
        known = {
            "train_error": 0,
            "margin_train_error": 0,
            "margin": 1,
            "n": SIZE,
            "delta": DELTA,
            **capacity,
        }
        known["input_peak"] = np.sqrt(often / SIZE)
        return bound(**{name: value for name, value in known.items() if name in bound.accepts}) < risk

    return fails


LINEAR = {
    "vc_dimension": ATOMS,  # all subsets of the inputs can be the errors
    "network_weights": 2 * ATOMS, "network_layers": 1, "network_units": 1,
    "rademacher": 1, "frobenius_product": np.sqrt(ATOMS / 2), "input_norm": 1,
    "path_norm": ATOMS, "network_inputs": ATOMS, "classes": 2,
}  # fmt: skip
ONE = {  # as if the class had held this predictor alone
    "vc_dimension": 1, "network_weights": 1, "network_layers": 1, "network_units": 1,
    "rademacher": 0, "frobenius_product": 0, "input_norm": 1, "path_norm": 0, "network_inputs": ATOMS, "classes": 2,
}  # fmt: skip

CERTIFICATES = ("vc", "vc-sharp", "vc-network", "rademacher-margin", "frobenius-golowich", "path-norm")
WORLDS = dict.fromkeys(CERTIFICATES, _world(**LINEAR))
# Margins of 1/20 in size: then a margin that is left out shows.
WORLDS["rademacher-margin"] = _world(**LINEAR | {"rademacher": 0.05, "margin": 0.05})
BROKEN = dict.fromkeys(CERTIFICATES, ("capacity_before_sample", _world(**ONE)))
MUTANTS = {
    "vc": [
        lambda R, d, m, δ: R + sqrt(8 * log(4 / δ) / m),
        lambda R, d, m, δ: (
            R + sqrt((minimum(d, 2 * m) * (1 + log(2 * m / minimum(d, 2 * m))) / 4 + log(4 / δ)) / m)
        ),
    ],
    "vc-sharp": [
        lambda R, d, m, δ: R + 1 / m + sqrt((1 + 1 / m) * log(2 / δ) / m),
        lambda R, d, m, δ: R + 1 / m + sqrt((1 + 1 / m) * (minimum(d, 2 * m) / 4 + log(2 / δ)) / m),
    ],
    "vc-network": [
        lambda R, W, D, U, m, δ: R + sqrt((D * log(2) + log(2 / δ)) / m),
        lambda R, W, D, U, m, δ: R + sqrt((D * (log(2) + log(4 * m * U * W)) + log(2 / δ)) / m),
    ],
    "rademacher-margin": [
        lambda R, C, γ, c, m, δ: R + 3 * sqrt(log(2 * c / δ) / (2 * m)),
        lambda R, C, γ, c, m, δ: R + 2 * C + 3 * sqrt(log(2 * c / δ) / (2 * m)),
    ],
    "frobenius-golowich": [
        lambda R, P, X, D, K, γ, c, m, δ: R + 4 * X / (γ * sqrt(m)) + 3 * sqrt(log(2 * c / δ) / (2 * m))
    ],
    "path-norm": [
        lambda R, φ, X, D, N, K, γ, c, m, δ: (
            R + 4 * X * sqrt(2 * (D * log(2) + log(N * K)) / m) / γ + 3 * sqrt(log(2 * c / δ) / (2 * m))
        )
    ],
}
