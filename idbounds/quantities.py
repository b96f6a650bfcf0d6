"""The nouns: what a bound speaks about, with symbol, unit, domain and the way it moves a bound.

The name of a quantity is the only vocabulary for arguments, command-line options, columns and JavaScript
variables. Errors are rates in [0, 1], lengths are bits, divergences are nats.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError


@dataclass(frozen=True)
class Quantity:
    """One quantity of the field.

    Attributes:
        name: the argument, option and column name.
        symbol: LaTeX.
        letter: one plain word or letter for MathML and text.
        unit: "rate", "count", "bits", "nats" or "probability".
        low: smallest allowed value.
        high: largest allowed value.
        open_ends: True when the ends themselves are not allowed (delta).
        integer: True for counts.
        sense: +1 when a bound grows with it, -1 when it falls, 0 when it does neither by itself.
        typical: a range in which plots and examples live.
        default: value used when none is given.
        says: what it is, in words.
    """

    name: str
    symbol: str
    letter: str
    unit: str
    low: float
    high: float
    says: str
    sense: int
    typical: tuple[float, float]
    open_ends: bool = False
    integer: bool = False
    default: str | None = None

    @property
    def allowed(self) -> str:
        """The domain in words, for error messages and help texts."""
        kind = "an integer" if self.integer else "a number"
        if math.isinf(self.high):
            return f"{kind} >= {self.low:g}"
        left, right = ("(", ")") if self.open_ends else ("[", "]")
        return f"{kind} in {left}{self.low:g}, {self.high:g}{right}"

    def admits(self, value: Any) -> NDArray[np.bool_]:
        """Which entries of an array lie in the domain (NaN and infinity never do).

        Args:
            value: number or array of numbers, any shape.

        Returns:
            Boolean array of the same shape.
        """
        x = np.asarray(value, dtype=np.float64)
        inside = (x > self.low) & (x < self.high) if self.open_ends else (x >= self.low) & (x <= self.high)
        good = np.isfinite(x) & inside
        return good & (x == np.floor(x)) if self.integer else good

    def check(self, value: Any) -> None:
        """Refuse a value outside the domain.

        Args:
            value: number or array of numbers, any shape.

        Raises:
            InputError: with what was given and what is allowed.
        """
        try:
            good = self.admits(value)
        except (TypeError, ValueError, OverflowError):
            raise InputError(
                f"{self.name} = {value!r}: not a number; give {self.allowed} ({self.says})"
            ) from None
        if not np.all(good):
            bad = np.asarray(value, dtype=np.float64)[~good].flat[0] if np.ndim(value) else value
            raise InputError(f"{self.name} = {bad}: give {self.allowed} ({self.says})")


INFINITY = math.inf

train_error = Quantity(
    "train_error", r"\hat R", "R̂", "rate", 0, 1,
    "share of errors on the n training examples", +1, (0.0, 0.5),
)  # fmt: skip
errors = Quantity(
    "errors", "k", "k", "count", 0, INFINITY,
    "number of errors on the n training examples", +1, (0, 30_000), integer=True,
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
    "number of errors on the held-out examples", +1, (0, 5_000), integer=True,
)  # fmt: skip
test_n = Quantity(
    "test_n", r"n_{\mathrm{test}}", "n_test", "count", 1, INFINITY,
    "number of held-out examples, used for nothing else", -1, (100, 100_000), integer=True,
)  # fmt: skip

QUANTITIES: dict[str, Quantity] = {q.name: q for q in list(globals().values()) if isinstance(q, Quantity)}
"""Every quantity by name, in the order in which tables and options show them."""
