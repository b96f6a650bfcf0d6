"""`Bound`, the one class behind every formula, number, page and test."""

from __future__ import annotations

import math
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
from idbounds.functions import WORDS
from idbounds.interpret import interpret
from idbounds.quantities import QUANTITIES, Quantity
from idbounds.sources import Source

PRECISION = 128
"""Bits of a ball's mantissa when an upper value is stated."""

DIGITS = 15
"""Significant digits of a stated upper value."""

MARGIN = Fraction(1, 10**12)
"""A stated upper value is widened by this relative amount, so that it is above the float value, too."""

_RATES = {"errors": ("train_error", "n"), "train_error": ("errors", "n")}


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

    def __call__(self, **known: Any) -> Any:
        """The bound's value in float64 (or torch, when a tensor is given).

        Args:
            **known: the quantities by name, numbers or arrays that broadcast; `train_error` stands in for
                `errors` (rounded up to a count) and the reverse. `delta` defaults to 0.05.

        Returns:
            Float or array; not below the true value, within 1e-12 relative of it. Values >= 1 say nothing.

        Raises:
            InputError: for a missing, unknown or impossible quantity.
        """
        values = self._values(known)
        if any(_is_tensor(v) for v in values.values()):
            from idbounds.kernels import tensors

            return interpret(self.expression, values, tensors)
        from idbounds.kernels import floats

        arrays = {name: np.asarray(v, np.float64) for name, v in values.items()}
        value = interpret(self.expression, arrays, floats) * (1 + 1e-14)
        return float(value) if np.ndim(value) == 0 else value

    def upper(self, **known: Any) -> str:
        """The value as a decimal string, computed in ball arithmetic and rounded up: what a certificate states.

        Args:
            **known: single numbers by name; '0.05', 0.05 and Fraction(1, 20) mean the same.

        Returns:
            15 significant digits, proven to be not below the true value.

        Raises:
            InputError: for a missing, unknown or impossible quantity.
        """
        return _decimal_up(self.upper_fraction(**known) * (1 + MARGIN))

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

        for name, value in known.items():
            if np.ndim(value):
                raise InputError(f"{name}: an upper value is stated for one case at a time; give a single number")
        values = self._values({k: exact(v) if isinstance(v, str) else v for k, v in known.items()})
        with balls.precision(PRECISION):
            value = interpret(self.expression, {k: balls.ball(v) for k, v in values.items()}, balls)
            mantissa, exponent = value.upper().man_exp()
        return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)

    def solve(self, quantity: str, *, at: Any, **known: Any) -> Any:
        """The inverse question: the extreme value of one quantity at which the bound is still <= `at`.

        Args:
            quantity: name of the quantity to solve for.
            at: the value of the bound to be met.
            **known: all other quantities.

        Returns:
            The largest (for quantities that push the bound up) or smallest (n, delta, ...) value for which
            `upper` is <= at; an int for counts, else a float rounded to the safe side.

        Raises:
            InputError: when no allowed value meets `at`, with the best that can be had.
        """
        from idbounds.solving import solve

        return solve(self, quantity, at=at, known=known)

    def explain(self, **known: Any) -> Any:
        """The value in words: what each quantity costs, what is assumed, what is vacuous.

        Args:
            **known: single numbers by name.

        Returns:
            An `Explanation`; its text is `str(...)`.

        Raises:
            InputError: for a missing, unknown or impossible quantity.
        """
        from idbounds.explanation import explain

        return explain(self, known)

    @property
    def latex(self) -> str:
        """LaTeX of the whole statement, R <= ..."""
        import sympy

        names = {sympy.Symbol(q.name, real=True): q.symbol for q in self.takes}
        return rf"R \le {sympy.latex(self.expression, symbol_names=names)}"

    @property
    def mathml(self) -> str:
        """Presentation MathML of the right-hand side."""
        import sympy
        from sympy.printing.mathml import mathml

        letters = {sympy.Symbol(q.name, real=True): sympy.Symbol(q.letter, real=True) for q in self.takes}
        with sympy.evaluate(False):
            return str(mathml(self.expression.xreplace(letters), printer="presentation"))

    @property
    def js(self) -> str:
        """JavaScript expression over variables named as the quantities and the functions of kernels.js."""
        import sympy

        words = {name: name for name, word in WORDS.items() if not word.native}
        return str(sympy.jscode(self.expression, user_functions=words))

    @property
    def bibtex(self) -> str:
        """BibTeX entry of the source."""
        return self.source.bibtex

    def inputs(self, known: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
        """The checked inputs and the conversions that were made on the way.

        Args:
            known: quantities by name.

        Returns:
            Values for each quantity in `takes`, and one sentence a conversion.

        Raises:
            InputError: for a missing, unknown or impossible quantity.
        """
        given = {name: value for name, value in known.items() if value is not None}
        for name in given:
            if name not in QUANTITIES:
                raise InputError(f"{name!r} is no quantity; known: {', '.join(QUANTITIES)}")
        for name, value in given.items():
            if not _is_tensor(value):
                QUANTITIES[name].check(value)
        values: dict[str, Any] = {}
        notes: list[str] = []
        for quantity in self.takes:
            values[quantity.name] = _find(quantity, given, notes, self)
        self._check_counts(values)
        strangers = [name for name in given if name not in self.accepts]
        if strangers:
            allowed = ", ".join(q.name for q in self.takes)
            raise InputError(f"{self.id} does not take {', '.join(strangers)}; it takes {allowed}")
        return values, notes

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

    def _check_counts(self, values: Mapping[str, Any]) -> None:
        for part, whole in (("errors", "n"), ("test_errors", "test_n")):
            if part in values and whole in values and not any(_is_tensor(values[x]) for x in (part, whole)):
                if np.any(np.asarray(values[part], float) > np.asarray(values[whole], float)):
                    raise InputError(f"{part} = {values[part]} exceeds {whole} = {values[whole]}; give at most {whole}")


def _find(quantity: Quantity, given: Mapping[str, Any], notes: list[str], bound: Bound) -> Any:
    """A quantity as given, by conversion between errors and train_error, or by its default."""
    name = quantity.name
    if name in given:
        return given[name]
    if name in _RATES and all(x in given for x in _RATES[name]):
        other, total = (given[x] for x in _RATES[name])
        if name == "errors":
            count = _count_up(other, total)
            notes.append(f"errors = {count}: ceil(n * train_error)")
            return count
        QUANTITIES["n"].check(total)
        if np.any(np.asarray(other, float) > np.asarray(total, float)):
            raise InputError(f"errors = {other} exceeds n = {total}; give at most n")
        return Fraction(int(other), int(total)) if np.ndim(other) == np.ndim(total) == 0 else np.divide(other, total)
    if quantity.default is not None:
        return Fraction(quantity.default)
    stand_in = f" (or {_RATES[name][0]})" if name in _RATES else ""
    wants = ", ".join(q.name for q in bound.takes)
    raise InputError(f"{bound.id} needs {name}{stand_in}: {quantity.says}; it takes {wants}")


def _count_up(rate: Any, n: Any) -> Any:
    """ceil(n * rate), reading a rate by its decimal form so that 0.07 of 100 is 7 and not 8."""
    if _is_tensor(rate):
        return rate * n
    count = np.vectorize(lambda r, m: float(math.ceil(exact(r) * exact(m))), otypes=[float])(rate, n)
    return int(count) if np.ndim(count) == 0 else count


def _is_tensor(value: Any) -> bool:
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(value, torch.Tensor)


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
