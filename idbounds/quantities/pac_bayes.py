"""Nouns of PAC-Bayes bounds: parameters that are chosen, and second-order statistics of the losses."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

gibbs_variance = Quantity(
    "gibbs_variance", r"\hat V(\rho)", "V̂(ρ)", "rate", 0, 1,
    "posterior mean of each hypothesis' unbiased variance of its n training losses (divided by n - 1)",
    +1, (0.0, 0.25), part_of="gibbs_train_error",
)  # fmt: skip
gibbs_second_moment = Quantity(
    "gibbs_second_moment", r"\hat M(\rho)", "M̂(ρ)", "rate", 0, 1,
    "posterior mean of each hypothesis' mean squared loss on the n training examples", +1, (0.0, 0.5),
    part_of="gibbs_train_error",
)  # fmt: skip
catoni_beta = Quantity(
    "catoni_beta", r"\beta", "β", "number", 0, math.inf,
    "inverse temperature of Catoni's bound; lambda / n in other notations", 0, (0.01, 10.0), open_ends=True,
)  # fmt: skip
thiemann_lambda = Quantity(
    "thiemann_lambda", r"\lambda", "λ", "number", 0, 2,
    "trade-off of the PAC-Bayes-lambda bound", 0, (0.01, 1.9), open_ends=True,
)  # fmt: skip
bernstein_gamma = Quantity(
    "bernstein_gamma", r"\gamma", "γ", "number", 0, 1,
    "trade-off of the unexpected Bernstein bound, for losses in [0, 1]", 0, (0.01, 0.9), open_ends=True,
)  # fmt: skip
