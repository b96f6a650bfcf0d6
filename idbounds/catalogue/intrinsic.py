"""Bounds from intrinsic dimension: quantised subspaces, covering numbers, fractal dimensions.

A dimension d alone is not a description: d real numbers carry infinitely many bits. What bounds the risk is
the length of a message for them, or the size of a covering, which adds a Lipschitz constant and a scale.
"""

from __future__ import annotations

from idbounds.assumptions import (
    code_before_sample,
    iid,
    lipschitz_in_ball,
    plain_message,
    prefix_code,
    scale_before_sample,
    unit_loss,
    zero_one_loss,
)
from idbounds.catalogue.pac_bayes import catoni_zhou
from idbounds.functions import (
    binomial_tail_inverse,
    kl_inverse,
    log,
    log1p,
    minimum,
    minimum_over,
    power_of_two,
    sqrt,
)
from idbounds.quantities import (
    bits_per_coordinate,
    coverage,
    covering_scale,
    d,
    delta,
    errors,
    fractal_dimension,
    header_bits,
    lipschitz,
    loss_range,
    n,
    plain_bits,
    radius,
    train_error,
)
from idbounds.sources import Source
from idbounds.statement import NO_CERTIFICATE, UNVERIFIED, Bound

SCALES = 32
"""Scales of a covering that lipschitz-covering-grid tries: the radius, its half, ..., its 2^-31st part."""

_EVERY = "for all points of the subspace that the code can name at once, with probability at least 1 - delta"
_BALL = "for all points of the ball at once, with probability at least 1 - delta over the sample"

aghajanyan = Bound(
    id="aghajanyan",
    title="Intrinsic dimension (Aghajanyan et al.)",
    family="intrinsic dimension",
    takes=(train_error, d, n),
    says=lambda R, d, m: R + sqrt(d / m),
    assumes=(iid, zero_one_loss, code_before_sample),
    source=Source("aghajanyan2021", "Aghajanyan, Gupta and Zettlemoyer", 2021, "Theorem 1, O() read as 1"),
    holds="up to a constant, in which the logarithm of the number of levels of a coordinate is hidden",
    standing=NO_CERTIFICATE,
    because="stated as O(sqrt(d / n)); the constant hides the bits of a coordinate",
)

subspace_binomial = Bound(
    id="subspace-binomial",
    title="Quantised random subspace, exact binomial tail",
    family="intrinsic dimension",
    takes=(errors, d, bits_per_coordinate, header_bits, n, delta),
    says=lambda k, d, b, h, m, δ: binomial_tail_inverse(k, m, log(δ) - (d * b + h) * log(2)),
    assumes=(iid, zero_one_loss, prefix_code, code_before_sample),
    source=Source(
        "langford2005", "Langford", 2005, "Theorem 4.1, for the code of a point in a subspace of Li et al."
    ),
    holds=_EVERY,
    weaker=("subspace-kl",),
)

subspace_kl = Bound(
    id="subspace-kl",
    title="Quantised random subspace, small kl",
    family="intrinsic dimension",
    takes=(train_error, d, bits_per_coordinate, header_bits, n, delta),
    says=lambda R, d, b, h, m, δ: kl_inverse(R, ((d * b + h) * log(2) + log(1 / δ)) / m),
    assumes=(iid, unit_loss, prefix_code, code_before_sample),
    source=Source(
        "langford2005", "Langford", 2005, "Theorem 4.1, for the code of a point in a subspace of Li et al."
    ),
    holds=_EVERY,
)

lotfi_subspace = Bound(
    id="lotfi-subspace",
    title="Adaptive subspace compression (Lotfi et al.)",
    family="intrinsic dimension",
    takes=(train_error, plain_bits, header_bits, n, delta),
    says=lambda R, C, h, m, δ: catoni_zhou.says(R, (C + h) * log(2) + log(C) + log(C + 1), m, δ),
    assumes=(iid, unit_loss, plain_message, code_before_sample),
    source=Source("lotfi2022", "Lotfi et al.", 2022, "their universal prior, normalised, in catoni-zhou"),
    holds="for all messages at once, with probability at least 1 - delta over the sample; published with "
    "2 log2 C bits for the length C, where the prior adds up to pi^2/6; log2 C + log2(C + 1) is enough",
)

lipschitz_covering = Bound(
    id="lipschitz-covering",
    title="Covering of a ball, Lipschitz loss",
    family="intrinsic dimension",
    takes=(train_error, d, lipschitz, radius, covering_scale, n, delta),
    says=lambda R, d, L, ρ, ε, m, δ: R + 2 * L * ε + sqrt((d * log1p(2 * ρ / ε) + log(1 / δ)) / (2 * m)),
    assumes=(iid, unit_loss, lipschitz_in_ball, scale_before_sample),
    source=Source("vershynin2018", "Vershynin", 2018, "the volume bound for coverings, in a union"),
    holds=_BALL,
)

lipschitz_covering_kl = Bound(
    id="lipschitz-covering-kl",
    title="Covering of a ball, Lipschitz loss, small kl",
    family="intrinsic dimension",
    takes=(train_error, d, lipschitz, radius, covering_scale, n, delta),
    says=lambda R, d, L, ρ, ε, m, δ: (
        L * ε + kl_inverse(minimum(1, R + L * ε), (d * log1p(2 * ρ / ε) + log(1 / δ)) / m)
    ),
    assumes=(iid, unit_loss, lipschitz_in_ball, scale_before_sample),
    source=Source("vershynin2018", "Vershynin", 2018, "the volume bound for coverings, in a union"),
    holds=_BALL,
    weaker=("lipschitz-covering",),
)

lipschitz_covering_grid = Bound(
    id="lipschitz-covering-grid",
    title="Covering of a ball, Lipschitz loss, best of 32 scales",
    family="intrinsic dimension",
    takes=(train_error, d, lipschitz, radius, n, delta),
    says=lambda R, d, L, ρ, m, δ: minimum_over(
        lambda j: (
            R
            + 2 * L * ρ * power_of_two(-j)
            + sqrt((d * log1p(2 * power_of_two(j)) + log(SCALES / δ)) / (2 * m))
        ),
        0,
        SCALES - 1,
    ),
    assumes=(iid, unit_loss, lipschitz_in_ball),
    source=Source("vershynin2018", "Vershynin", 2018, "the volume bound, in a union; scales radius 2^-j"),
    holds=_BALL + " and all 32 scales",
)

fractal = Bound(
    id="fractal-dimension",
    title="Hausdorff dimension of the training path (Şimşekli et al.)",
    family="intrinsic dimension",
    takes=(train_error, fractal_dimension, lipschitz, loss_range, n, delta),
    says=lambda R, dim, L, B, m, δ: R + B * sqrt((2 * dim * log(m * L**2) + log(1 / δ)) / m),
    assumes=(iid,),
    source=Source("simsekli2020", "Şimşekli et al.", 2020, "Theorem 1, as remembered"),
    holds="for n large enough, how large is not said; the set of weights is fixed before the sample",
    standing=UNVERIFIED,
    because="no second text of the theorem was found, and it holds only from an unknown n on",
)

persistent_homology = Bound(
    id="ph-dimension",
    title="Persistent homology dimension (Birdal et al.)",
    family="intrinsic dimension",
    takes=(train_error, fractal_dimension, lipschitz, loss_range, coverage, n, delta),
    says=lambda R, dim, L, B, M, m, δ: (
        R + 2 * B * sqrt(((dim + 1) * log(m * L**2) ** 2 + log(7 * M / δ)) / m)
    ),
    assumes=(iid,),
    source=Source("birdal2021", "Birdal et al.", 2021, "Proposition 1, as remembered"),
    holds="for n large enough, how large is not said; M is not computable",
    standing=UNVERIFIED,
    because="no second text of the theorem was found; M and the n from which it holds are unknown",
)
