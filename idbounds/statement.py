"""`Bound`, the one class behind every formula, number, page and test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from idbounds.assumptions import Assumption
from idbounds.errors import InputError
from idbounds.exactly import decimal_up, exact
from idbounds.inputs import check_together, find, is_tensor, read
from idbounds.interpret import flat, interpret, logs_apart, terms
from idbounds.quantities import QUANTITIES, STAND_INS, Quantity
from idbounds.sources import Source

PRECISION = 128
"""Bits of a ball's mantissa when an upper value is stated."""

DIGITS = 15
"""Significant digits of a stated upper value."""

_RATES = ("kl_inverse", "binomial_tail_inverse", "scenario_inverse")  # words with values in [0, 1]
FLOAT_MARGIN = 1e-14
"""A float is raised by this share of its terms: the rounding of a sentence, whose words round outward."""

MARGIN = Fraction(1, 10**12)
"""A stated upper value is widened by this share of its terms, so that it is above the float value, too."""

CERTIFICATE, NO_CERTIFICATE, UNVERIFIED = "certificate", "not a certificate", "statement not verified"
"""What a bound's number is good for: everything; teaching and ranking; nothing, there is no number."""


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
        left: LaTeX of what is bounded.
        unit: of the value: "rate", or "bits" a token, ...
        trivial: what holds without any data, as a function like `says`; 1 for a rate.
        unless: names of quantities that a case must not have (errors outside, more than one choice): the
            bound leaves them out of account, so `compare` does not offer it for such a case.
        standing: CERTIFICATE, NO_CERTIFICATE or UNVERIFIED.
        because: why it is no certificate, or what could not be verified.
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
    left: str = "R"
    unit: str = "rate"
    trivial: Callable[..., Any] | None = None
    unless: tuple[str, ...] = ()
    standing: str = CERTIFICATE
    because: str = ""

    @cached_property
    def expression(self) -> Any:
        """The sympy expression, kept as written."""
        import sympy

        with sympy.evaluate(False):
            return flat(sympy.sympify(self.says(*(sympy.Symbol(q.name, real=True) for q in self.takes))))

    @cached_property
    def _computed(self) -> Any:
        """What the kernels read: the same value, in a form that loses no digits."""
        return flat(logs_apart(self.expression))

    @cached_property
    def _trivial(self) -> Any:
        """The sentence of what holds without data."""
        import sympy

        if self.trivial is None:
            return sympy.Integer(1)
        with sympy.evaluate(False):
            symbols = (sympy.Symbol(q.name, real=True) for q in self.takes)
            return logs_apart(sympy.sympify(self.trivial(*symbols)))

    @property
    def certifies(self) -> bool:
        """Whether its number may stand in a certificate."""
        return self.standing == CERTIFICATE

    @property
    def is_difference(self) -> bool:
        """Whether it bounds a difference of risks, which may be negative."""
        return " - " in self.left

    @property
    def is_about_a_risk(self) -> bool:
        """Whether it bounds a risk, and not a training error or a difference."""
        return not self.is_difference and not self.left.startswith(r"\hat")

    @property
    def saturates(self) -> bool:
        """Whether the sentence is an inverse, which is at most 1 whatever the rounding adds."""
        return type(self.expression).__name__ in _RATES

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
        value, size = self._float(values)
        value = value + size * FLOAT_MARGIN
        if self.saturates:
            value = np.minimum(value, 1.0)
        return float(value) if np.ndim(value) == 0 else value

    def _float(self, values: Mapping[str, Any]) -> tuple[Any, Any]:
        """The float value before it is rounded up, and the sum of the sizes of its terms."""
        from idbounds.kernels import floats

        arrays = {name: np.asarray(v, np.float64) for name, v in values.items()}
        parts = [np.asarray(interpret(t, arrays, floats)) for t in terms(self._computed)]
        return sum(parts[1:], parts[0]), sum(np.abs(part) for part in parts)

    def magnitude(self, **known: Any) -> Any:
        """The sum of the sizes of the terms, on which roundings are measured: the value if all are >= 0.

        Args:
            **known: the quantities by name, as for a call.

        Returns:
            Float or array.
        """
        return self._float(self._values(known))[1]

    def says_nothing(self, value: Any, **known: Any) -> bool:
        """Whether a value is vacuous: not below what holds without any data.

        Args:
            value: of the bound, a number or decimal string.
            **known: single numbers by name.

        Returns:
            True if it is vacuous.
        """
        if self.trivial is None:
            return bool(exact(value) >= 1)
        from idbounds.kernels import floats

        arrays = {name: np.asarray(v, np.float64) for name, v in self._values(known).items()}
        return bool(exact(value) >= Fraction(float(interpret(self._trivial, arrays, floats))))

    def upper(self, **known: Any) -> str:
        """The value as a decimal string, rounded up from ball arithmetic: what a certificate states.

        Impossible, unknown or missing quantities and arrays raise InputError.

        Args:
            **known: single numbers by name; '0.05', '1/20', Decimal, Fraction and 0.05 mean the same.

        Returns:
            15 significant digits, proven to be not below the true value, and not below the float value.

        Raises:
            InputError: as said, and where a value does not fit a float.
        """
        value = self.upper_fraction(**known)
        size = float(self.magnitude(**known))
        if not np.isfinite(size):
            raise InputError(
                f"{self.id}: the value does not fit a float; give quantities nearer to their typical ranges"
            )
        value += MARGIN * max(abs(value), Fraction(size))
        return decimal_up(min(value, Fraction(1)) if self.saturates else value, DIGITS)

    def upper_fraction(self, **known: Any) -> Fraction:
        """The proven upper end of the value, exact and without the margin of `upper`.

        Args:
            **known: single numbers by name.

        Returns:
            A rational number, not below the true value.

        Raises:
            InputError: for a missing, unknown or impossible quantity, an array, or what is no certificate.
        """
        from idbounds.kernels import balls

        if not self.certifies:
            raise InputError(f"{self.id} is {self.standing}: {self.because}; it states no upper value")
        values = self._values({k: v.item() if is_tensor(v) and not v.ndim else v for k, v in known.items()})
        for name, value in values.items():
            if np.ndim(value):
                raise InputError(f"{name}: an upper value is for one case at a time; give a single number")
        with balls.precision(PRECISION):
            ends = interpret(self._computed, {k: balls.ball(v) for k, v in values.items()}, balls)
            mantissa, exponent = ends.upper().man_exp()
        value = Fraction(int(mantissa)) * Fraction(2) ** int(exponent)
        return min(value, Fraction(1)) if self.saturates else value

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

        return rf"{self.left} \le {latex(self.expression, {q.name: q.symbol for q in self.takes})}"

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
    def js_terms(self) -> list[str]:
        """JavaScript of each term that the sentence adds up: roundings are measured on their sizes."""
        from idbounds.notation import javascript

        return [javascript(term) for term in terms(self._computed)]

    @property
    def js_trivial(self) -> str:
        """JavaScript of what holds without any data."""
        from idbounds.notation import javascript

        return javascript(self._trivial)

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
        if self.standing == UNVERIFIED:
            raise InputError(f"{self.id}: {self.standing} ({self.because}); it gives no numbers")
        strangers = [name for name, value in known.items() if value is not None and name not in self.accepts]
        if strangers:
            allowed = ", ".join(q.name for q in self.takes)
            raise InputError(f"{self.id} does not take {', '.join(strangers)}; it takes {allowed}")
        given = {name: read(name, value) for name, value in known.items() if value is not None}
        check_together(given)
        notes: list[str] = []
        found = {q.name: find(q, given, notes) for q in self.takes}
        for q in self.takes:
            if found[q.name] is None:
                stand_in = f" (or {STAND_INS[q.name]})" if STAND_INS.get(q.name) in self.accepts else ""
                wants = ", ".join(q.name for q in self.takes)
                raise InputError(f"{self.id} needs {q.name}{stand_in}: {q.says}; it takes {wants}")
        return found, notes

    @property
    def accepts(self) -> frozenset[str]:
        """Names of the quantities it can use, stand-ins included."""
        names = {q.name for q in self.takes}
        pairs = (noun.rate_of for noun in QUANTITIES.values() if noun.rate_of and noun.rate_of[1] in names)
        stand_ins = {STAND_INS[count]: count for count, _ in pairs}
        extra = {rate for rate, count in stand_ins.items() if count in names}
        return frozenset(names | extra | {count for rate, count in stand_ins.items() if rate in names})

    def needs(self, known: Mapping[str, Any]) -> frozenset[str]:
        """Names among `known` that it would use: its own quantities, else their stand-ins."""
        return frozenset(
            q.name if q.name in known or STAND_INS.get(q.name) not in self.accepts else STAND_INS[q.name]
            for q in self.takes
            if q.name in known or q.default is None
        )

    def applies_to(self, known: Mapping[str, Any]) -> bool:
        """Whether the known quantities suffice for it."""
        return self.standing != UNVERIFIED and all(name in known for name in self.needs(known))

    def excluded(self, known: Mapping[str, Any]) -> Any:
        """Whether a known quantity rules the bound out, because it leaves that quantity out of account.

        Args:
            known: checked numbers or arrays by name; NaN counts as not known.

        Returns:
            Boolean, or an array of the shape of the values.
        """
        given = [name for name in self.unless if name in known]
        found = (np.asarray(known[name], np.float64) > QUANTITIES[name].low for name in given)
        return np.logical_or.reduce([*found]) if given else False

    def _values(self, known: Mapping[str, Any]) -> dict[str, Any]:
        return self.inputs(known)[0]
