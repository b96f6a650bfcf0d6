"""The inverse question: which value of one quantity brings a bound to a target."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.quantities import QUANTITIES, Quantity

if TYPE_CHECKING:
    from idbounds.statement import Bound

_FAR = 10**15  # where the search for a count or a length gives up
_WHOLES = {"errors": "n", "test_errors": "test_n"}
_PARTS = {whole: part for part, whole in _WHOLES.items()}
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
    if not 0 < target < 1:
        raise InputError(f"at = {at}: give a target for the bound in (0, 1)")
    twins = {"errors", "train_error"} if name in ("errors", "train_error") else {name}
    rest = {k: v for k, v in known.items() if k not in twins and v is not None}
    values = bound.inputs({**rest, name: _somewhere(quantity)})[0]
    if name == "train_error" and "errors" in values:  # only whole counts matter, and k / n is read as k
        return solve(bound, "errors", at=at, known=rest) / int(values["n"])

    def meets(value: Any) -> bool:
        return bound.upper_fraction(**rest, **{name: value}) <= target

    def seems(value: Any) -> bool:
        return bool(bound(**rest, **{name: value}) <= float(target))

    easy, hard = _ends(quantity, rest)
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
    if name == "n" and "train_error" in rest and "errors" in values:
        return _earliest(bound, rest, target, found, meets)
    return found


def _somewhere(quantity: Quantity) -> Any:
    """An allowed value, to check the others beside it."""
    if quantity.name == "delta":
        return 0.5
    return _FAR if quantity.name in _PARTS else int(quantity.low)


def _ends(quantity: Quantity, rest: Mapping[str, Any]) -> tuple[Any, Any]:
    """The value kindest to the bound, and the harshest."""
    if quantity.name == "delta":
        return 1 - 1e-9, 1e-300
    low, high = quantity.low, quantity.high if math.isfinite(quantity.high) else float(_FAR)
    if quantity.name in _WHOLES:
        high = int(exact(rest[_WHOLES[quantity.name]]))
    if quantity.name in _PARTS:  # a sample holds at least its errors
        low = max(low, int(exact(rest.get(_PARTS[quantity.name], 0))))
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


def _earliest(bound: Bound, rest: Mapping[str, Any], target: Fraction, found: int, meets: _Test) -> int:
    """The smallest n: a rate rounds up to a count, so the bound jumps up now and then as n grows."""
    # a jump is 1 / n and the slope is (bound - rate) / 2n at least, so the jumps reach over few n
    reach = math.ceil(4 / (target - exact(rest["train_error"])))
    counts = np.arange(max(1, found - min(reach, 1_000_000)), found)
    close = bound(**{**rest, "n": counts}) <= float(target) * (1 + 1e-11)
    return next((int(n) for n in counts[close] if meets(int(n))), found)
