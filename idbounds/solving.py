"""The inverse question: which value of one quantity brings a bound to a target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any

from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.quantities import QUANTITIES, Quantity
from idbounds.statement import Bound

_FAR = 2**62  # where the search for a count or a length gives up


def solve(bound: Bound, name: str, *, at: Any, known: Mapping[str, Any]) -> Any:
    """Extreme value of one quantity at which the stated upper value of a bound is still <= `at`.

    A bisection on the proven upper end: the answer errs on the side that keeps the promise.

    Args:
        bound: the bound.
        name: quantity to solve for.
        at: target, a rate in (0, 1).
        known: the other quantities.

    Returns:
        An int for counts, else a float.

    Raises:
        InputError: for an unknown quantity or a target that cannot be met.
    """
    quantity = QUANTITIES.get(name)
    if quantity is None or name not in bound.accepts:
        raise InputError(f"{bound.id} cannot be solved for {name!r}; it takes {', '.join(q.name for q in bound.takes)}")
    target = exact(at)
    if not 0 < target < 1:
        raise InputError(f"at = {at}: give a target for the bound in (0, 1)")
    rest = {k: v for k, v in known.items() if k != name and v is not None}

    def meets(value: Any) -> bool:
        try:
            return bound.upper_fraction(**rest, **{name: value}) <= target
        except InputError:
            if _impossible(quantity, value, rest):
                return False
            raise

    easy, hard = _ends(quantity, rest)
    if not meets(easy):
        reached = bound.upper(**rest, **{name: easy})
        raise InputError(f"{bound.id} cannot reach {at}: even at {name} = {easy:g} it is {reached}; change the others")
    if meets(hard):
        return hard
    search = _bisect_integers if quantity.integer else _bisect_floats
    return search(meets, easy, hard)


def _ends(quantity: Quantity, rest: Mapping[str, Any]) -> tuple[Any, Any]:
    """The value kindest to the bound, and the harshest."""
    if quantity.name == "delta":
        return 1 - 1e-9, 1e-300
    if quantity.name in ("errors", "test_errors"):
        low, high = 0, int(rest["n" if quantity.name == "errors" else "test_n"])
    elif math.isfinite(quantity.high):
        low, high = quantity.low, quantity.high
    else:
        low, high = (int(quantity.low), _FAR) if quantity.integer else (quantity.low, float(_FAR))
    return (low, high) if quantity.sense > 0 else (high, low)


def _impossible(quantity: Quantity, value: Any, rest: Mapping[str, Any]) -> bool:
    """Fewer examples than errors: the bound has no value there, so the target is not met."""
    pairs = {"n": "errors", "test_n": "test_errors"}
    part = rest.get(pairs.get(quantity.name, ""))
    return part is not None and value < part


def _bisect_integers(meets: Callable[[Any], bool], good: int, bad: int) -> int:
    while abs(good - bad) > 1:
        middle = (good + bad) // 2
        good, bad = (middle, bad) if meets(middle) else (good, middle)
    return good


def _bisect_floats(meets: Callable[[Any], bool], good: float, bad: float) -> float:
    geometric = min(good, bad) > 0
    for _ in range(200):
        middle = math.sqrt(good) * math.sqrt(bad) if geometric else (good + bad) / 2
        if middle in (good, bad) or abs(good - bad) <= 1e-13 * abs(good):
            break
        good, bad = (middle, bad) if meets(middle) else (good, middle)
    return good
