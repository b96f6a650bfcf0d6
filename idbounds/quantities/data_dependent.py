"""Nouns of data-dependent priors, excess losses and recursive PAC-Bayes."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

bound_n = Quantity(
    "bound_n", r"n_{\mathrm{b}}", "n_b", "count", 1, math.inf,
    "number of examples that neither the prior nor the reference hypothesis has seen: not the whole sample",
    -1, (100, 1_000_000), integer=True,
)  # fmt: skip
gibbs_bound_error = Quantity(
    "gibbs_bound_error", r"\hat R_{\mathrm{b}}(\rho)", "R̂_b(ρ)", "rate", 0, 1,
    "expected share of errors of the stochastic (Gibbs) predictor on the bound_n examples", +1, (0.0, 0.5),
)  # fmt: skip
excess_up = Quantity(
    "excess_up", r"\hat\Delta^{+}", "Δ̂⁺", "rate", 0, 1,
    "mean positive part of the excess loss l(h) - l(h*): for errors, the share where h errs and h* does not; "
    "for a posterior, its expectation", +1, (0.0, 0.3),
)  # fmt: skip
excess_down = Quantity(
    "excess_down", r"\hat\Delta^{-}", "Δ̂⁻", "rate", 0, 1,
    "mean negative part of the excess loss l(h) - l(h*): for errors, the share where h* errs and h does not; "
    "for a posterior, its expectation", -1, (0.0, 0.3),
)  # fmt: skip
reference_errors = Quantity(
    "reference_errors", r"k^{*}", "k*", "count", 0, math.inf,
    "number of errors of the reference hypothesis h* on the bound_n examples", +1, (0, 200),
    integer=True, part_of="bound_n",
)  # fmt: skip
backward_errors = Quantity(
    "backward_errors", r"k^{**}", "k**", "count", 0, math.inf,
    "number of errors of the second reference hypothesis on its own bound_n examples, the other half", +1,
    (0, 200), integer=True, part_of="bound_n",
)  # fmt: skip
mean_kl_nats = Quantity(
    "mean_kl_nats", r"\overline{\mathrm{KL}}", "KL̄", "nats", 0, math.inf,
    "mean of the KL divergences of the posterior from the forward prior and from the backward prior, in nats",
    +1, (0, 50_000),
)  # fmt: skip
stages = Quantity(
    "stages", "T", "T", "count", 1, math.inf,
    "number of stages of the recursion, fixed beforehand, that share delta", +1, (1, 10), integer=True,
)  # fmt: skip
previous_bound = Quantity(
    "previous_bound", r"B_{t-1}", "B_{t-1}", "rate", 0, 1,
    "bound on the risk of the previous stage's posterior, from the same recursion", +1, (0.0, 1.0),
)  # fmt: skip
recursion_gamma = Quantity(
    "recursion_gamma", r"\gamma_t", "γ_t", "rate", 0, 1,
    "weight of the previous posterior's loss in the excess loss, fixed before the bound_n examples were seen",
    0, (0.1, 0.9), open_ends=True,
)  # fmt: skip
excess_1 = Quantity(
    "excess_1", r"\hat F_1", "F̂₁", "rate", 0, 1,
    "expected share of examples with excess loss l(h) - gamma l(h') >= 0: all but those where h' alone errs",
    +1, (0.0, 1.0),
)  # fmt: skip
excess_2 = Quantity(
    "excess_2", r"\hat F_2", "F̂₂", "rate", 0, 1,
    "expected share of examples with excess loss l(h) - gamma l(h') >= 1 - gamma: those where h errs",
    +1, (0.0, 1.0), part_of="excess_1",
)  # fmt: skip
excess_3 = Quantity(
    "excess_3", r"\hat F_3", "F̂₃", "rate", 0, 1,
    "expected share of examples with excess loss l(h) - gamma l(h') = 1: those where h alone errs",
    +1, (0.0, 1.0), part_of="excess_2",
)  # fmt: skip
privacy_epsilon = Quantity(
    "privacy_epsilon", r"\varepsilon", "ε", "nats", 0, math.inf,
    "differential privacy of the choice of the prior: another example in one place changes no probability by "
    "more than the factor exp(epsilon)", +1, (0.001, 0.5),
)  # fmt: skip
