"""Laws for extensions: one call checks a new bound, codec or projection as the package checks its own."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.errors import InputError
from idbounds.quantities import Quantity
from idbounds.statement import Bound

if TYPE_CHECKING:
    from idbounds.codes.laws import check_codec as check_codec
    from idbounds.projections.laws import check_projection as check_projection

__all__ = ["check_bound", "check_codec", "check_projection"]

_EDGES: dict[str, tuple[float, ...]] = {
    "rate": (0, 1e-6, 0.02, 0.5, 1),
    "bits": (0, 1, 1200, 1e9),
    "nats": (0, 1, 1200, 1e9),
    "probability": (1e-12, 0.05, 0.4),
}
_SIZES = (1, 2, 100, 60_000, 10**12)
_PARTS = {"errors": "n", "test_errors": "test_n", "mc_errors": "mc_draws"}
_POINTS = 60  # cases at which the float is held against the ball, half of them edges
_STEPS = 41  # values along which each quantity must keep its direction


def __getattr__(name: str) -> Any:
    """The checks of codecs and projections, loaded on first use."""
    if name == "check_codec":
        from idbounds.codes.laws import check_codec

        return check_codec
    if name == "check_projection":
        from idbounds.projections.laws import check_projection

        return check_projection
    raise AttributeError(f"module 'idbounds.testing' has no attribute {name!r}")


def check_bound(bound: Bound, *, seed: int = 0) -> None:
    """Raise unless a bound keeps its laws.

    Its papers are in order (assumptions, source, BibTeX entry) and LaTeX, MathML and JavaScript come out. At
    edges and at random typical points the float is within 1e-12 of the proven value and not below it, and
    `upper` is not below the float. The value never moves against the `sense` of a quantity, and somewhere it
    moves with it.
    The first law that fails raises InputError with the name of the bound and of the law.

    Args:
        bound: the bound.
        seed: of the random points.
    """
    _check_papers(bound)
    rng = np.random.default_rng(seed)
    edges = list(_edges(bound))
    chosen = rng.permutation(len(edges))[: _POINTS // 2]
    for point in [edges[i] for i in chosen] + [_typical(bound, rng) for _ in range(_POINTS // 2)]:
        _check_value(bound, point)
    for point in [_typical(bound, rng) for _ in range(5)]:
        value, upper = bound(**point), bound.upper(**point)
        _law(bound, Fraction(upper) >= Fraction(value), f"upper ({upper}) is below the float at {point}")
    for quantity in bound.takes:
        _check_direction(bound, quantity, [_typical(bound, rng) for _ in range(20)])


def _law(bound: Bound, holds: bool, law: str) -> None:
    """Raise if a law does not hold."""
    if not holds:
        raise InputError(f"bound {bound.id}: {law}")


def _check_papers(bound: Bound) -> None:
    _law(
        bound,
        bool(bound.takes and bound.title and bound.family and bound.holds),
        "title, family or holds is empty",
    )
    _law(bound, bool(bound.assumes), "it names no assumption")
    _law(
        bound,
        all(a.vouched in ("checked", "declared") for a in bound.assumes),
        "an assumption nobody vouches for",
    )
    _law(bound, bound.bibtex.startswith("@"), "its source has no BibTeX entry")
    _law(bound, bound.latex.startswith(r"R \le "), "its LaTeX does not render")
    _law(bound, bound.mathml.startswith("<"), "its MathML does not render")
    _law(
        bound, all(q.name in bound.js for q in bound.takes), "its JavaScript does not mention every quantity"
    )


def _edges(bound: Bound) -> Iterator[dict[str, Any]]:
    """All combinations of edges; a count of errors is none, one, half or all of its examples."""
    names = [q.name for q in bound.takes]
    choices = [(0, "one", "half", "all") if q.name in _PARTS else _values(q) for q in bound.takes]
    for values in product(*choices):
        point: dict[str, Any] = dict(zip(names, values, strict=True))
        for part, whole in _PARTS.items():
            if part in point:
                n = point[whole]
                point[part] = {0: 0, "one": 1, "half": n // 2, "all": n}[point[part]]
        yield point


def _values(quantity: Quantity) -> tuple[float, ...]:
    return _SIZES if quantity.unit == "count" else _EDGES.get(quantity.unit, quantity.typical)


def _typical(bound: Bound, rng: np.random.Generator) -> dict[str, Any]:
    """A random point of the typical ranges."""
    point: dict[str, Any] = {}
    for quantity in sorted(bound.takes, key=lambda q: q.name in _PARTS):
        low, high = quantity.typical
        if quantity.name in _PARTS:
            high = min(high, point[_PARTS[quantity.name]])
        share = rng.random()
        value = low * (high / low) ** share if low > 0 else low + (high - low) * share**3
        point[quantity.name] = int(value) if quantity.integer else float(value)
    return point


def _check_value(bound: Bound, point: dict[str, Any]) -> None:
    value, proven = bound(**point), bound.upper_fraction(**point)
    at = f" at {point}: {value!r} and {float(proven)!r}"
    _law(bound, bool(np.isfinite(value)), "the value is not finite" + at)
    _law(bound, Fraction(value) >= proven, "the float is below the proven value" + at)
    _law(
        bound,
        Fraction(value) <= proven * (1 + Fraction(1, 10**12)),
        "the float is more than 1e-12 too large" + at,
    )


def _check_direction(bound: Bound, quantity: Quantity, points: list[dict[str, Any]]) -> None:
    moves = False
    for point in points:
        steps = _ladder(quantity, point)
        change = np.diff(bound(**{**point, quantity.name: steps}))
        tiny = 2e-12 * np.max(np.abs(bound(**{**point, quantity.name: steps})))
        law = f"it does not {'grow' if quantity.sense > 0 else 'fall'} with {quantity.name} at {point}"
        _law(bound, quantity.sense == 0 or bool(np.all(quantity.sense * change >= -tiny)), law)
        moves = moves or bool(np.any(np.abs(change) > tiny))
    _law(bound, quantity.sense == 0 or moves, f"it does not depend on {quantity.name}")


def _ladder(quantity: Quantity, point: dict[str, Any]) -> Any:
    """Allowed values of one quantity in rising order, the others being as in the point."""
    low, high = quantity.typical
    if quantity.name in _PARTS:
        high = min(high, point[_PARTS[quantity.name]])
    for part, whole in _PARTS.items():
        if quantity.name == whole and part in point:
            low = max(low, point[part])
    steps = np.geomspace(low, high, _STEPS) if low > 0 else np.linspace(low, high, _STEPS)
    return np.unique(np.clip(np.rint(steps), np.ceil(low), np.floor(high))) if quantity.integer else steps
