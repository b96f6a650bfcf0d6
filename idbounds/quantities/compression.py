"""Nouns of sample compression and compressed networks."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

margin_train_error = Quantity(
    "margin_train_error", r"\hat R_\gamma", "R̂_γ", "rate", 0, 1,
    "share of training examples that the network before compression misses or meets with margin <= gamma",
    +1, (0.0, 0.5),
)  # fmt: skip
uncompressed_share = Quantity(
    "uncompressed_share", r"\xi", "ξ", "rate", 0, 1,
    "share of training examples on which the compressed network may differ by any amount", +1, (0.0, 0.1),
)  # fmt: skip
parameters = Quantity(
    "parameters", "q", "q", "count", 0, math.inf,
    "number of parameters of the compressed network", +1, (10, 100_000), integer=True,
)  # fmt: skip
levels = Quantity(
    "levels", "r", "r", "count", 1, math.inf,
    "number of values each parameter can take", +1, (2, 65_536), integer=True,
)  # fmt: skip
noise_stability = Quantity(
    "noise_stability", r"\Lambda", "Λ", "number", 0, math.inf,
    "c^2 d^2 max |f(x)|^2 (sum over layers of 1 / (cushion^2 interlayer cushion^2)) / gamma^2, for d layers",
    +1, (100.0, 1e6),
)  # fmt: skip
compression_size = Quantity(
    "compression_size", r"k_{\mathrm{c}}", "k_c", "count", 0, math.inf,
    "number of examples in the compression set, from which the predictor is rebuilt",
    +1, (0, 500), integer=True, part_of="n",
)  # fmt: skip
compression_limit = Quantity(
    "compression_limit", r"d_{\mathrm{c}}", "d_c", "count", 1, math.inf,
    "largest size of a compression set, fixed before the sample", +1, (1, 500), integer=True,
)  # fmt: skip
remaining_n = Quantity(
    "remaining_n", r"n_{\mathrm{rest}}", "n_rest", "count", 1, math.inf,
    "number of training examples that are not in the compression set", -1, (100, 1_000_000), integer=True,
)  # fmt: skip
remaining_errors = Quantity(
    "remaining_errors", r"k_{\mathrm{rest}}", "k_rest", "count", 0, math.inf,
    "number of errors on the training examples that are not in the compression set",
    +1, (0, 30_000), integer=True, part_of="remaining_n",
)  # fmt: skip
remaining_error = Quantity(
    "remaining_error", r"\hat R_{\mathrm{rest}}", "R̂_rest", "rate", 0, 1,
    "mean loss on the training examples that are not in the compression set",
    +1, (0.0, 0.5), rate_of=("remaining_errors", "remaining_n"),
)  # fmt: skip
nonzero = Quantity(
    "nonzero", r"s_{\mathrm{nz}}", "s_nz", "count", 0, math.inf,
    "number of weights that pruning left", +1, (10, 100_000), integer=True,
)  # fmt: skip
pattern_bits = Quantity(
    "pattern_bits", r"L_{\mathrm{S}}", "L_S", "bits", 0, math.inf,
    "length of the prefix-free code for which weights pruning left", +1, (0, 100_000),
)  # fmt: skip
codebook_bits = Quantity(
    "codebook_bits", r"L_{\mathrm{C}}", "L_C", "bits", 0, math.inf,
    "length of the prefix-free code for the values that weights can take", +1, (0, 10_000),
)  # fmt: skip
noise_gain_nats = Quantity(
    "noise_gain_nats", "G", "G", "nats", 0, math.inf,
    "nats that noise on the weights saves: sum of E ln(sum over values of prior densities / noise density)",
    -1, (0, 10_000),
)  # fmt: skip
