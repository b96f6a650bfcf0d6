"""The inverse question: which value of one quantity brings a bound to a target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.inputs import read
from idbounds.quantities import QUANTITIES, STAND_INS, Quantity

if TYPE_CHECKING:
    from idbounds.statement import Bound

_FAR = 10**15  # where the search for a count or a length gives up
_NEAR = 1e-12  # how close the search goes to an end that is not itself allowed
_Test = Callable[[Any], bool]


def solve(bound: Bound, name: str, *, at: Any, known: Mapping[str, Any]) -> Any:
    """Extreme value of one quantity at which the proven upper end of a bound is still <= `at`.

    The float bound says where to look; the proven upper end decides, so the answer keeps its promise.

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
    if name not in bound.accepts:
        takes = ", ".join(q.name for q in bound.takes)
        raise InputError(f"{bound.id} cannot be solved for {name!r}; it takes {takes}")
    quantity, target = QUANTITIES[name], exact(at)
    low, high = (-1 if bound.is_difference else 0), (1 if bound.unit == "rate" else math.inf)
    if not low < target < high:
        raise InputError(f"at = {at}: give a target for the bound in ({low}, {high})")
    if not quantity.sense:
        raise InputError(
            f"{bound.id} neither grows nor falls with {name} alone; scan it: {bound.id} takes arrays"
        )
    twins = (name, STAND_INS.get(name))
    rest = {k: read(k, v) for k, v in known.items() if k not in twins and v is not None}
    easy, hard = _ends(quantity, rest)
    values = bound.inputs({**rest, name: easy})[0]
    if quantity.rate_of and quantity.rate_of[0] in values:  # only whole counts matter, and k / n is read as k
        count, total = quantity.rate_of
        return solve(bound, count, at=at, known=rest) / int(values[total])

    def meets(value: Any) -> bool:
        return bound.upper_fraction(**rest, **{name: value}) <= target

    def seems(value: Any) -> bool:
        return bool(bound(**rest, **{name: value}) <= float(target))

    if not meets(easy):
        reached = bound.upper(**rest, **{name: easy})
        raise InputError(
            f"{bound.id} cannot reach {at}: at {name} = {easy} it is {reached}; change the others"
        )
    if meets(hard):
        return hard
    middle = _middle_of_counts if quantity.integer else _middle_of_floats
    good, bad = _around(meets, _bisect(seems, easy, hard, middle)[0], easy, hard)
    found = _bisect(meets, good, bad, middle)[0]
    rate = _rate_rounded_up(name, rest, values)
    return _earliest(bound, name, rate, rest, target, found, meets) if rate else found


def _rate_rounded_up(name: str, rest: Mapping[str, Any], values: Mapping[str, Any]) -> str:
    """The rate, if one is given, that becomes a count with each total that is tried."""
    rates = (q for q in QUANTITIES.values() if q.rate_of and q.rate_of[1] == name)
    return next((q.name for q in rates if q.name in rest and (q.rate_of or ("",))[0] in values), "")


def _ends(quantity: Quantity, rest: Mapping[str, Any]) -> tuple[Any, Any]:
    """The value kindest to the bound, and the harshest."""
    low, high = quantity.low, min(quantity.high, float(_FAR))
    if quantity.name == "delta":
        return 1 - 1e-9, 1e-300
    if quantity.open_ends:
        low, high = low + _NEAR * max(1, abs(low)), high * (1 - _NEAR)
    if quantity.part_of in rest:
        high = min(high, float(exact(rest[quantity.part_of])))
    parts = (float(exact(v)) for k, v in rest.items() if QUANTITIES[k].part_of == quantity.name)
    low = max([low, *parts])  # a sample holds at least its errors
    if quantity.integer:
        low, high = int(low), int(high)
    return (low, high) if quantity.sense > 0 else (high, low)


def _middle_of_counts(a: int, b: int) -> int:
    return (a + b) // 2


def _middle_of_floats(a: float, b: float) -> float:
    return math.sqrt(a) * math.sqrt(b) if 0 < 4 * min(a, b) < max(a, b) else (a + b) / 2


def _bisect(test: _Test, good: Any, bad: Any, middle: Callable[[Any, Any], Any]) -> tuple[Any, Any]:
    """The last good and the first bad value: neighbours among integers or floats."""
    for _ in range(2000):
        between = middle(good, bad)
        if between in (good, bad):
            break
        good, bad = (between, bad) if test(between) else (good, between)
    return good, bad


def _around(meets: _Test, guess: Any, easy: Any, hard: Any) -> tuple[Any, Any]:
    """A good and a bad value close to the guess, by steps that double."""
    good, bad = easy, hard
    whole = isinstance(guess, int)
    step = 1 if whole else max(abs(guess) * 1e-13, 1e-300)
    while guess != good and guess != bad:
        if meets(guess):
            good, towards = guess, hard
        else:
            bad, towards = guess, easy
        if good != easy and bad != hard:
            break
        guess = min(guess + step, towards) if towards > guess else max(guess - step, towards)
        step *= 4
    return good, bad


def _earliest(
    bound: Bound, name: str, rate: str, rest: Mapping[str, Any], target: Fraction, found: int, meets: _Test
) -> int:
    """The smallest total: a rate rounds up to a count, so the bound jumps up now and then as totals grow."""
    # a jump is 1 / n and the slope is (bound - rate) / 2n at least, so the jumps reach over few n
    reach = math.ceil(4 / (target - exact(rest[rate])))
    counts = np.arange(max(1, found - min(reach, 1_000_000)), found)
    close = bound(**{**rest, name: counts}) <= float(target) * (1 + 1e-11)
    return next((int(n) for n in counts[close] if meets(int(n))), found)
