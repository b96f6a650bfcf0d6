"""What the page knows of bounds and quantities: read off the same objects as everything else."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterable
from typing import Any

from idbounds.catalogue import bounds
from idbounds.explanation import cheapest
from idbounds.notation import mathml
from idbounds.pages import example
from idbounds.quantities import Quantity
from idbounds.statement import UNVERIFIED, Bound

_PRIVATE = 0xE000
"""First of the code points that stand for the quantities while sympy prints a formula."""

_WORDS = {
    "R": "the error rate on new data",
    r"R(\rho)": "the expected error rate of the stochastic predictor on new data",
    r"\hat R(\rho)": "the expected training error of the stochastic predictor",
}


def shown() -> list[Bound]:
    """The bounds of the page: all of the catalogue that give a number."""
    return [bound for bound in bounds.values() if bound.standing != UNVERIFIED]


def left_out() -> dict[str, str]:
    """The bounds that the page leaves out, each with the reason."""
    return {b.id: b.because for b in bounds.values() if b.standing == UNVERIFIED}


def bound_record(bound: Bound) -> dict[str, Any]:
    """One bound as the page reads it.

    Args:
        bound: of the catalogue.

    Returns:
        JSON-ready dictionary.
    """
    return {
        "title": bound.title,
        "family": bound.family,
        "takes": [q.name for q in bound.takes],
        "formula": f"{_symbol(bound.left)}<mo>&#8804;</mo>{_formula(bound)}",
        "what": _WORDS.get(bound.left, "the quantity on the left") if bound.unit == "rate" else "the loss",
        "unit": bound.unit,
        "saturates": bound.saturates,
        "holds": bound.holds,
        "assumes": [[a.says, a.vouched] for a in bound.assumes],
        "source": str(bound.source),
        "bibtex": bound.bibtex,
        "weaker": list(bound.weaker),
        "certifies": bound.certifies,
        "standing": bound.standing,
        "because": bound.because,
        "example": example(bound),
    }


def quantity_record(quantity: Quantity) -> dict[str, Any]:
    """One quantity as the page reads it.

    Args:
        quantity: that some bound takes.

    Returns:
        JSON-ready dictionary; an end that is infinite is None.
    """
    free = cheapest(quantity)
    return {
        "letter": quantity.letter,
        "symbol": _symbol(quantity.symbol),
        "unit": quantity.unit,
        "low": None if math.isinf(quantity.low) else quantity.low,
        "high": None if math.isinf(quantity.high) else quantity.high,
        "open": quantity.open_ends,
        "integer": quantity.integer,
        "sense": quantity.sense,
        "typical": list(quantity.typical),
        "default": None if quantity.default is None else float(quantity.default),
        "partOf": quantity.part_of,
        "free": None if free is None else float(free),
        "says": quantity.says,
        "allowed": quantity.allowed,
    }


def formulas(chosen: Iterable[Bound]) -> str:
    """JavaScript of bounds: an object with, by id, the terms of each sentence and what holds without data.

    Args:
        chosen: bounds with numbers.

    Returns:
        Source text of an object literal. It is code and not text to be compiled by the page, so that the page
        can forbid itself to compile text.
    """
    entries = []
    for bound in chosen:
        names = ", ".join(q.name for q in bound.takes)
        entries.append(
            f"{json.dumps(bound.id)}: {{\n"
            f"  terms: function ({names}) {{ return [{', '.join(bound.js_terms)}]; }},\n"
            f"  trivial: function ({names}) {{ return {bound.js_trivial}; }}\n}}"
        )
    return "{\n" + ",\n".join(entries) + "\n}"


def racers() -> dict[str, dict[str, str]]:
    """Bounds that an error rate, a length in bits, n and delta suffice for: what plays which part.

    Returns:
        By id: for each quantity "rate", "count", "bits" or "nats"; n, delta and defaults play themselves.
    """
    found = {}
    for bound in shown():
        roles = {q.name: role for q in bound.takes if (role := _role(q))}
        rest = [q for q in bound.takes if q.name not in roles and q.name != "n" and q.default is None]
        kinds = sorted(roles.values())
        if (
            bound.certifies
            and bound.is_about_a_risk
            and not rest
            and len(kinds) == 2
            and "n" in _names(bound)
        ):
            found[bound.id] = roles
    return found


def _names(bound: Bound) -> list[str]:
    return [q.name for q in bound.takes]


def _role(quantity: Quantity) -> str:
    """What a quantity says in the race, "" if it is none of its axes."""
    if quantity.default is not None:
        return ""
    if quantity.unit in ("bits", "nats"):
        return quantity.unit
    if quantity.part_of == "n" and quantity.integer:
        return "count"
    return "rate" if quantity.unit == "rate" and not quantity.part_of and quantity.high == 1 else ""


def _symbol(latex: str) -> str:
    """MathML of a LaTeX symbol, without the enclosing <math>."""
    from latex2mathml.converter import convert

    text = convert(latex)
    return text[text.index(">") + 1 : text.rindex("</math>")]


def _formula(bound: Bound) -> str:
    """MathML of the right-hand side in which every quantity can be found."""
    text = mathml(bound.expression, {q.name: chr(_PRIVATE + i) for i, q in enumerate(bound.takes)})
    for i, quantity in enumerate(bound.takes):
        symbol = f'<mrow class="q" data-q="{quantity.name}">{_symbol(quantity.symbol)}</mrow>'
        text = text.replace(f"<mi>&#{_PRIVATE + i};</mi>", symbol)
    # Few machines have a font whose bar stretches; the style sheet draws one.
    return re.sub(r"<mover>(<mi)(>\w+</mi>)<mo>&#175;</mo></mover>", r'\1 class="over"\2', text)
