"""Capacity baselines: VC, Rademacher, norms and margins, which show why counting parameters says nothing.

The first six are certificates: they hold, and for networks of any use they are above 1. The last three only
rank networks: their authors leave constants and logarithms open, which are 1 here.
"""

from __future__ import annotations

from typing import Any

from idbounds.assumptions import (
    capacity_before_sample,
    iid,
    margin_before_sample,
    relu_network,
    zero_one_loss,
)
from idbounds.functions import log, minimum, sqrt
from idbounds.quantities import delta, n, train_error
from idbounds.quantities.capacity import (
    classes,
    frobenius_product,
    initial_distance,
    input_bound,
    input_norm,
    input_peak,
    margin,
    margin_train_error,
    margins,
    network_inputs,
    network_layers,
    network_units,
    network_weights,
    network_width,
    path_norm,
    rademacher,
    spectral_complexity,
    spectral_product,
    stable_ranks,
    vc_dimension,
)
from idbounds.sources import Source
from idbounds.statement import NO_CERTIFICATE, Bound

_CLASS = "for all predictors of the class at once, with probability at least 1 - delta over the sample"


def _sauer(d: Any, m: Any) -> Any:
    """Upper bound on the logarithm of the number of error patterns on 2m examples at VC dimension d."""
    d = minimum(d, 2 * m)
    return d * (1 + log(2 * m / d))


def _patterns(W: Any, D: Any, U: Any, m: Any) -> Any:
    """The same for a ReLU network with W weights in D layers."""
    w = minimum(W, 2 * m * U)
    return D * (log(2) + w * (1 + log(4 * m * U / w)))


def _uniformly(R: Any, patterns: Any, m: Any, δ: Any) -> Any:
    """The bound from the logarithm of the number of patterns on 2m examples."""
    return R + 1 / m + sqrt((1 + 1 / m) * (patterns + log(2 / δ)) / m)


def _margin(R: Any, twice: Any, γ: Any, c: Any, m: Any, δ: Any) -> Any:
    """The bound from (an upper bound on) twice the empirical Rademacher complexity of the margins."""
    return R + twice / γ + 3 * sqrt(log(2 * c / δ) / (2 * m))


vc = Bound(
    id="vc",
    title="VC dimension, textbook constants",
    family="capacity",
    takes=(train_error, vc_dimension, n, delta),
    says=lambda R, d, m, δ: R + sqrt(8 * (_sauer(d, m) + log(4 / δ)) / m),
    assumes=(iid, zero_one_loss, capacity_before_sample),
    source=Source(
        "vapnik1971",
        "Vapnik and Chervonenkis",
        1971,
        "two-sided, with Sauer's lemma; for d > 2n as for d = 2n",
    ),
    holds=_CLASS
    + ", on both sides of the risk; one side alone has ln(2/delta); Vapnik (1998) has better constants",
)

vc_sharp = Bound(
    id="vc-sharp",
    title="VC dimension, Vapnik's constants",
    family="capacity",
    takes=(train_error, vc_dimension, n, delta),
    says=lambda R, d, m, δ: _uniformly(R, _sauer(d, m), m, δ),
    assumes=(iid, zero_one_loss, capacity_before_sample),
    source=Source(
        "vapnik1998",
        "Vapnik",
        1998,
        "the argument of Theorem 4.1, one-sided, with Serfling's (1974) tail; ln(4/delta) two-sided",
    ),
    holds=_CLASS,
)

vc_network = Bound(
    id="vc-network",
    title="ReLU network, by counting weights",
    family="capacity",
    takes=(train_error, network_weights, network_layers, network_units, n, delta),
    says=lambda R, W, D, U, m, δ: _uniformly(R, _patterns(W, D, U, m), m, δ),
    assumes=(iid, zero_one_loss, capacity_before_sample, relu_network),
    source=Source(
        "bartlett2019",
        "Bartlett, Harvey, Liaw and Mehrabian",
        2019,
        "the growth function in the proof of Theorem 7, for any number of classes and in fewer numbers",
    ),
    holds=_CLASS + "; the VC dimension itself is at most of the order D W ln W",
)

rademacher_margin = Bound(
    id="rademacher-margin",
    title="Margins and Rademacher complexity",
    family="capacity",
    takes=(margin_train_error, rademacher, margin, margins, n, delta),
    says=lambda R, C, γ, c, m, δ: _margin(R, 2 * C, γ, c, m, δ),
    assumes=(iid, zero_one_loss, capacity_before_sample, margin_before_sample),
    source=Source(
        "koltchinskii2002",
        "Koltchinskii and Panchenko",
        2002,
        "in the form of Mohri, Rostamizadeh and Talwalkar (2018), Theorem 5.8, for the margins of the class",
    ),
    holds=_CLASS
    + "; for all margins at once a union with ln ln is usual, here the number of margins is counted",
)

frobenius_golowich = Bound(
    id="frobenius-golowich",
    title="Margins and Frobenius norms",
    family="capacity",
    takes=(
        margin_train_error,
        frobenius_product,
        input_norm,
        network_layers,
        classes,
        margin,
        margins,
        n,
        delta,
    ),
    says=lambda R, P, X, D, K, γ, c, m, δ: _margin(
        R, 4 * P * X * sqrt(K * ((1 + sqrt(2 * (D - 1) * log(2))) ** 2 + 1) / m), γ, c, m, δ
    ),
    assumes=(iid, zero_one_loss, capacity_before_sample, relu_network, margin_before_sample),
    source=Source(
        "golowich2018",
        "Golowich, Rakhlin and Shamir",
        2018,
        "Theorem 1, with D - 1 in place of D, for K scores by the contraction of Maurer (2016)",
    ),
    holds=_CLASS + ", in which the ratio of margin and product of norms was fixed",
)

path_norm_margin = Bound(
    id="path-norm",
    title="Margins and the path norm",
    family="capacity",
    takes=(
        margin_train_error,
        path_norm,
        input_peak,
        network_layers,
        network_inputs,
        classes,
        margin,
        margins,
        n,
        delta,
    ),
    says=lambda R, φ, X, D, N, K, γ, c, m, δ: _margin(
        R, 4 * φ * X * sqrt(2 * (D * log(2) + log(N * K)) / m), γ, c, m, δ
    ),
    assumes=(iid, zero_one_loss, capacity_before_sample, relu_network, margin_before_sample),
    source=Source(
        "neyshabur2015",
        "Neyshabur, Tomioka and Srebro",
        2015,
        "the class; its complexity by the argument of Golowich et al. (2018), which has no 2^D",
    ),
    holds=_CLASS + ", in which the ratio of margin and path norm was fixed",
)

_NO_CONSTANTS = "stated by its authors up to constants and logarithms, which are 1 here: for ranking only"

spectral_bartlett = Bound(
    id="spectral-bartlett",
    title="Margins and spectral complexity (Bartlett et al.)",
    family="capacity",
    takes=(margin_train_error, spectral_complexity, input_norm, network_width, margin, n, delta),
    says=lambda R, S, X, H, γ, m, δ: R + S * X * log(H) / (γ * sqrt(m)) + sqrt(log(1 / δ) / m),
    assumes=(iid, zero_one_loss, capacity_before_sample, relu_network),
    source=Source("bartlett2017", "Bartlett, Foster and Telgarsky", 2017, "Theorem 1.1"),
    holds="up to constants and logarithms, for all networks, margins and norms at once",
    standing=NO_CERTIFICATE,
    because=_NO_CONSTANTS,
)

spectral_neyshabur = Bound(
    id="spectral-neyshabur",
    title="Margins and spectral norms (Neyshabur et al.)",
    family="capacity",
    takes=(
        margin_train_error,
        spectral_product,
        stable_ranks,
        input_bound,
        network_layers,
        network_width,
        margin,
        n,
        delta,
    ),
    says=lambda R, P, r, B, D, H, γ, m, δ: (
        R + sqrt(((P * B * D) ** 2 * H * log(D * H) * r + log(D * m / δ)) / (γ**2 * m))
    ),
    assumes=(iid, zero_one_loss, capacity_before_sample, relu_network),
    source=Source("neyshabur2018", "Neyshabur, Bhojanapalli and Srebro", 2018, "Theorem 1"),
    holds="up to constants and logarithms, for all networks of the architecture at once",
    standing=NO_CERTIFICATE,
    because=_NO_CONSTANTS,
)

distance_from_initialisation = Bound(
    id="distance-from-initialisation",
    title="Distance from initialisation",
    family="capacity",
    takes=(train_error, initial_distance, n),
    says=lambda R, w, m: R + w / sqrt(m),
    assumes=(iid, zero_one_loss, capacity_before_sample),
    source=Source(
        "jiang2020", "Jiang et al.", 2020, "the measure of the distance, put on the scale of a bound"
    ),
    holds="for no class and no probability: a measure that was found to go along with the gap",
    standing=NO_CERTIFICATE,
    because="a measure for ranking networks; scaling one layer up and the next down changes it, and no score",
)
