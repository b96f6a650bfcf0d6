"""Nouns of intrinsic dimension and covering numbers."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

header_bits = Quantity(
    "header_bits", r"L_{\mathrm{head}}", "L_head", "bits", 0, math.inf,
    "bits for what else the decoder reads: seed, dimension, levels, step, architecture", +1, (0, 200),
)  # fmt: skip
lipschitz = Quantity(
    "lipschitz", r"L_{\mathrm{lip}}", "L_lip", "number", 0, math.inf,
    "how much the loss of any example changes at most per unit of distance between coordinates",
    +1, (0.01, 100.0),
)  # fmt: skip
radius = Quantity(
    "radius", r"\varrho", "ϱ", "number", 0, math.inf,
    "radius of the ball that holds the coordinates", +1, (0.1, 100.0),
)  # fmt: skip
covering_scale = Quantity(
    "covering_scale", r"\varepsilon_{\mathrm{cov}}", "ε_cov", "number", 0, math.inf,
    "distance from any point of the ball to the covering", 0, (1e-6, 0.1), open_ends=True,
)  # fmt: skip
fractal_dimension = Quantity(
    "fractal_dimension", r"\dim\mathcal{W}", "dim W", "number", 0, math.inf,
    "fractal dimension (box-counting, Hausdorff, persistent homology) of the weights that training reaches",
    +1, (1.0, 10.0),
)  # fmt: skip
coverage = Quantity(
    "coverage", "M", "M", "number", 1, math.inf,
    "unknown constant by which the coverings of the set of weights depend on the sample", +1, (1.0, 100.0),
)  # fmt: skip
