"""Bounds with a prior that has seen other data: informed and recursive priors, excess losses.

A prior learned on one part of the sample is as good as one fixed beforehand, for a bound on the other part;
`bound_n` counts that other part. The excess of a hypothesis over a reference has less variance than its loss,
and split-kl sees that: it bounds the positive and the negative part of the excess one by one.
"""

from __future__ import annotations

from typing import Any

from idbounds.assumptions import (
    earlier_stages,
    gibbs_predictor,
    held_out,
    iid,
    prior_before_sample,
    prior_from_others,
    private_prior,
    unit_loss,
    zero_one_loss,
)
from idbounds.catalogue.pac_bayes import maurer_kl
from idbounds.functions import binomial_tail_inverse, kl_inverse, kl_inverse_lower, log, sqrt
from idbounds.quantities import delta, gibbs_train_error, kl_nats, n, test_n
from idbounds.quantities.data_dependent import (
    backward_errors,
    bound_n,
    excess_1,
    excess_2,
    excess_3,
    excess_down,
    excess_up,
    gibbs_bound_error,
    mean_kl_nats,
    previous_bound,
    privacy_epsilon,
    recursion_gamma,
    reference_errors,
    stages,
)
from idbounds.sources import Source
from idbounds.statement import Bound

_POSTERIORS = "for all posteriors at once, with probability at least 1 - delta over "
_PART = _POSTERIORS + "the bound_n examples, given the others"


def _split(up: Any, down: Any, nats: Any) -> Any:
    """The excess by its two parts: as much more of the one and as much less of the other as nats allow."""
    return kl_inverse(up, nats) - kl_inverse_lower(down, nats)


split_kl = Bound(
    id="split-kl",
    title="Excess loss over a reference, split-kl",
    family="data-dependent",
    takes=(excess_up, excess_down, test_n, delta),
    says=lambda U, D, m, δ: _split(U, D, log(2 / δ) / m),
    assumes=(iid, unit_loss, held_out),
    source=Source("wu2022", "Wu and Seldin", 2022, "Theorem 4, for an excess loss in [-1, 1] split at 0"),
    holds="for one hypothesis and one reference fixed before the test set, with probability at least "
    "1 - delta over that set; a negative value says that the hypothesis is better than its reference",
    left=r"R(h) - R(h^{*})",
)

pac_bayes_split_kl = Bound(
    id="pac-bayes-split-kl",
    title="Excess loss over a reference, PAC-Bayes-split-kl",
    family="data-dependent",
    takes=(excess_up, excess_down, kl_nats, bound_n, delta),
    says=lambda U, D, K, m, δ: _split(U, D, (K + log(4 * sqrt(m) / δ)) / m),
    assumes=(iid, unit_loss, gibbs_predictor, prior_from_others),
    source=Source("wu2022", "Wu and Seldin", 2022, "Theorem 7, for an excess loss in [-1, 1] split at 0"),
    holds=_PART + "; a negative value says that the posterior is better than the reference",
    left=r"R(\rho) - R(h^{*})",
)

informed_prior_kl = Bound(
    id="informed-prior-kl",
    title="PAC-Bayes with an informed prior, small kl",
    family="data-dependent",
    takes=(gibbs_bound_error, kl_nats, bound_n, delta),
    says=maurer_kl.says,
    assumes=(iid, unit_loss, gibbs_predictor, prior_from_others),
    source=Source(
        "ambroladze2006",
        "Ambroladze et al.",
        2006,
        "prior from a part of the sample, in Maurer's (2004) bound",
    ),
    holds=_PART + "; Maurer's bound on the rest, so error and number of examples are those of the rest",
    left=r"R(\rho)",
)

informed_excess_kl = Bound(
    id="informed-excess-kl",
    title="PAC-Bayes with an informed prior and excess loss, split-kl",
    family="data-dependent",
    takes=(excess_up, excess_down, reference_errors, kl_nats, bound_n, delta),
    says=lambda U, D, k, K, m, δ: (
        _split(U, D, (K + log(8 * sqrt(m) / δ)) / m) + binomial_tail_inverse(k, m, log(δ / 2))
    ),
    assumes=(iid, zero_one_loss, gibbs_predictor, prior_from_others),
    source=Source(
        "wu2022",
        "Wu and Seldin",
        2022,
        "their Section 3 after Mhammedi et al. (2019), one direction, delta in halves",
    ),
    holds=_PART
    + "; pac-bayes-split-kl at delta/2 and the reference's exact tail at delta/2 (code of the authors: "
    "three parts of delta/3)",
    left=r"R(\rho)",
)

forward_backward_split_kl = Bound(
    id="forward-backward-split-kl",
    title="PAC-Bayes with priors from both halves and excess loss, split-kl",
    family="data-dependent",
    takes=(excess_up, excess_down, reference_errors, backward_errors, mean_kl_nats, bound_n, delta),
    says=lambda U, D, k, j, K, m, δ: (
        _split(U, D, (K + log(8 * sqrt(m) / δ)) / m)
        + (binomial_tail_inverse(k, m, log(δ / 4)) + binomial_tail_inverse(j, m, log(δ / 4))) / 2
    ),
    assumes=(iid, zero_one_loss, gibbs_predictor, prior_from_others),
    source=Source("wu2022", "Wu and Seldin", 2022, "Theorem 9; re-derived here"),
    holds=_POSTERIORS
    + "the sample of 2 bound_n examples; each prior and reference comes from the half on which it is "
    "not evaluated, and the excess is averaged over both halves",
    left=r"R(\rho)",
)

recursive_pac_bayes_first = Bound(
    id="recursive-pac-bayes-first",
    title="Recursive PAC-Bayes, first stage",
    family="data-dependent",
    takes=(gibbs_train_error, kl_nats, n, stages, delta),
    says=lambda R, K, m, T, δ: kl_inverse(R, (K + log(2 * T * sqrt(m) / δ)) / m),
    assumes=(iid, unit_loss, gibbs_predictor, prior_before_sample),
    source=Source("wu2024", "Wu et al.", 2024, "Theorem 5, t = 1"),
    holds=_POSTERIORS + "the sample, together with the later stages",
    left=r"R(\rho)",
)


def _step(B: Any, γ: Any, F: Any, G: Any, H: Any, K: Any, m: Any, T: Any, δ: Any) -> Any:
    nats = (K + log(6 * T * sqrt(m) / δ)) / m
    gains = γ * kl_inverse(F, nats) + (1 - γ) * kl_inverse(G, nats) + γ * kl_inverse(H, nats)
    return gains - γ + γ * B


recursive_pac_bayes_step = Bound(
    id="recursive-pac-bayes-step",
    title="Recursive PAC-Bayes, one more stage",
    family="data-dependent",
    takes=(previous_bound, recursion_gamma, excess_1, excess_2, excess_3, kl_nats, bound_n, stages, delta),
    says=_step,
    assumes=(iid, zero_one_loss, gibbs_predictor, prior_from_others, earlier_stages),
    source=Source("wu2024", "Wu et al.", 2024, "Theorem 5, t > 1"),
    holds=_PART + ", together with the other stages; the prior is the posterior of the previous stage",
    left=r"R(\rho)",
)

private_prior_kl = Bound(
    id="private-prior-kl",
    title="PAC-Bayes with a differentially private prior, small kl",
    family="data-dependent",
    takes=(gibbs_train_error, kl_nats, privacy_epsilon, n, delta),
    says=lambda R, K, ε, m, δ: kl_inverse(
        R, (K + log(4 * sqrt(m) / δ)) / m + ε**2 / 2 + ε * sqrt(log(2 / δ) / (2 * m))
    ),
    assumes=(iid, unit_loss, gibbs_predictor, private_prior),
    source=Source(
        "dziugaite2018", "Dziugaite and Roy", 2018, "their bound, re-derived with 2/delta for 4/delta"
    ),
    holds=_POSTERIORS + "the sample and the choice of the prior; published with ln(4/delta) in the last term",
    left=r"R(\rho)",
)
