"""Bounds from held-out examples: the honest competitor of every training-set bound."""

from __future__ import annotations

from idbounds.assumptions import held_out, iid, zero_one_loss
from idbounds.functions import binomial_tail_inverse, log
from idbounds.quantities import delta, test_errors, test_n
from idbounds.sources import Source
from idbounds.statement import Bound

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
    holds="for one hypothesis fixed before the test set, with probability at least 1 - delta over that set",
)
