"""Occam bounds: a hypothesis that a prefix-free message of L bits describes has prior mass 2^-L.

The three forms are three relaxations of one event (for every message, the exact binomial tail at level
delta 2^-L), so the smallest of them costs nothing. One deterministic hypothesis needs ln(1/delta) and no
ln(2 sqrt n): that is the price of averaging over a posterior.
"""

from __future__ import annotations

from idbounds.assumptions import code_before_sample, iid, prefix_code, unit_loss, zero_one_loss
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, sqrt
from idbounds.quantities import code_bits, delta, errors, n, train_error
from idbounds.sources import Source
from idbounds.statement import Bound

_EVERY = "for all hypotheses at once, with probability at least 1 - delta over the sample"

occam_binomial = Bound(
    id="occam-binomial",
    title="Occam, exact binomial tail",
    family="Occam",
    takes=(errors, code_bits, n, delta),
    says=lambda k, L, m, δ: binomial_tail_inverse(k, m, log(δ) - L * log(2)),
    assumes=(iid, zero_one_loss, prefix_code, code_before_sample),
    source=Source("langford2005", "Langford", 2005, "Theorem 4.1, with prior mass 2^-L"),
    holds=_EVERY,
    weaker=("occam-kl", "occam-hoeffding"),
)

occam_kl = Bound(
    id="occam-kl",
    title="Occam, small kl",
    family="Occam",
    takes=(train_error, code_bits, n, delta),
    says=lambda R, L, m, δ: kl_inverse(R, (L * log(2) + log(1 / δ)) / m),
    assumes=(iid, unit_loss, prefix_code, code_before_sample),
    source=Source("langford2005", "Langford", 2005, "Theorem 4.1, the tail relaxed by the Chernoff bound"),
    holds=_EVERY,
    weaker=("occam-hoeffding",),
)

occam_hoeffding = Bound(
    id="occam-hoeffding",
    title="Occam, Hoeffding",
    family="Occam",
    takes=(train_error, code_bits, n, delta),
    says=lambda R, L, m, δ: R + sqrt((L * log(2) + log(1 / δ)) / (2 * m)),
    assumes=(iid, unit_loss, prefix_code, code_before_sample),
    source=Source(
        "blumer1987",
        "Blumer et al.",
        1987,
        "the Occam principle; one-sided Hoeffding form for training errors",
    ),
    holds=_EVERY + "; two-sided statements have ln(2/delta)",
)
