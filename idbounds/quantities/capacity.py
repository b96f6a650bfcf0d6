"""Nouns of capacity: VC dimension, Rademacher complexity, sizes, norms and margins of networks.

Norms and margins are in the units of inputs and scores; `idbounds.measures` takes them from a network.
"""

from __future__ import annotations

import math

from idbounds.quantities.compression import margin_train_error as margin_train_error
from idbounds.quantities.quantity import Quantity

vc_dimension = Quantity(
    "vc_dimension", r"d_{\mathrm{VC}}", "d_VC", "count", 1, math.inf,
    "Vapnik-Chervonenkis dimension of the class of errors: the most examples it errs on in all possible ways",
    +1, (1, 10_000), integer=True,
)  # fmt: skip
network_weights = Quantity(
    "network_weights", "W", "W", "count", 1, math.inf,
    "number of weights and biases of the network; a shared weight counts once", +1, (100, 10_000_000),
    integer=True,
)  # fmt: skip
network_layers = Quantity(
    "network_layers", "D", "D", "count", 1, math.inf,
    "number of layers of weights (linear or convolutional), the last one included", +1, (1, 100),
    integer=True,
)  # fmt: skip
network_units = Quantity(
    "network_units", "U", "U", "count", 1, math.inf,
    "number of hidden units (channels times places), plus K (K - 1) / 2 for K classes", +1, (10, 1_000_000),
    integer=True,
)  # fmt: skip
network_width = Quantity(
    "network_width", "H", "H", "count", 1, math.inf,
    "largest number of inputs or units of any layer", +1, (10, 100_000), integer=True,
)  # fmt: skip
network_inputs = Quantity(
    "network_inputs", r"N_{\mathrm{in}}", "N_in", "count", 1, math.inf,
    "number of input coordinates, plus one if the network has biases", +1, (2, 10_000), integer=True,
)  # fmt: skip
classes = Quantity(
    "classes", "K", "K", "count", 2, math.inf,
    "number of classes, each with a score of its own", +1, (2, 1000), integer=True,
)  # fmt: skip
margin = Quantity(
    "margin", r"\gamma_{\mathrm{m}}", "γ_m", "number", 0, math.inf,
    "margin: by how much the score of the right class must exceed all others", -1, (0.01, 10.0),
    open_ends=True,
)  # fmt: skip
margins = Quantity(
    "margins", r"c_\gamma", "c_γ", "count", 1, math.inf,
    "number of margins, or ratios of margin and norm, fixed beforehand, of which the best was taken", +1,
    (1, 1000), integer=True, default="1",
)  # fmt: skip
rademacher = Quantity(
    "rademacher", r"\hat{\mathfrak{R}}", "ℜ̂", "number", 0, math.inf,
    "empirical Rademacher complexity of the class: E sup (1/n) sum of random sign times margin", +1,
    (0.001, 10.0),
)  # fmt: skip
frobenius_product = Quantity(
    "frobenius_product", r"\Pi_{\mathrm{F}}", "Π_F", "number", 0, math.inf,
    "product over layers of the Frobenius norms of the linear maps, biases being weights of a constant 1",
    +1, (0.1, 1e6),
)  # fmt: skip
path_norm = Quantity(
    "path_norm", r"\phi", "φ", "number", 0, math.inf,
    "path norm: sum over all paths from an input (or bias) to a score of the absolute product of the weights",
    +1, (0.1, 1e6),
)  # fmt: skip
input_norm = Quantity(
    "input_norm", r"X_2", "X₂", "number", 0, math.inf,
    "root mean square of the Euclidean norms of the n inputs, each joined by a 1 if there are biases", +1,
    (0.1, 100.0),
)  # fmt: skip
input_peak = Quantity(
    "input_peak", r"X_\infty", "X_∞", "number", 0, math.inf,
    "largest root mean square over the n inputs of one coordinate, at least 1 if there are biases", +1,
    (0.1, 10.0),
)  # fmt: skip
input_bound = Quantity(
    "input_bound", r"X_{\max}", "X_max", "number", 0, math.inf,
    "largest Euclidean norm of an input, joined by a 1 if there are biases", +1, (0.1, 100.0),
)  # fmt: skip
spectral_complexity = Quantity(
    "spectral_complexity", r"S_\sigma", "S_σ", "number", 0, math.inf,
    "product of the spectral norms times (sum over layers of ((2,1) norm of the transposed distance from "
    "initialisation / spectral norm)^(2/3))^(3/2)",
    +1, (1.0, 1e8),
)  # fmt: skip
spectral_product = Quantity(
    "spectral_product", r"\Pi_\sigma", "Π_σ", "number", 0, math.inf,
    "product over layers of the spectral norms of the whole linear maps", +1, (0.1, 1e6),
)  # fmt: skip
stable_ranks = Quantity(
    "stable_ranks", r"\Sigma_{\mathrm{r}}", "Σ_r", "number", 0, math.inf,
    "sum over layers of the stable ranks: squared Frobenius over squared spectral norm", +1, (1.0, 1000.0),
)  # fmt: skip
initial_distance = Quantity(
    "initial_distance", r"\|w - w_0\|", "‖w−w₀‖", "number", 0, math.inf,
    "Euclidean distance of all weights and biases from their initial values", +1, (0.1, 100.0),
)  # fmt: skip
