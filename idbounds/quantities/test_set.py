"""Nouns of held-out examples."""

from __future__ import annotations

from idbounds.quantities.quantity import Quantity

test_variance = Quantity(
    "test_variance", r"\hat V_{\mathrm{test}}", "V̂_test", "rate", 0, 0.5,
    "unbiased variance of the held-out losses: squared distances from their mean, summed, over test_n - 1",
    +1, (0.0, 0.25),
)  # fmt: skip
known_variance = Quantity(
    "known_variance", r"\sigma^2_{\mathrm{max}}", "σ²_max", "rate", 0, 0.25,
    "number that the variance of the loss is known not to exceed, without looking at these examples",
    +1, (0.001, 0.25),
)  # fmt: skip
