"""The page of a bound, written from the object: statement, quantities, assumptions, an example, source."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np

from idbounds.catalogue import bounds
from idbounds.statement import UNVERIFIED, Bound
from idbounds.testing import typical

_SEED = 1  # of the example's point
_DIGITS = 3  # significant digits of the numbers in an example


def page(bound: Bound, notes: Iterable[str] = ()) -> str:
    """Markdown of one bound.

    Args:
        bound: from the catalogue, or your own.
        notes: paragraphs that stand before the source: where it is derived, say.

    Returns:
        A whole page that ends with a line break.
    """
    parts = [f"# {bound.title}", f"`{bound.id}` · {bound.family} · {_standing(bound)}"]
    parts += [f"$${bound.latex}$$", f"Holds {bound.holds}."]
    parts += [table(("quantity", "symbol", "meaning", "domain"), map(_noun, bound.takes))]
    parts += [table(("assumption", "", "who vouches"), ((a.name, a.says, a.vouched) for a in bound.assumes))]
    parts += [] if bound.standing == UNVERIFIED else _example(bound)
    parts += _neighbours(bound)
    parts += notes
    parts += [f"**Source.** {bound.source}.", f"```bibtex\n{bound.bibtex}\n```"]
    return "\n\n".join(parts) + "\n"


def index() -> str:
    """Markdown of the list of all bounds, by family."""
    parts = ["# The catalogue", "Each page is written by `make pages` from the object that also computes."]
    for family in dict.fromkeys(b.family for b in bounds.values()):
        members = [b for b in bounds.values() if b.family == family]
        rows = ((f"[{b.id}]({b.id}.md)", b.title, b.standing) for b in members)
        parts += [f"## {family}", table(("id", "title", "standing"), rows)]
    parts.append("\n".join(["```{toctree}", ":hidden:", "", *bounds, "```"]))  # so that the site knows them
    return "\n\n".join(parts) + "\n"


def _standing(bound: Bound) -> str:
    return bound.standing if bound.certifies else f"**{bound.standing}**: {bound.because}"


def _noun(quantity: Any) -> tuple[str, ...]:
    default = f"; default {quantity.default}" if quantity.default else ""
    return (
        f"`{quantity.name}`",
        f"${quantity.symbol}$",
        f"{quantity.says} ({quantity.unit})",
        quantity.allowed + default,
    )


def table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """A table in Markdown.

    Args:
        head: names of the columns.
        rows: cells; a bar in one is escaped.

    Returns:
        Lines without a break at the end.
    """
    lines = [[cell.replace("|", r"\|") for cell in row] for row in (head, *rows)]
    lines.insert(1, ["---"] * len(lines[0]))
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _example(bound: Bound) -> list[str]:
    point = example(bound)
    arguments = ", ".join(f"{name}={value}" for name, value in point.items())
    lines = [f'bounds["{bound.id}"]({arguments})  # {bound(**point):.6g}']
    if bound.certifies:
        lines.append(f'bounds["{bound.id}"].upper({arguments})  # {bound.upper(**point)}')
    return ["```python\nfrom idbounds import bounds\n\n" + "\n".join(lines) + "\n```"]


def example(bound: Bound) -> dict[str, Any]:
    """A point of the typical ranges where the bound says something, if one is found soon; with few digits.

    Args:
        bound: any bound with numbers.

    Returns:
        Single numbers by quantity name; delta is 0.05.
    """
    rng = np.random.default_rng(_SEED)
    points = [_readable(bound, typical(bound, rng)) for _ in range(200)]
    return next((p for p in points if not bound.says_nothing(float(bound(**p)), **p)), points[0])


def _readable(bound: Bound, point: dict[str, Any]) -> dict[str, Any]:
    """The point with few digits; parts stay parts."""
    out: dict[str, Any] = {}
    for quantity in bound.takes:
        value = float(f"{point[quantity.name]:.{_DIGITS}g}")
        out[quantity.name] = int(value) if quantity.integer else value
    out |= {"delta": 0.05} if "delta" in out else {}
    for quantity in bound.takes:
        if quantity.part_of in out:
            out[quantity.name] = min(out[quantity.name], out[quantity.part_of])
    return out


def _neighbours(bound: Bound) -> list[str]:
    stronger = [b.id for b in bounds.values() if bound.id in b.weaker]
    out = []
    if bound.weaker:
        names = ", ".join(f"[{w}]({w}.md)" for w in bound.weaker)
        out.append(
            f"The same event implies {names}: never smaller, so nothing is paid for choosing among them."
        )
    if stronger:
        out.append(f"Implied by {', '.join(f'[{s}]({s}.md)' for s in stronger)}, which is never larger.")
    return out
