"""`Quantity`: one noun, with symbol, unit, domain and the way it moves a bound."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from idbounds.errors import InputError

LARGEST = 2**53
"""The largest count: up to here every integer is a float."""


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
        part_of: name of a quantity whose value it cannot exceed (errors: n).
        rate_of: (count, total) when it is the rate of a count and may stand in for it, and the reverse.
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
    part_of: str = ""
    rate_of: tuple[str, str] | None = None

    @property
    def allowed(self) -> str:
        """The domain in words, for error messages and help texts."""
        kind = "an integer" if self.integer else "a number"
        if math.isinf(self.low):
            return kind
        if math.isinf(self.high):
            return f"{kind} {'>' if self.open_ends else '>='} {self.low:g}"
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
        return good & (x == np.floor(x)) & (x <= LARGEST) if self.integer else good

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
            limit = (
                ", at most 2^53" if self.integer and isinstance(bad, int | float) and bad > LARGEST else ""
            )
            raise InputError(f"{self.name} = {bad}: give {self.allowed}{limit} ({self.says})")
