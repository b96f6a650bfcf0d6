"""Occam bounds: a hypothesis that a prefix-free message of L bits describes has prior mass 2^-L.

The three forms are three relaxations of one event (for every message, the exact binomial tail at level
delta 2^-L), so the smallest of them costs nothing. One deterministic hypothesis needs ln(1/delta) and no
ln(2 sqrt n): that is the price of averaging over a posterior.

Whatever adds up to at most one over the hypotheses will do for a prior: a finite class (one over its size), a
menu of codes (each gets its share), messages that do not mark their end (their length is charged, too).
"""

from __future__ import annotations

from idbounds.assumptions import (
    class_before_sample,
    code_before_sample,
    iid,
    menu_before_sample,
    plain_message,
    prefix_code,
    unit_loss,
    zero_one_loss,
)
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, log_star, maximum, sqrt
from idbounds.quantities import code_bits, delta, errors, n, train_error
from idbounds.quantities.occam import choices, class_size, plain_bits, train_variance
from idbounds.sources import Source
from idbounds.statement import Bound

_EVERY = "for all hypotheses at once, with probability at least 1 - delta over the sample"
_EVERY_OF_CLASS = "for all of the class at once, with probability at least 1 - delta over the sample"

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
    unless=("choices",),
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
    unless=("choices",),
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
    unless=("choices",),
)

occam_empirical_bernstein = Bound(
    id="occam-empirical-bernstein",
    title="Occam, empirical Bernstein",
    family="Occam",
    takes=(train_error, train_variance, code_bits, n, delta),
    says=lambda R, V, L, m, δ: (
        R
        + sqrt(2 * V * (L * log(2) + log(2 / δ)) / m)
        + 7 * (L * log(2) + log(2 / δ)) / (3 * maximum(m - 1, 1))
    ),
    assumes=(iid, unit_loss, prefix_code, code_before_sample),
    source=Source(
        "maurer2009", "Maurer and Pontil", 2009, "Theorem 4 at level delta 2^-L, in a union over all messages"
    ),
    holds=_EVERY + "; for losses that hardly vary; with the unbiased variance; for one example it is above 1",
    unless=("choices",),
)

occam_menu_binomial = Bound(
    id="occam-menu-binomial",
    title="Occam, best of a menu of codes",
    family="Occam",
    takes=(errors, code_bits, choices, n, delta),
    says=lambda k, L, c, m, δ: binomial_tail_inverse(k, m, log(δ / c) - L * log(2)),
    assumes=(iid, zero_one_loss, prefix_code, code_before_sample, menu_before_sample),
    source=Source("langford2005", "Langford", 2005, "Theorem 4.1, with prior mass 2^-L / choices"),
    holds="for all hypotheses and all codes of the menu at once, with probability at least 1 - delta over "
    "the sample; a minimum over the codes pays log2(choices) bits, unless the message itself names its code",
)

finite_class_binomial = Bound(
    id="finite-class-binomial",
    title="Finite class, exact binomial tail",
    family="Occam",
    takes=(errors, class_size, n, delta),
    says=lambda k, N, m, δ: binomial_tail_inverse(k, m, log(δ / N)),
    assumes=(iid, zero_one_loss, class_before_sample),
    source=Source("langford2005", "Langford", 2005, "Theorem 4.1, with a uniform prior"),
    holds=_EVERY_OF_CLASS,
    weaker=("finite-class-kl", "finite-class-hoeffding"),
)

finite_class_kl = Bound(
    id="finite-class-kl",
    title="Finite class, small kl",
    family="Occam",
    takes=(train_error, class_size, n, delta),
    says=lambda R, N, m, δ: kl_inverse(R, (log(N) + log(1 / δ)) / m),
    assumes=(iid, unit_loss, class_before_sample),
    source=Source(
        "langford2005", "Langford", 2005, "Theorem 4.1, with a uniform prior, relaxed by the Chernoff bound"
    ),
    holds=_EVERY_OF_CLASS,
    weaker=("finite-class-hoeffding",),
)

finite_class_hoeffding = Bound(
    id="finite-class-hoeffding",
    title="Finite class, Hoeffding",
    family="Occam",
    takes=(train_error, class_size, n, delta),
    says=lambda R, N, m, δ: R + sqrt((log(N) + log(1 / δ)) / (2 * m)),
    assumes=(iid, unit_loss, class_before_sample),
    source=Source("hoeffding1963", "Hoeffding", 1963, "Theorem 1, in a union over the class"),
    holds=_EVERY_OF_CLASS + "; two-sided statements have ln(2/delta)",
)

occam_universal_kl = Bound(
    id="occam-universal-kl",
    title="Occam, message without an end mark, small kl",
    family="Occam",
    takes=(train_error, plain_bits, n, delta),
    says=lambda R, C, m, δ: kl_inverse(R, (C * log(2) + log(C * (C + 1) / δ)) / m),
    assumes=(iid, unit_loss, plain_message, code_before_sample),
    source=Source(
        "lotfi2022", "Lotfi et al.", 2022, "the prior of their compression bounds, normalised, in the kl form"
    ),
    holds=_EVERY
    + "; published with 2 log2(length) bits for the length, a prior that adds up to pi^2/6 and so "
    "lacks 0.718 bits; with log2(length) + log2(length + 1) it adds up to one",
    unless=("header_bits",),
)

occam_log_star_binomial = Bound(
    id="occam-log-star-binomial",
    title="Occam, message without an end mark, exact tail",
    family="Occam",
    takes=(errors, plain_bits, n, delta),
    says=lambda k, C, m, δ: binomial_tail_inverse(k, m, log(δ) - (C + log_star(C)) * log(2)),
    assumes=(iid, zero_one_loss, plain_message, code_before_sample),
    source=Source(
        "rissanen1983", "Rissanen", 1983, "the universal prior for integers, for the message's length"
    ),
    holds=_EVERY + "; the constant of log* is computed anew: the 2.865064 of the literature is too small",
    unless=("header_bits",),
)
