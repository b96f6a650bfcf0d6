"""Bounds that hold at all sample sizes at once: confidence sequences.

A bound for a fixed n fails for sure if one looks at every n and stops where one likes. These may be looked at
as often as one likes. Each is Ville's inequality for the wealth of someone who bets that the risk is not what
it is; the bets are a mixture that was fixed beforehand.
"""

from __future__ import annotations

from idbounds.assumptions import (
    code_before_sample,
    gibbs_predictor,
    held_out,
    iid,
    one_sequence,
    prefix_code,
    prior_before_sample,
    tuned_before_sample,
    unit_loss,
)
from idbounds.functions import kl_inverse, log, log1p, log_peak, sqrt
from idbounds.quantities import (
    code_bits,
    delta,
    gibbs_train_error,
    kl_nats,
    n,
    test_error,
    test_n,
    train_error,
)
from idbounds.quantities.sequential import tuned_n
from idbounds.sources import Source
from idbounds.statement import Bound

_SEQUENCE = "with probability at least 1 - delta over the sequence"
_ONE = f"for one hypothesis fixed beforehand and all n at once, {_SEQUENCE}"

anytime_kl = Bound(
    id="anytime-kl",
    title="All sample sizes, small kl, uniform mixture",
    family="sequential",
    takes=(test_error, test_n, delta),
    says=lambda R, m, δ: kl_inverse(R, (log((m + 1) / δ) + log_peak(m * R, m)) / m),
    assumes=(iid, unit_loss, held_out, one_sequence),
    source=Source("robbins1970", "Robbins", 1970, "for errors; derived for losses in [0, 1] here"),
    holds=_ONE + "; for errors it says that Bin(k; n, R) > delta / (n + 1) for all n",
)

anytime_kl_jeffreys = Bound(
    id="anytime-kl-jeffreys",
    title="All sample sizes, small kl, Jeffreys mixture",
    family="sequential",
    takes=(test_error, test_n, delta),
    says=lambda R, m, δ: kl_inverse(R, log(sqrt((22 * m + 6) / 7) / δ) / m),
    assumes=(iid, unit_loss, held_out, one_sequence),
    source=Source("krichevsky1981", "Krichevsky and Trofimov", 1981, "their mixture; derived here"),
    holds=_ONE + "; smaller than anytime-kl where errors are rare (below about 5%)",
)

anytime_hoeffding = Bound(
    id="anytime-hoeffding",
    title="All sample sizes, Hoeffding, tuned to one of them",
    family="sequential",
    takes=(test_error, tuned_n, test_n, delta),
    says=lambda R, t, m, δ: (
        R + sqrt((1 + t / m) * (log(1 / δ) + log1p((m / t / (sqrt(1 + m / t) + 1) - (1 - δ)) / 2)) / (2 * m))
    ),
    assumes=(iid, unit_loss, held_out, one_sequence, tuned_before_sample),
    source=Source("robbins1970", "Robbins", 1970, "the normal mixture; one-sided, derived here"),
    holds=_ONE + "; the two-sided normal mixture has ln(sqrt(1 + n/n0)/delta) in place of the logarithm",
)

anytime_stitched = Bound(
    id="anytime-stitched",
    title="All sample sizes, Hoeffding, stitched",
    family="sequential",
    takes=(test_error, test_n, delta),
    says=lambda R, m, δ: (
        R + sqrt((4 + 3 * sqrt(2)) * log(log(2 * m) * log(4 * m) / (log(2) ** 2 * δ)) / (16 * m))
    ),
    assumes=(iid, unit_loss, held_out, one_sequence),
    source=Source(
        "howard2021", "Howard et al.", 2021, "Theorem 1, with epochs of ratio 2 and weights 1 / ((j+1) (j+2))"
    ),
    holds=_ONE + "; grows as sqrt(ln ln n / n), the rate of the law of the iterated logarithm",
)

anytime_occam_kl = Bound(
    id="anytime-occam-kl",
    title="Occam at all sample sizes, small kl",
    family="sequential",
    takes=(train_error, code_bits, n, delta),
    says=lambda R, L, m, δ: kl_inverse(R, (L * log(2) + log((m + 1) / δ) + log_peak(m * R, m)) / m),
    assumes=(iid, unit_loss, prefix_code, code_before_sample, one_sequence),
    source=Source("robbins1970", "Robbins", 1970, "as anytime-kl, at level delta 2^-L"),
    holds=f"for all hypotheses and all n at once, {_SEQUENCE}",
    unless=("choices",),
)

anytime_pac_bayes_kl = Bound(
    id="anytime-pac-bayes-kl",
    title="PAC-Bayes at all sample sizes, small kl",
    family="sequential",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: kl_inverse(R, (K + log(sqrt((22 * m + 6) / 7) / δ)) / m),
    assumes=(iid, unit_loss, gibbs_predictor, prior_before_sample, one_sequence),
    source=Source(
        "jang2023", "Jang et al.", 2023, "the kl bound that follows from coin betting; constant derived here"
    ),
    holds=f"for all posteriors and all n at once, {_SEQUENCE}; never above the forms with 2 sqrt(n) and "
    "with n + 1 (Seeger), which thus hold at all n, too; 22/7 stands for pi",
    weaker=("maurer-kl", "mcallester"),
    left=r"R(\rho)",
    unless=("bound_n", "privacy_epsilon"),
)
