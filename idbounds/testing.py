"""Laws for extensions: one call checks a new bound, codec or projection as the package checks its own."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.errors import InputError
from idbounds.quantities import Quantity
from idbounds.statement import CERTIFICATE, NO_CERTIFICATE, UNVERIFIED, Bound

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
    edges and at random typical points the float is within 1e-12 of the proven value (measured on the sum of
    the sizes of its terms) and not below it, and `upper` is not below the float. The value never moves
    against the `sense` of a quantity, and somewhere it moves with it. What is no certificate says why and
    states no upper value; what is not verified gives no number.
    The first law that fails raises InputError with the name of the bound and of the law.

    Args:
        bound: the bound.
        seed: of the random points.
    """
    _check_papers(bound)
    if bound.standing == UNVERIFIED:
        return
    rng = np.random.default_rng(seed)
    if bound.certifies:
        points = [edge(bound, rng) for _ in range(_POINTS // 2)] + [
            typical(bound, rng) for _ in range(_POINTS // 2)
        ]
        for point in points:
            _check_value(bound, point)
        for point in [typical(bound, rng) for _ in range(5)]:
            value, upper = bound(**point), bound.upper(**point)
            _law(bound, Fraction(upper) >= Fraction(value), f"upper ({upper}) is below the float at {point}")
    for quantity in bound.takes:
        _check_direction(bound, quantity, [typical(bound, rng) for _ in range(20)])


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
    known = (CERTIFICATE, NO_CERTIFICATE, UNVERIFIED)
    _law(bound, bound.standing in known, f"its standing is none of {', '.join(known)}")
    _law(bound, bool(bound.because) != bound.certifies, "what is no certificate says why")
    _law(bound, bool(bound.assumes), "it names no assumption")
    _law(
        bound,
        all(a.vouched in ("checked", "declared") for a in bound.assumes),
        "an assumption nobody vouches for",
    )
    _law(bound, bound.bibtex.startswith("@"), "its source has no BibTeX entry")
    _law(bound, bound.latex.startswith(bound.left), "its LaTeX does not render")
    _law(bound, bound.mathml.startswith("<"), "its MathML does not render")
    _law(
        bound, all(q.name in bound.js for q in bound.takes), "its JavaScript does not mention every quantity"
    )


def edge(bound: Bound, rng: np.random.Generator) -> dict[str, Any]:
    """A random combination of edges of the domain; a part of a whole is none, one, half or all of it.

    Args:
        bound: the bound.
        rng: source of randomness.

    Returns:
        Single numbers by quantity name.
    """
    point: dict[str, Any] = {}
    for quantity in _wholes_first(bound):
        values = _values(quantity)
        if quantity.part_of in point:
            whole = point[quantity.part_of]
            values = (0, min(1, whole), whole // 2, whole) if quantity.integer else (0, whole / 3, whole)
        point[quantity.name] = values[rng.integers(len(values))]
    return point


def typical(bound: Bound, rng: np.random.Generator) -> dict[str, Any]:
    """A random point of the typical ranges.

    Args:
        bound: the bound.
        rng: source of randomness.

    Returns:
        Single numbers by quantity name.
    """
    point: dict[str, Any] = {}
    for quantity in _wholes_first(bound):
        low, high = quantity.typical
        if quantity.part_of in point:
            low, high = 0, min(high, point[quantity.part_of])
        share = rng.random()
        value = low * (high / low) ** share if low > 0 else low + (high - low) * share**3
        point[quantity.name] = int(value) if quantity.integer else float(value)
    return point


def _wholes_first(bound: Bound) -> list[Quantity]:
    """The quantities, each after the one of which it is a part."""
    names = {q.name for q in bound.takes}
    rest, out = list(bound.takes), list[Quantity]()
    while rest:
        ready = [q for q in rest if q.part_of not in names - {o.name for o in out}]
        out += ready
        rest = [q for q in rest if q not in ready]
    return out


def _values(quantity: Quantity) -> tuple[float, ...]:
    values = _SIZES if quantity.unit == "count" else _EDGES.get(quantity.unit, quantity.typical)
    admitted = tuple(v for v in values if quantity.admits(v))
    return admitted or quantity.typical


def _check_value(bound: Bound, point: dict[str, Any]) -> None:
    value, proven = bound(**point), bound.upper_fraction(**point)
    slack = Fraction(max(float(bound.magnitude(**point)), abs(value))) / 10**12
    at = f" at {point}: {value!r} and {float(proven)!r}"
    _law(bound, bool(np.isfinite(value)), "the value is not finite" + at)
    _law(bound, Fraction(value) >= proven, "the float is below the proven value" + at)
    _law(
        bound,
        Fraction(value) <= proven + slack,
        "the float is more than 1e-12 too large" + at,
    )


def _check_direction(bound: Bound, quantity: Quantity, points: list[dict[str, Any]]) -> None:
    moves = False
    for point in points:
        steps = _ladder(bound, quantity, point)
        change = np.diff(bound(**{**point, quantity.name: steps}))
        tiny = 2e-12 * np.max(bound.magnitude(**{**point, quantity.name: steps}))
        law = f"it does not {'grow' if quantity.sense > 0 else 'fall'} with {quantity.name} at {point}"
        _law(bound, quantity.sense == 0 or bool(np.all(quantity.sense * change >= -tiny)), law)
        moves = moves or bool(np.any(np.abs(change) > tiny))
    _law(bound, quantity.sense == 0 or moves, f"it does not depend on {quantity.name}")


def _ladder(bound: Bound, quantity: Quantity, point: dict[str, Any]) -> Any:
    """Allowed values of one quantity in rising order, the others being as in the point."""
    low, high = quantity.typical
    high = min(high, point.get(quantity.part_of, high))
    low = min(max([low, *(point[q.name] for q in bound.takes if q.part_of == quantity.name)]), high)
    steps = np.geomspace(low, high, _STEPS) if low > 0 else np.linspace(low, high, _STEPS)
    return np.unique(np.clip(np.rint(steps), np.ceil(low), np.floor(high))) if quantity.integer else steps
