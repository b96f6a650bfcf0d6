"""Bounds from held-out examples: the honest competitor of every training-set bound.

For errors (loss 0 or 1) the binomial tail is exact, and nothing here beats it. The others are for losses in
[0, 1] that are no errors: a Brier score, a clipped log loss.
"""

from __future__ import annotations

from idbounds.assumptions import held_out, iid, unit_loss, variance_known, zero_one_loss
from idbounds.functions import binomial_tail_inverse, kl_inverse, log, maximum, sqrt
from idbounds.quantities import delta, test_error, test_errors, test_n
from idbounds.quantities.test_set import known_variance, test_variance
from idbounds.sources import Source
from idbounds.statement import Bound

_ONE = "for one hypothesis fixed before the test set, with probability at least 1 - delta over that set"

test_binomial = Bound(
    id="test-binomial",
    title="Test set, exact binomial tail",
    family="test set",
    takes=(test_errors, test_n, delta),
    says=lambda k, m, δ: binomial_tail_inverse(k, m, log(δ)),
    assumes=(iid, zero_one_loss, held_out),
    source=Source(
        "langford2005", "Langford", 2005, "Theorem 3.3; the one-sided Clopper-Pearson interval (1934)"
    ),
    holds=_ONE,
    weaker=("test-kl", "test-hoeffding"),
    unless=("test_variance",),
)

test_kl = Bound(
    id="test-kl",
    title="Test set, small kl",
    family="test set",
    takes=(test_error, test_n, delta),
    says=lambda R, m, δ: kl_inverse(R, log(1 / δ) / m),
    assumes=(iid, unit_loss, held_out),
    source=Source(
        "hoeffding1963", "Hoeffding", 1963, "Theorem 1, the form before it is simplified; Chernoff for errors"
    ),
    holds=_ONE + "; ln(1/delta) and no ln(2 sqrt n), which is the price of a posterior",
    weaker=("test-hoeffding",),
)

test_hoeffding = Bound(
    id="test-hoeffding",
    title="Test set, Hoeffding",
    family="test set",
    takes=(test_error, test_n, delta),
    says=lambda R, m, δ: R + sqrt(log(1 / δ) / (2 * m)),
    assumes=(iid, unit_loss, held_out),
    source=Source("hoeffding1963", "Hoeffding", 1963, "Theorem 1, one-sided"),
    holds=_ONE + "; two-sided statements have ln(2/delta)",
)

test_bernstein = Bound(
    id="test-bernstein",
    title="Test set, Bernstein (variance known)",
    family="test set",
    takes=(test_error, known_variance, test_n, delta),
    says=lambda R, v, m, δ: R + sqrt(2 * v * log(1 / δ) / m) + log(1 / δ) / (3 * m),
    assumes=(iid, unit_loss, held_out, variance_known),
    source=Source(
        "boucheron2013", "Boucheron, Lugosi and Massart", 2013, "Bernstein's inequality by its sub-gamma form"
    ),
    holds=_ONE
    + "; the variance bound is from theory or other examples (with a delta of their own), 1/4 is always "
    "true; inverting exp(-n t^2 / (2v + 2t/3)) gives 2/3 for 1/3",
)

test_empirical_bernstein = Bound(
    id="test-empirical-bernstein",
    title="Test set, empirical Bernstein (Maurer and Pontil)",
    family="test set",
    takes=(test_error, test_variance, test_n, delta),
    says=lambda R, V, m, δ: R + sqrt(2 * V * log(2 / δ) / m) + 7 * log(2 / δ) / (3 * maximum(m - 1, 1)),
    assumes=(iid, unit_loss, held_out),
    source=Source("maurer2009", "Maurer and Pontil", 2009, "Theorem 4"),
    holds=_ONE
    + "; ln(2/delta) although one-sided, for mean and variance share delta; the unbiased variance needs "
    "two examples, and for one example the value is above 1",
)
