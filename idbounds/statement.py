"""`Bound`, the one class behind every formula, number, page and test."""

from __future__ import annotations

import math
import reprlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from idbounds.assumptions import Assumption
from idbounds.errors import InputError
from idbounds.exactly import exact
from idbounds.interpret import interpret, logs_apart
from idbounds.quantities import QUANTITIES, Quantity
from idbounds.sources import Source

PRECISION = 128
"""Bits of a ball's mantissa when an upper value is stated."""

DIGITS = 15
"""Significant digits of a stated upper value."""

_FLOAT_MARGIN = 1 + 1e-14  # covers the rounding of a sentence; its words round outward themselves

MARGIN = Fraction(1, 10**12)
"""A stated upper value is widened by this relative amount, so that it is above the float value, too."""

_RATES = {"errors": ("train_error", "n"), "train_error": ("errors", "n")}
_COUNTS = (("errors", "n"), ("test_errors", "test_n"))


@dataclass(frozen=True)
class Bound:
    """An upper bound on a risk: one sentence from which everything else is derived.

    Attributes:
        id: kebab-case name; it never changes meaning.
        title: for tables and pages.
        family: the catalogue file it lives in.
        takes: the quantities it speaks about, in the order of `says`.
        says: function of their symbols, written in the words of `idbounds.functions`.
        assumes: conditions under which it holds.
        source: where it was published.
        holds: for whom and with which probability, in words; constants that differ between sources.
        weaker: ids of bounds implied by the same event, so that the smallest of them costs nothing.
    """

    id: str
    title: str
    family: str
    takes: tuple[Quantity, ...]
    says: Callable[..., Any]
    assumes: tuple[Assumption, ...]
    source: Source
    holds: str
    weaker: tuple[str, ...] = ()

    @cached_property
    def expression(self) -> Any:
        """The sympy expression, kept as written."""
        import sympy

        with sympy.evaluate(False):
            return self.says(*(sympy.Symbol(q.name, real=True) for q in self.takes))

    @cached_property
    def _computed(self) -> Any:
        """What the kernels read: the same value, in a form that loses no digits."""
        return logs_apart(self.expression)

    @property
    def _saturates(self) -> bool:
        """Whether the sentence is an inverse, which is at most 1 whatever the rounding adds."""
        return type(self.expression).__name__.endswith("_inverse")

    def __call__(self, **known: Any) -> Any:
        """The bound's value in float64 (or torch, when a tensor is given).

        Impossible, unknown or missing quantities raise InputError.

        Args:
            **known: the quantities by name: numbers as for `upper`, or arrays that broadcast; `train_error`
                stands in for `errors` (rounded up to a count) and the reverse. `delta` defaults to 0.05.

        Returns:
            Float or array; not below the true value, within 1e-12 relative of it. Values >= 1 say nothing.
            A tensor, with its gradient, has the precision of its dtype and is not rounded up.
        """
        values = self._values(known)
        device = next((v.device for v in values.values() if is_tensor(v)), None)
        if device is not None:
            from idbounds.kernels import tensors

            return interpret(
                self._computed, {k: tensors.as_tensor(v, device) for k, v in values.items()}, tensors
            )
        from idbounds.kernels import floats

        arrays = {name: np.asarray(v, np.float64) for name, v in values.items()}
        value = interpret(self._computed, arrays, floats) * _FLOAT_MARGIN
        if self._saturates:
            value = np.minimum(value, 1.0)
        return float(value) if np.ndim(value) == 0 else value

    def upper(self, **known: Any) -> str:
        """The value as a decimal string, rounded up from ball arithmetic: what a certificate states.

        Impossible, unknown or missing quantities and arrays raise InputError.

        Args:
            **known: single numbers by name; '0.05', '1/20', Decimal, Fraction and 0.05 mean the same.

        Returns:
            15 significant digits, proven to be not below the true value, and not below the float value.
        """
        value = self.upper_fraction(**known) * (1 + MARGIN)
        return _decimal_up(min(value, Fraction(1)) if self._saturates else value)

    def upper_fraction(self, **known: Any) -> Fraction:
        """The proven upper end of the value, exact and without the margin of `upper`.

        Args:
            **known: single numbers by name.

        Returns:
            A rational number, not below the true value.

        Raises:
            InputError: for a missing, unknown or impossible quantity, or an array.
        """
        from idbounds.kernels import balls

        values = self._values({k: v.item() if is_tensor(v) and not v.ndim else v for k, v in known.items()})
        for name, value in values.items():
            if np.ndim(value):
                raise InputError(f"{name}: an upper value is for one case at a time; give a single number")
        with balls.precision(PRECISION):
            ends = interpret(self._computed, {k: balls.ball(v) for k, v in values.items()}, balls)
            mantissa, exponent = ends.upper().man_exp()
        value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
        return min(value, Fraction(1)) if self._saturates else value

    def solve(self, quantity: str, *, at: Any, **known: Any) -> Any:
        """The inverse question: the extreme value of one quantity at which the bound is still <= `at`.

        A target that no allowed value meets raises InputError, with the best that can be had.

        Args:
            quantity: name of the quantity to solve for.
            at: the value of the bound to be met.
            **known: all other quantities.

        Returns:
            The largest (for quantities that push the bound up) or smallest (n, delta, ...) value for which
            `upper_fraction` is <= at; an int for counts, else a float, extreme up to rounding.
        """
        from idbounds.solving import solve

        return solve(self, quantity, at=at, known=known)

    def explain(self, **known: Any) -> Any:
        """The value in words: what each quantity costs, what is assumed, what is vacuous.

        Args:
            **known: single numbers by name.

        Returns:
            An `Explanation`; its text is `str(...)`.
        """
        from idbounds.explanation import explain

        return explain(self, known)

    @property
    def latex(self) -> str:
        """LaTeX of the whole statement, R <= ..."""
        from idbounds.notation import latex

        return rf"R \le {latex(self.expression, {q.name: q.symbol for q in self.takes})}"

    @property
    def mathml(self) -> str:
        """Presentation MathML of the right-hand side."""
        from idbounds.notation import mathml

        return mathml(self.expression, {q.name: q.letter for q in self.takes})

    @property
    def js(self) -> str:
        """JavaScript expression over variables named as the quantities and the functions of kernels.js."""
        from idbounds.notation import javascript

        return javascript(self._computed)

    @property
    def bibtex(self) -> str:
        """BibTeX entry of the source."""
        return self.source.bibtex

    def inputs(self, known: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The checked inputs and the conversions that were made on the way.

        Args:
            known: quantities by name; None means not given.

        Returns:
            Values for each quantity in `takes`, and one sentence a conversion.

        Raises:
            InputError: for a missing, unknown or impossible quantity.
        """
        given = {name: read(name, value) for name, value in known.items() if value is not None}
        strangers = [name for name in given if name not in self.accepts]
        if strangers:
            allowed = ", ".join(q.name for q in self.takes)
            raise InputError(f"{self.id} does not take {', '.join(strangers)}; it takes {allowed}")
        try:
            np.broadcast_shapes(*(np.shape(v) for v in given.values()))
        except ValueError:
            shapes = ", ".join(f"{name} {tuple(np.shape(v))}" for name, v in given.items() if np.ndim(v))
            raise InputError(f"shapes do not fit together: {shapes}; give arrays that broadcast") from None
        for part, whole in _COUNTS:
            if part in given and whole in given:
                _check_part(part, given[part], whole, given[whole])
        notes: list[str] = []
        return {q.name: _find(q, given, notes, self) for q in self.takes}, notes

    @property
    def accepts(self) -> frozenset[str]:
        """Names of the quantities it can use, stand-ins included."""
        names = {q.name for q in self.takes}
        return frozenset(names | {stand_in for name, (stand_in, _) in _RATES.items() if name in names})

    def needs(self, known: Mapping[str, Any]) -> frozenset[str]:
        """Names among `known` that it would use: its own quantities, else their stand-ins."""
        return frozenset(
            q.name if q.name in known or q.name not in _RATES else _RATES[q.name][0]
            for q in self.takes
            if q.name in known or q.default is None
        )

    def applies_to(self, known: Mapping[str, Any]) -> bool:
        """Whether the known quantities suffice for it."""
        return all(name in known for name in self.needs(known))

    def _values(self, known: Mapping[str, Any]) -> dict[str, Any]:
        return self.inputs(known)[0]


def read(name: str, value: Any) -> Any:
    """A quantity as the kernels take it.

    Args:
        name: of the quantity.
        value: tensor, array, sequence or single number.

    Returns:
        A tensor as it is, anything with dimensions as a float64 array, a single number exactly as written.

    Raises:
        InputError: for an unknown quantity or a value outside its domain.
    """
    if name not in QUANTITIES:
        raise InputError(f"{name!r} is no quantity; known: {', '.join(QUANTITIES)}")
    quantity = QUANTITIES[name]
    try:
        number = exact(value) if isinstance(value, str) else value
        array = _array(number)
    except (TypeError, ValueError, OverflowError):
        what = f"{name} = {_short(value)}: not a number that fits a float"
        raise InputError(f"{what}; give {quantity.allowed} ({quantity.says})") from None
    quantity.check(array if array.ndim else number if type(number) is int else float(array))
    if is_tensor(value):
        return value
    return array if array.ndim else number.item() if hasattr(number, "item") else number


def is_tensor(value: Any) -> bool:
    """Whether a value is a torch tensor; never imports torch."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


def count_up(rate: Any, n: Any) -> Any:
    """The number of errors that a rate on n examples stands for, rounded up.

    A float is read as k / n where that is the same float, else by its decimal form: 7 / 30 of 30 is 7.
    Tensors are not rounded, for the sake of their gradients.

    Args:
        rate: in [0, 1].
        n: number of examples.

    Returns:
        An int, an array or a tensor.
    """
    if is_tensor(rate) or is_tensor(n):
        device = (rate if is_tensor(rate) else n).device
        from idbounds.kernels import tensors

        return tensors.as_tensor(rate, device) * tensors.as_tensor(n, device)
    if np.ndim(rate) or np.ndim(n):
        rate, n = _array(rate), _array(n)
        count = np.rint(rate * n)
        return count + (count / n < rate)
    total = int(exact(n))
    count = math.ceil(exact(rate) * total)
    return count - 1 if isinstance(rate, float) and (count - 1) / total == rate else count


def rate_of(count: Any, n: Any) -> Any:
    """The rate count / n, exact for single numbers."""
    if is_tensor(count) or is_tensor(n):
        device = (count if is_tensor(count) else n).device
        from idbounds.kernels import tensors

        return tensors.as_tensor(count, device) / tensors.as_tensor(n, device)
    if np.ndim(count) or np.ndim(n):
        return np.divide(_array(count), _array(n))
    return exact(count) / exact(n)


def _find(quantity: Quantity, given: Mapping[str, Any], notes: list[str], bound: Bound) -> Any:
    """A quantity as given, by conversion between errors and train_error, or by its default."""
    name = quantity.name
    if name in given:
        return given[name]
    if name in _RATES and all(x in given for x in _RATES[name]):
        other, total = (given[x] for x in _RATES[name])
        if name == "train_error":
            return rate_of(other, total)
        count = count_up(other, total)
        notes.append("errors = n * train_error" + ("" if np.ndim(count) else f" = {count}, rounded up"))
        return count
    if quantity.default is not None:
        return Fraction(quantity.default)
    stand_in = f" (or {_RATES[name][0]})" if name in _RATES else ""
    wants = ", ".join(q.name for q in bound.takes)
    raise InputError(f"{bound.id} needs {name}{stand_in}: {quantity.says}; it takes {wants}")


def _check_part(part: str, count: Any, whole: str, total: Any) -> None:
    """Refuse more errors than examples."""
    counts, totals = np.broadcast_arrays(_array(count), _array(total))
    bad = counts > totals
    if np.any(bad):
        first = f"{part} = {counts[bad].flat[0]:.15g} exceeds {whole} = {totals[bad].flat[0]:.15g}"
        raise InputError(f"{first}; give at most {whole}")


def _array(value: Any) -> Any:
    """Any accepted value as a float64 array."""
    return np.asarray(value.detach().cpu().double() if is_tensor(value) else value, dtype=np.float64)


def _short(value: Any) -> str:
    """A value on one short line."""
    try:
        return " ".join(reprlib.repr(value).split())
    except ValueError:  # an int of more digits than Python prints
        return "(an integer of thousands of digits)"


def _decimal_up(value: Fraction) -> str:
    """DIGITS significant digits, rounded up."""
    if value <= 0:
        return "0"
    places = DIGITS - 1 - math.floor(_log10(value))
    scaled = math.ceil(value * Fraction(10) ** places)
    text = str(scaled).rjust(max(places, 0) + 1, "0")
    if places <= 0:
        return text + "0" * -places
    whole, decimals = text[:-places], text[-places:].rstrip("0")
    return f"{whole}.{decimals}" if decimals else whole


def _log10(value: Fraction) -> float:
    return math.log10(value.numerator) - math.log10(value.denominator)
