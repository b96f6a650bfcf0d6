"""PAC-Bayes bounds: for the stochastic (Gibbs) predictor that draws its weights from a posterior.

The moment of n kl is at most xi(n) <= 2 sqrt n: it costs ln xi(n) once, and every trade-off may be chosen
afterwards. The moment of a linear statistic is at most 1, but its parameter must be fixed, or paid for.
"""

from __future__ import annotations

from fractions import Fraction
from typing import Any

from idbounds.assumptions import (
    gibbs_predictor,
    iid,
    parameter_before_sample,
    posterior_draws,
    posterior_pairs,
    prior_before_sample,
    unit_loss,
    zero_one_loss,
)
from idbounds.functions import (
    binomial_tail_inverse,
    ceiling,
    infimum_over,
    kl_inverse,
    log,
    log1p,
    log_xi,
    maximum,
    minimum,
    minimum_over,
    phi_inverse,
    power_of_two,
    psi,
    sqrt,
)
from idbounds.quantities import (
    bernstein_gamma,
    catoni_beta,
    delta,
    gibbs_second_moment,
    gibbs_train_error,
    gibbs_variance,
    kl_nats,
    mc_delta,
    mc_draws,
    mc_error,
    mc_errors,
    n,
    thiemann_lambda,
)
from idbounds.sources import Source
from idbounds.statement import Bound

_POSTERIORS = "for all posteriors at once, with probability at least 1 - delta over the sample"
_OTHERS = ("bound_n", "privacy_epsilon", "stages")  # the prior has seen data: other bounds
_GIBBS = (iid, unit_loss, gibbs_predictor, prior_before_sample)


def _nats(K: Any, m: Any, δ: Any) -> Any:
    """What the posterior costs with Maurer's 2 sqrt(n)."""
    return K + log(2 * sqrt(m) / δ)


def _exact_nats(K: Any, m: Any, δ: Any) -> Any:
    """What the posterior costs with the exact xi(n)."""
    return K + log_xi(m) + log(1 / δ)


maurer_kl = Bound(
    id="maurer-kl",
    title="PAC-Bayes, small kl (Maurer)",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: kl_inverse(R, _nats(K, m, δ) / m),
    assumes=_GIBBS,
    source=Source(
        "maurer2004", "Maurer", 2004, "Theorem 5; stated there for n >= 8, 2 sqrt(n) holds for n < 8 too"
    ),
    holds=_POSTERIORS,
    weaker=("mcallester", "pac-bayes-refined-pinsker", "pac-bayes-quadratic", "seeger-kl"),
    left=r"R(\rho)",
    unless=_OTHERS,
)

mcallester = Bound(
    id="mcallester",
    title="PAC-Bayes, McAllester",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: R + sqrt(_nats(K, m, δ) / (2 * m)),
    assumes=_GIBBS,
    source=Source(
        "mcallester1999", "McAllester", 1999, "in the form that Pinsker's inequality gives from Maurer (2004)"
    ),
    holds=_POSTERIORS + "; the original has another constant",
    left=r"R(\rho)",
    unless=_OTHERS,
)

maurer_kl_xi = Bound(
    id="maurer-kl-xi",
    title="PAC-Bayes, small kl with Maurer's exact constant",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: kl_inverse(R, _exact_nats(K, m, δ) / m),
    assumes=_GIBBS,
    source=Source(
        "maurer2004", "Maurer", 2004, "Theorem 5 before xi(n) is replaced by 2 sqrt(n); gains about 0.47 nats"
    ),
    holds=_POSTERIORS,
    weaker=(
        "maurer-kl",
        "seeger-kl",
        "mcallester",
        "mcallester-1999",
        "pac-bayes-mixed-rate",
        "pac-bayes-refined-pinsker",
        "pac-bayes-quadratic",
    ),
    left=r"R(\rho)",
    unless=_OTHERS,
)

seeger_kl = Bound(
    id="seeger-kl",
    title="PAC-Bayes, small kl (Langford and Seeger)",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: kl_inverse(R, (K + log((m + 1) / δ)) / m),
    assumes=_GIBBS,
    source=Source("seeger2002", "Seeger", 2002, "Theorem 1, with n + 1 for xi(n); for losses in [0, 1]"),
    holds=_POSTERIORS + "; Langford (2005) has the same constant, earlier forms divide by n - 1",
    left=r"R(\rho)",
    unless=_OTHERS,
)

mcallester_1999 = Bound(
    id="mcallester-1999",
    title="PAC-Bayes, McAllester's form of 1999",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: R + sqrt((K + log(1 / δ) + log(maximum(m, 2))) / (2 * m - 1)),
    assumes=_GIBBS,
    source=Source(
        "mcallester1999averaging",
        "McAllester",
        1999,
        "the shape of Theorem 1; ln(n) is the constant of public code, here for every prior; ln(2) at n = 1",
    ),
    holds=_POSTERIORS + "; McAllester has (5/2) ln(n) + 8 for ln(n) in 1999, ln(n) + 2 in 2003",
    left=r"R(\rho)",
    unless=_OTHERS,
)

refined_pinsker = Bound(
    id="pac-bayes-refined-pinsker",
    title="PAC-Bayes, refined Pinsker",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: R + sqrt(2 * R * _nats(K, m, δ) / m) + 2 * _nats(K, m, δ) / m,
    assumes=_GIBBS,
    source=Source("tolstikhin2013", "Tolstikhin and Seldin", 2013, "where it is recalled"),
    holds=_POSTERIORS,
    left=r"R(\rho)",
    unless=_OTHERS,
)

mixed_rate = Bound(
    id="pac-bayes-mixed-rate",
    title="PAC-Bayes, mixed rate",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: R + sqrt(2 * R * _exact_nats(K, m, δ) / m) + _exact_nats(K, m, δ) / m,
    assumes=_GIBBS,
    source=Source(
        "rodriguezgalvez2024",
        "Rodríguez-Gálvez et al.",
        2024,
        "the mixed-rate bound; its constants are re-derived, the text was not at hand",
    ),
    holds=_POSTERIORS,
    left=r"R(\rho)",
    unless=_OTHERS,
)

quadratic = Bound(
    id="pac-bayes-quadratic",
    title="PAC-Bayes-quadratic, which is PAC-Bayes-lambda at its best lambda",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: (sqrt(R + _nats(K, m, δ) / (2 * m)) + sqrt(_nats(K, m, δ) / (2 * m))) ** 2,
    assumes=_GIBBS,
    source=Source(
        "rivasplata2019",
        "Rivasplata et al.",
        2019,
        "also in Pérez-Ortiz et al. (2021); it is Thiemann et al. (2017) at the best lambda",
    ),
    holds=_POSTERIORS,
    left=r"R(\rho)",
    unless=_OTHERS,
)

thiemann = Bound(
    id="thiemann-lambda",
    title="PAC-Bayes-lambda (Thiemann)",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, thiemann_lambda, delta),
    says=lambda R, K, m, λ, δ: R / (1 - λ / 2) + _nats(K, m, δ) / (m * λ * (1 - λ / 2)),
    assumes=_GIBBS,
    source=Source("thiemann2017", "Thiemann et al.", 2017, "Theorem 3"),
    holds="for all posteriors and all lambda at once, with probability at least 1 - delta over the sample",
    left=r"R(\rho)",
    unless=_OTHERS,
)

catoni_uniform = Bound(
    id="catoni-uniform",
    title="PAC-Bayes, Catoni for all beta at once",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, catoni_beta, delta),
    says=lambda R, K, m, β, δ: phi_inverse(β, R + _exact_nats(K, m, δ) / (m * β)),
    assumes=_GIBBS,
    source=Source(
        "rodriguezgalvez2024",
        "Rodríguez-Gálvez et al.",
        2024,
        "the strengthened Catoni bound; re-derived, the text was not at hand",
    ),
    holds="for all posteriors and all beta at once, with probability at least 1 - delta over the sample; "
    "its least value over beta is maurer-kl-xi",
    left=r"R(\rho)",
    unless=_OTHERS,
)

catoni = Bound(
    id="catoni-beta",
    title="PAC-Bayes, Catoni with beta fixed beforehand",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, catoni_beta, delta),
    says=lambda R, K, m, β, δ: phi_inverse(β, R + (K + log(1 / δ)) / (m * β)),
    assumes=(*_GIBBS, parameter_before_sample),
    source=Source("catoni2007", "Catoni", 2007, "Theorem 1.2.6, with beta = lambda / n"),
    holds=_POSTERIORS,
    left=r"R(\rho)",
    unless=_OTHERS,
)

catoni_dyadic = Bound(
    id="catoni-dyadic",
    title="PAC-Bayes, Catoni with 16 powers of two for beta",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: minimum_over(
        lambda j: phi_inverse(power_of_two(3 - j), R + (K + log(16 / δ)) / (m * power_of_two(3 - j))),
        0,
        15,
    ),
    assumes=_GIBBS,
    source=Source("catoni2007", "Catoni", 2007, "Theorem 1.2.6, with a union over beta = 8, 4, ..., 1/4096"),
    holds=_POSTERIORS + "; the choice of beta costs 4 bits; other grids in public code",
    left=r"R(\rho)",
    unless=_OTHERS,
)

_α = Fraction(1, 10_000)

catoni_zhou = Bound(
    id="catoni-zhou",
    title="PAC-Bayes, Catoni with a geometric grid (Zhou)",
    family="PAC-Bayes",
    takes=(gibbs_train_error, kl_nats, n, delta),
    says=lambda R, K, m, δ: infimum_over(
        lambda λ: phi_inverse(
            λ / m,
            R + (1 + _α) * (K + log(1 / δ) + 2 * log((log(λ) + 2 * log1p(_α)) / log1p(_α))) / λ,
        ),
        2,
        64 * m,
        variable="λ",
    ),
    assumes=_GIBBS,
    source=Source(
        "zhou2019",
        "Zhou et al.",
        2019,
        "Theorem 4.1 with alpha = 1.0001, as Lotfi et al. (2022) use it; lambda in [2, 64 n]",
    ),
    holds=_POSTERIORS,
    left=r"R(\rho)",
    unless=_OTHERS,
)


def _tolstikhin_seldin(R: Any, V: Any, K: Any, m: Any, δ: Any) -> Any:
    c, spread = Fraction(23, 20), power_of_two(1 / log(2)) - 2  # 1.15 and e - 2
    free, level = maximum(m - 1, 1), log(2 / δ)
    looks = maximum(ceiling(log(sqrt(free / level + 1) / 2 + Fraction(1, 2)) / log(c)), 1)
    B = K + log(looks) + level
    variance = minimum(V + (1 + c) * sqrt(V * B / (2 * free)) + 2 * c * B / free, Fraction(1, 4))
    steps = maximum(ceiling(log(sqrt(spread * m / (4 * level))) / log(c)) + 1, 1)
    A = (K + log(steps) + level) / m
    return R + maximum((1 + c) * sqrt(spread * variance * A), 2 * A)


tolstikhin_seldin = Bound(
    id="tolstikhin-seldin",
    title="PAC-Bayes, empirical Bernstein (Tolstikhin and Seldin)",
    family="PAC-Bayes",
    takes=(gibbs_train_error, gibbs_variance, kl_nats, n, delta),
    says=_tolstikhin_seldin,
    assumes=_GIBBS,
    source=Source(
        "tolstikhin2013",
        "Tolstikhin and Seldin",
        2013,
        "Theorem 4, c1 = c2 = 1.15, delta split in halves; the larger of its two cases",
    ),
    holds=_POSTERIORS + "; above the original only where its cases meet, by 7.5% of the second term at most",
    left=r"R(\rho)",
    unless=_OTHERS,
)

unexpected_gamma = Bound(
    id="unexpected-bernstein-gamma",
    title="PAC-Bayes, unexpected Bernstein with gamma fixed beforehand",
    family="PAC-Bayes",
    takes=(gibbs_train_error, gibbs_second_moment, kl_nats, n, bernstein_gamma, delta),
    says=lambda R, V, K, m, γ, δ: R + psi(-γ) / γ * V + (K + log(1 / δ)) / (γ * m),
    assumes=(*_GIBBS, parameter_before_sample),
    source=Source("mhammedi2019", "Mhammedi et al.", 2019, "with one prior, b = 1"),
    holds=_POSTERIORS,
    left=r"R(\rho)",
    unless=_OTHERS,
)

unexpected_bernstein = Bound(
    id="unexpected-bernstein",
    title="PAC-Bayes, unexpected Bernstein",
    family="PAC-Bayes",
    takes=(gibbs_train_error, gibbs_second_moment, kl_nats, n, delta),
    says=lambda R, V, K, m, δ: (
        R
        + minimum_over(
            lambda j: power_of_two(j) * (psi(-power_of_two(-j)) * V + (K + log(j * (j + 1) / δ)) / m), 1, 40
        )
    ),
    assumes=_GIBBS,
    source=Source(
        "mhammedi2019",
        "Mhammedi et al.",
        2019,
        "with one prior, b = 1 and gamma = 1/2, 1/4, ...; gamma = 2^-j is charged ln(j (j + 1)), not ln(k)",
    ),
    holds=_POSTERIORS + "; Mhammedi et al. and Wu and Seldin (2022) stop at a k that depends on n and delta",
    left=r"R(\rho)",
    unless=_OTHERS,
)

_DRAWS = "for the posterior drawn from, with probability at least 1 - delta' over the draws"
_BOTH = "for the posterior drawn from, with probability at least 1 - delta - delta' over sample and draws"

gibbs_monte_carlo = Bound(
    id="gibbs-monte-carlo",
    title="Gibbs training error from sampled hypotheses",
    family="PAC-Bayes",
    takes=(mc_error, mc_draws, mc_delta),
    says=lambda R, m, δ: kl_inverse(R, log(1 / δ) / m),
    assumes=(unit_loss, posterior_draws),
    source=Source("langford2001", "Langford and Caruana", 2001, "the sampled error, inverted one-sidedly"),
    holds=_DRAWS + "; public code has ln(2/delta')",
    left=r"\hat R(\rho)",
)

gibbs_monte_carlo_binomial = Bound(
    id="gibbs-monte-carlo-binomial",
    title="Gibbs training error from sampled (hypothesis, example) pairs",
    family="PAC-Bayes",
    takes=(mc_errors, mc_draws, mc_delta),
    says=lambda k, m, δ: binomial_tail_inverse(k, m, log(δ)),
    assumes=(zero_one_loss, posterior_pairs),
    source=Source("langford2001", "Langford and Caruana", 2001, "the sampled error, by the exact tail"),
    holds=_DRAWS,
    weaker=("gibbs-monte-carlo",),
    left=r"\hat R(\rho)",
    unless=("mc_error",),
)

maurer_kl_monte_carlo = Bound(
    id="maurer-kl-monte-carlo",
    title="PAC-Bayes, small kl, training error from sampled hypotheses",
    family="PAC-Bayes",
    takes=(mc_error, mc_draws, mc_delta, kl_nats, n, delta),
    says=lambda R, d, e, K, m, δ: kl_inverse(kl_inverse(R, log(1 / e) / d), _nats(K, m, δ) / m),
    assumes=(*_GIBBS, posterior_draws),
    source=Source("perezortiz2021", "Pérez-Ortiz et al.", 2021, "the certificate, one-sided"),
    holds=_BOTH + "; public code has ln(2/delta')",
    left=r"R(\rho)",
    unless=_OTHERS,
)

maurer_kl_xi_monte_carlo = Bound(
    id="maurer-kl-xi-monte-carlo",
    title="PAC-Bayes, small kl with Maurer's exact constant, training error from sampled hypotheses",
    family="PAC-Bayes",
    takes=(mc_error, mc_draws, mc_delta, kl_nats, n, delta),
    says=lambda R, d, e, K, m, δ: kl_inverse(kl_inverse(R, log(1 / e) / d), _exact_nats(K, m, δ) / m),
    assumes=(*_GIBBS, posterior_draws),
    source=Source(
        "perezortiz2021",
        "Pérez-Ortiz et al.",
        2021,
        "the certificate, one-sided, with xi(n)",
    ),
    holds=_BOTH + "; public code has ln(2/delta')",
    weaker=("maurer-kl-monte-carlo",),
    left=r"R(\rho)",
    unless=_OTHERS,
)
