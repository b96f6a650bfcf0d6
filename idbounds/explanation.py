"""A bound's value told in words: what each ingredient costs and what is taken for granted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.assumptions import Assumption
from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.quantities import Quantity

if TYPE_CHECKING:
    from idbounds.statement import Bound


_RISKS = ("R", r"R(\rho)")


@dataclass(frozen=True)
class Price:
    """What one quantity adds to the bound.

    Attributes:
        name: the quantity.
        value: its value.
        unit: its unit.
        cost: the bound minus the bound with this quantity at its cheapest (0; for delta, one half).
    """

    name: str
    value: float
    unit: str
    cost: float | None


@dataclass(frozen=True)
class Explanation:
    """A bound's value and where it comes from; `str()` gives the text."""

    id: str
    value: float
    upper: str
    vacuous: bool
    prices: tuple[Price, ...]
    notes: tuple[str, ...]
    assumes: tuple[Assumption, ...]
    holds: str
    source: str
    what: str = "the risk"
    warning: str = ""

    def __str__(self) -> str:
        """The explanation as lines of text."""
        verdict = "vacuous: it says nothing" if self.vacuous else "non-vacuous"
        lines = [f"{self.id}: {self.what} is at most {self.upper} ({verdict}), {self.holds}."]
        lines += [f"  {self.warning}"] if self.warning else []
        lines += [f"  note: {note}" for note in self.notes]
        for p in self.prices:
            price = "" if p.cost is None else f"  costs {p.cost:.6f}"
            lines.append(f"  {p.name} = {p.value:.10g} {p.unit}{price}")
        lines += [f"  assumes ({a.vouched}): {a.says}" for a in self.assumes]
        return "\n".join([*lines, f"  source: {self.source}"])


def explain(bound: Bound, known: Mapping[str, Any]) -> Explanation:
    """See `Bound.explain`.

    Args:
        bound: the bound.
        known: single numbers by quantity name.

    Returns:
        The explanation.

    Raises:
        InputError: for arrays, or a missing, unknown or impossible quantity.
    """
    values, notes = bound.inputs(known)
    if any(np.ndim(v) for v in values.values()):
        raise InputError("explain tells one case at a time; give single numbers")
    values = {name: exact(v) for name, v in values.items()}
    whole = bound(**values)
    certificate = bound.certifies
    upper = bound.upper(**known) if certificate else f"{whole:.15g}"
    prices = tuple(
        Price(q.name, float(values[q.name]), q.unit, _cost(bound, whole, values, q)) for q in bound.takes
    )
    return Explanation(
        id=bound.id,
        value=whole,
        upper=upper,
        vacuous=bound.says_nothing(upper, **known),
        prices=prices,
        notes=tuple(notes),
        assumes=bound.assumes,
        holds=bound.holds,
        source=str(bound.source),
        what="the risk" if bound.left in _RISKS and bound.unit == "rate" else f"{bound.left} ({bound.unit})",
        warning="" if certificate else f"{bound.standing}: {bound.because}",
    )


def cheapest(quantity: Quantity) -> Fraction | None:
    """The value of a quantity at which it costs next to nothing, against which its price is told.

    Args:
        quantity: any noun.

    Returns:
        One half for delta, 0 for what pushes a bound up and may be 0, None where no value is free.
    """
    if quantity.name == "delta":
        return Fraction(1, 2)
    return Fraction(0) if quantity.sense > 0 and quantity.low == 0 and not quantity.open_ends else None


def _cost(bound: Bound, whole: float, values: Mapping[str, Any], quantity: Quantity) -> float | None:
    """The bound minus the bound with one quantity at its cheapest; None where no value of it is free."""
    free = cheapest(quantity)
    if free is None:
        return None
    parts = [values[q.name] for q in bound.takes if q.part_of == quantity.name]
    return float(whole - bound(**{**values, quantity.name: max([free, *parts])}))
