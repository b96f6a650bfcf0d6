"""Nouns of information-theoretic bounds."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

mutual_information = Quantity(
    "mutual_information", r"I(S;W)", "I(S;W)", "nats", 0, math.inf,
    "mutual information of the sample and the hypothesis that the algorithm returns, in nats", +1, (0, 1000),
)  # fmt: skip
individual_information = Quantity(
    "individual_information", r"I(Z;W)", "I(Z;W)", "nats", 0, math.inf,
    "mutual information of one training example and the hypothesis that the algorithm returns, in nats",
    +1, (0, 1),
)  # fmt: skip
conditional_information = Quantity(
    "conditional_information", r"\mathrm{CMI}", "CMI", "nats", 0, math.inf,
    "mutual information of the hypothesis and the choice of n of 2n examples, given all 2n, in nats",
    +1, (0, 1000),
)  # fmt: skip
subgaussian = Quantity(
    "subgaussian", r"\sigma", "σ", "loss", 0, math.inf,
    "sub-Gaussian parameter of the loss; 1/2 is enough for a loss in [0, 1]", +1, (0.1, 2), default="0.5",
)  # fmt: skip
