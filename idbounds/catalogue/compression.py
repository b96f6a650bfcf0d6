"""Bounds from sample compression and from compressed networks.

Sample compression: a predictor that k of the n examples determine, with a message perhaps, has not seen the
other n - k, so they are a test set for it; what is paid is the choice of the k, ln C(n, k), of their number
and of the message. A preferent compression needs no errors counted at all: its size alone bounds the risk.

Compressed networks are finite classes, or posteriors around them. The bound is for the compressed network,
never for the one it was compressed from.
"""

from __future__ import annotations

from idbounds.assumptions import (
    code_before_sample,
    compressed_within_margin,
    compression_scheme,
    compression_set_alone,
    consistent_outside,
    gibbs_predictor,
    helper_before_sample,
    iid,
    preferent_compression,
    prior_before_sample,
    remaining_only,
    unit_loss,
    zero_one_loss,
)
from idbounds.functions import (
    binomial_tail_inverse,
    kl_inverse,
    log,
    log1p,
    log_choose,
    log_xi,
    maximum,
    scenario_inverse,
    sqrt,
)
from idbounds.quantities import (
    code_bits,
    codebook_bits,
    compression_limit,
    compression_size,
    delta,
    gibbs_train_error,
    levels,
    margin_train_error,
    n,
    noise_gain_nats,
    noise_stability,
    nonzero,
    parameters,
    pattern_bits,
    remaining_error,
    remaining_errors,
    remaining_n,
    uncompressed_share,
)
from idbounds.sources import Source
from idbounds.statement import NO_CERTIFICATE, Bound

_SUBSETS = (
    "for all compression sets and messages at once, with probability at least 1 - delta over the sample"
)
_SETS = "for all compression sets at once, with probability at least 1 - delta over the sample"
_CHANGE = (
    "for the probability that a new example, joined to the selected alone, changes the selection, which the "
    "risk cannot exceed, with probability at least 1 - delta over the sample"
)
_COMPRESSED = (
    "for the compressed network, not the original; for all networks of the class at once, with probability "
    "at least 1 - delta over the sample"
)


littlestone_warmuth = Bound(
    id="littlestone-warmuth",
    title="Sample compression, consistent (Littlestone and Warmuth)",
    family="compression",
    takes=(compression_size, remaining_n, delta),
    says=lambda k, r, δ: (log_choose(k + r, k) + log((k + r) / δ)) / r,
    assumes=(iid, zero_one_loss, compression_set_alone, consistent_outside),
    source=Source(
        "littlestone1986", "Littlestone and Warmuth", 1986, "the principle; with 1 / n for each of n sizes"
    ),
    holds=_SETS,
    unless=("remaining_errors", "remaining_error", "code_bits"),
)

floyd_warmuth = Bound(
    id="floyd-warmuth",
    title="Sample compression, consistent, limited size (Floyd and Warmuth)",
    family="compression",
    takes=(compression_limit, remaining_n, delta),
    says=lambda d, r, δ: (d * (1 + log1p(r / d)) + log(1 / δ)) / r,
    assumes=(iid, zero_one_loss, compression_set_alone, consistent_outside),
    source=Source(
        "floyd1995",
        "Floyd and Warmuth",
        1995,
        "their sum over sizes up to d, with C(n, 0) + ... + C(n, d) at most (e n / d)^d",
    ),
    holds=_SETS + ", for compression sets of at most d examples, d fixed before the sample",
    unless=("remaining_errors", "remaining_error", "code_bits", "compression_size"),
)

sample_compression_consistent = Bound(
    id="sample-compression-consistent",
    title="Sample compression, consistent, exact",
    family="compression",
    takes=(compression_size, remaining_n, delta),
    says=lambda k, r, δ: binomial_tail_inverse(0, r, log(δ / ((k + 1) * (k + 2))) - log_choose(k + r, k)),
    assumes=(iid, zero_one_loss, compression_set_alone, consistent_outside),
    source=Source(
        "langford2005",
        "Langford",
        2005,
        "the sample compression bound, at no errors; sizes weigh 1/((k+1)(k+2))",
    ),
    holds=_SETS + "; others weigh sizes 6/(pi^2 (k+1)^2), which is less for every k >= 1, or 1/n",
    unless=("remaining_errors", "remaining_error", "code_bits"),
)

sample_compression_binomial = Bound(
    id="sample-compression-binomial",
    title="Sample compression with errors and a message, exact binomial tail",
    family="compression",
    takes=(remaining_errors, compression_size, remaining_n, code_bits, delta),
    says=lambda e, k, r, L, δ: binomial_tail_inverse(
        e, r, log(δ / ((k + 1) * (k + 2))) - (log_choose(k + r, k) + L * log(2))
    ),
    assumes=(iid, zero_one_loss, compression_scheme, remaining_only),
    source=Source(
        "langford2005",
        "Langford",
        2005,
        "the sample compression bound, with a message of prior mass 2^-L; sizes weigh 1/((k+1)(k+2))",
    ),
    holds=_SUBSETS + "; others weigh sizes 6/(pi^2 (k+1)^2), which is less for every k >= 1, or 1/n",
    weaker=("sample-compression-kl",),
)

sample_compression_kl = Bound(
    id="sample-compression-kl",
    title="Sample compression with errors and a message, small kl",
    family="compression",
    takes=(remaining_error, compression_size, remaining_n, code_bits, delta),
    says=lambda R, k, r, L, δ: kl_inverse(
        R, (log_choose(k + r, k) + L * log(2) + log((k + 1) * (k + 2) / δ)) / r
    ),
    assumes=(iid, unit_loss, compression_scheme, remaining_only),
    source=Source(
        "langford2005",
        "Langford",
        2005,
        "the sample compression bound, its tail relaxed by the Chernoff bound",
    ),
    holds=_SUBSETS + "; others add ln(2 sqrt(n - k)), which a single predictor does not need",
)

campi_garatti = Bound(
    id="campi-garatti",
    title="Preferent compression (Campi and Garatti)",
    family="compression",
    takes=(compression_size, n, delta),
    says=lambda k, m, δ: scenario_inverse(k, m, log(δ)),
    assumes=(iid, preferent_compression),
    source=Source(
        "campi2023",
        "Campi and Garatti",
        2023,
        "the upper end of the two-sided Theorem 7, as Pick-to-Learn uses it",
    ),
    holds=_CHANGE,
    weaker=("campi-garatti-closed",),
    unless=("remaining_errors", "remaining_error", "code_bits"),
)

campi_garatti_one_sided = Bound(
    id="campi-garatti-one-sided",
    title="Preferent compression, one-sided (Campi and Garatti)",
    family="compression",
    takes=(compression_size, n, delta),
    says=lambda k, m, δ: scenario_inverse(k, m, log(2 * δ / (1 + δ))),
    assumes=(iid, preferent_compression),
    source=Source(
        "campi2023",
        "Campi and Garatti",
        2023,
        "the one-sided Theorem 4, whose root is at most that of Theorem 7 at level 2 delta / (1 + delta)",
    ),
    holds=_CHANGE,
    weaker=("campi-garatti", "campi-garatti-closed"),
    unless=("remaining_errors", "remaining_error", "code_bits"),
)

campi_garatti_closed = Bound(
    id="campi-garatti-closed",
    title="Preferent compression, closed form (Campi and Garatti)",
    family="compression",
    takes=(compression_size, n, delta),
    says=lambda k, m, δ: (k + 2 * sqrt(k + 1) * (sqrt(log(k + 1)) + 4 + sqrt(log(1 / δ))) + log(1 / δ)) / m,
    assumes=(iid, preferent_compression),
    source=Source("campi2023", "Campi and Garatti", 2023, "the explicit form that follows Theorem 4"),
    holds="as campi-garatti, of which it is an upper bound without an equation to solve",
    unless=("remaining_errors", "remaining_error", "code_bits"),
)

arora_compressible = Bound(
    id="arora-compressible",
    title="Compressible network (Arora et al.)",
    family="compression",
    takes=(margin_train_error, parameters, levels, n, delta),
    says=lambda R, q, r, m, δ: R + sqrt((q * log(r) + log(1 / δ)) / (2 * m)),
    assumes=(iid, zero_one_loss, helper_before_sample, compressed_within_margin),
    source=Source(
        "arora2018",
        "Arora, Ge, Neyshabur and Zhang",
        2018,
        "Theorem 2.1, stated with O(); here with its constants",
    ),
    holds=_COMPRESSED + "; outputs may move by gamma / 2 each; texts that allow gamma need margin 2 gamma",
    unless=("uncompressed_share",),
)

arora_compressible_partly = Bound(
    id="arora-compressible-partly",
    title="Network compressible on part of the sample (Arora et al.)",
    family="compression",
    takes=(margin_train_error, uncompressed_share, parameters, levels, n, delta),
    says=lambda R, ξ, q, r, m, δ: R + ξ + sqrt((q * log(r) + log(1 / δ)) / (2 * m)),
    assumes=(iid, zero_one_loss, helper_before_sample, compressed_within_margin),
    source=Source(
        "arora2018",
        "Arora, Ge, Neyshabur and Zhang",
        2018,
        "the corollary of Theorem 2.1 for a share 1 - xi, here with its constants",
    ),
    holds=_COMPRESSED,
)

arora_compressible_kl = Bound(
    id="arora-compressible-kl",
    title="Compressible network, small kl",
    family="compression",
    takes=(margin_train_error, parameters, levels, n, delta),
    says=lambda R, q, r, m, δ: kl_inverse(R, (q * log(r) + log(1 / δ)) / m),
    assumes=(iid, zero_one_loss, helper_before_sample, compressed_within_margin),
    source=Source(
        "arora2018",
        "Arora, Ge, Neyshabur and Zhang",
        2018,
        "the class of Theorem 2.1 in the small-kl Occam bound",
    ),
    holds=_COMPRESSED,
    weaker=("arora-compressible",),
    unless=("uncompressed_share",),
)

arora_noise_stability = Bound(
    id="arora-noise-stability",
    title="Noise stability (Arora et al.)",
    family="compression",
    takes=(margin_train_error, noise_stability, n),
    says=lambda R, Λ, m: R + sqrt(Λ / m),
    assumes=(iid, zero_one_loss, compressed_within_margin),
    source=Source(
        "arora2018",
        "Arora, Ge, Neyshabur and Zhang",
        2018,
        "the theorem for fully connected networks, its soft O read as 1",
    ),
    holds="for a compressed network of interlayer smoothness at least 3 d; up to constants and logarithms",
    standing=NO_CERTIFICATE,
    because="stated with a soft O: constants, logarithms and the levels of the parameters are missing",
)

zhou_compressed = Bound(
    id="zhou-compressed",
    title="Pruned, quantised and noisy network (Zhou et al.)",
    family="compression",
    takes=(gibbs_train_error, pattern_bits, codebook_bits, nonzero, levels, noise_gain_nats, n, delta),
    says=lambda R, S, C, s, r, G, m, δ: kl_inverse(
        R, ((S + C) * log(2) + maximum(0, s * log(r) - G) + log_xi(m) + log(1 / δ)) / m
    ),
    assumes=(iid, unit_loss, gibbs_predictor, prior_before_sample, code_before_sample),
    source=Source(
        "zhou2019",
        "Zhou et al.",
        2019,
        "Theorem 4.3 for the divergence, with mass r^-s for the codewords, in the kl form",
    ),
    holds="for all posteriors of this form at once, with probability at least 1 - delta over the sample; for "
    "the noisy weights; published with Catoni's bound; the gain is not to include permutations of units",
)
