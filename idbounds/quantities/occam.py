"""Nouns of Occam bounds: finite classes, menus, messages without an end mark."""

from __future__ import annotations

import math

from idbounds.quantities.quantity import Quantity

class_size = Quantity(
    "class_size", r"|\mathcal{H}|", "|H|", "count", 1, math.inf,
    "number of hypotheses in the finite class", +1, (1, 1_000_000), integer=True,
)  # fmt: skip
choices = Quantity(
    "choices", r"c_{\mathrm{menu}}", "c_menu", "count", 1, math.inf,
    "number of alternatives (codes, decoders), declared beforehand, of which the best was taken",
    +1, (1, 1000), integer=True,
)  # fmt: skip
plain_bits = Quantity(
    "plain_bits", r"\ell", "ℓ", "count", 1, math.inf,
    "length in whole bits of a message that does not mark its own end, such as a compressed file",
    +1, (10, 100_000), integer=True,
)  # fmt: skip
train_variance = Quantity(
    "train_variance", r"\hat V", "V̂", "rate", 0, 0.5,
    "unbiased variance of the n training losses: squared distances from their mean, summed, over n - 1",
    +1, (0.0, 0.25),
)  # fmt: skip
