"""Nouns of more than one family.

The name of a quantity is the only vocabulary for arguments, command-line options, columns and JavaScript
variables. Errors are rates in [0, 1], lengths are bits, divergences are nats.
"""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

INFINITY = math.inf

train_error = Quantity(
    "train_error", r"\hat R", "R̂", "rate", 0, 1,
    "share of errors on the n training examples", +1, (0.0, 0.5), rate_of=("errors", "n"),
)  # fmt: skip
errors = Quantity(
    "errors", "k", "k", "count", 0, INFINITY,
    "number of errors on the n training examples", +1, (0, 30_000), integer=True, part_of="n",
)  # fmt: skip
n = Quantity(
    "n", "n", "n", "count", 1, INFINITY,
    "number of training examples", -1, (100, 1_000_000), integer=True,
)  # fmt: skip
code_bits = Quantity(
    "code_bits", "L", "L", "bits", 0, INFINITY,
    "length of the prefix-free message that decodes to the model, in bits", +1, (0, 100_000),
)  # fmt: skip
kl_nats = Quantity(
    "kl_nats", r"\mathrm{KL}", "KL", "nats", 0, INFINITY,
    "KL divergence of posterior from prior, in nats", +1, (0, 50_000),
)  # fmt: skip
gibbs_train_error = Quantity(
    "gibbs_train_error", r"\hat R(\rho)", "R̂(ρ)", "rate", 0, 1,
    "expected share of training errors of the stochastic (Gibbs) predictor", +1, (0.0, 0.5),
)  # fmt: skip
mc_errors = Quantity(
    "mc_errors", r"k_{\mathrm{MC}}", "k_MC", "count", 0, INFINITY,
    "errors counted in mc_draws independent (hypothesis, example) draws", +1, (0, 100_000), integer=True,
    part_of="mc_draws",
)  # fmt: skip
mc_draws = Quantity(
    "mc_draws", "m", "m", "count", 1, INFINITY,
    "number of independent Monte-Carlo draws", -1, (1000, 1_000_000), integer=True,
)  # fmt: skip
mc_delta = Quantity(
    "mc_delta", r"\delta'", "δ'", "probability", 0, 1,
    "failure probability of the Monte-Carlo estimate, added to delta", -1, (0.001, 0.05),
    open_ends=True, default="0.01",
)  # fmt: skip
loss_range = Quantity(
    "loss_range", r"\Delta", "Δ", "loss", 0, INFINITY,
    "width of the interval that holds the loss", +1, (1.0, 20.0), default="1",
)  # fmt: skip
d = Quantity(
    "d", "d", "d", "count", 1, INFINITY,
    "dimension of the random subspace", +1, (10, 10_000), integer=True,
)  # fmt: skip
bits_per_coordinate = Quantity(
    "bits_per_coordinate", "b", "b", "bits", 0, INFINITY,
    "bits spent on one subspace coordinate", +1, (1.0, 16.0),
)  # fmt: skip
delta = Quantity(
    "delta", r"\delta", "δ", "probability", 0, 1,
    "allowed probability that the bound fails, over the draw of the sample", -1, (1e-6, 0.1),
    open_ends=True, default="0.05",
)  # fmt: skip
test_errors = Quantity(
    "test_errors", r"k_{\mathrm{test}}", "k_test", "count", 0, INFINITY,
    "number of errors on the held-out examples", +1, (0, 5_000), integer=True, part_of="test_n",
)  # fmt: skip
test_n = Quantity(
    "test_n", r"n_{\mathrm{test}}", "n_test", "count", 1, INFINITY,
    "number of held-out examples, used for nothing else", -1, (100, 100_000), integer=True,
)  # fmt: skip
test_error = Quantity(
    "test_error", r"\hat R_{\mathrm{test}}", "R̂_test", "rate", 0, 1,
    "mean loss on the held-out examples, in [0, 1]", +1, (0.0, 0.5), rate_of=("test_errors", "test_n"),
)  # fmt: skip
mc_error = Quantity(
    "mc_error", r"\hat R_{\mathrm{MC}}", "R̂_MC", "rate", 0, 1,
    "mean training error of mc_draws hypotheses drawn from the posterior", +1, (0.0, 0.5),
    rate_of=("mc_errors", "mc_draws"),
)  # fmt: skip
