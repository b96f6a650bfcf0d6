"""Published numbers, recomputed from their published inputs: one TOML file a source.

A row names a bound of the catalogue and gives its inputs as they were published. An input may be a number, a
list of bits (`{ bits = [...] }`, summed, and turned into nats for a quantity in nats) or the value of another
bound. `published` must come out within the table's tolerance, or `why` names a reason. `tighter` is a better
bound on the same inputs.
"""

from __future__ import annotations

import math
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from idbounds import QUANTITIES, bounds
from idbounds.errors import InputError

_FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Row:
    """One published number.

    Attributes:
        table: name of its file.
        name: of the run.
        published: as printed.
        tolerance: largest difference that counts as reproduced.
        bound: id, or "" when the inputs were not published.
        inputs: quantities by name, as in the file.
        tighter: id of a better bound, or "".
        tighter_inputs: its quantities.
        why: the reason, in words, why it does not come out; "" if it must.
    """

    table: str
    name: str
    published: str
    tolerance: Fraction
    bound: str
    inputs: Mapping[str, Any]
    tighter: str
    tighter_inputs: Mapping[str, Any]
    why: str

    @property
    def recomputed(self) -> float | None:
        """The value from the published inputs."""
        return _value(self.bound, self.inputs) if self.bound else None

    @property
    def proven(self) -> str | None:
        """The same by ball arithmetic: a decimal string, proven not below the true value."""
        return bounds[self.bound].upper(**_inputs(self.inputs)) if self.bound else None

    @property
    def improved(self) -> float | None:
        """The value of the better bound."""
        return _value(self.tighter, self.tighter_inputs) if self.tighter else None

    @property
    def outcome(self) -> str:
        """One of "reproduced", "explained", "not reproduced" and "inputs not published"."""
        if self.recomputed is None:
            return "inputs not published"
        if abs(Fraction(self.recomputed) - Fraction(self.published)) <= self.tolerance:
            return "reproduced"
        return "explained" if self.why else "not reproduced"


@cache
def tables() -> dict[str, tuple[Row, ...]]:
    """Every table by name."""
    return {path.stem: _rows(path) for path in sorted(_FOLDER.glob("*.toml"))}


def row(table: str, name: str) -> Row:
    """One row.

    Args:
        table: name of the file.
        name: of the row.

    Returns:
        The row.

    Raises:
        InputError: if there is none.
    """
    found = [r for r in tables().get(table, ()) if r.name == name]
    if not found:
        raise InputError(f"no published row {name!r} in {table!r}; tables: {', '.join(tables())}")
    return found[0]


def title(table: str) -> str:
    """The title of a table."""
    return str(_read(_FOLDER / f"{table}.toml")["title"])


def line(row: Row) -> str:
    """What became of a row, in words."""
    if row.recomputed is None:
        return f"{row.published}; {row.outcome}"
    better = f"; {row.tighter} gives {row.improved:.6f}" if row.improved is not None else ""
    reason = f" ({row.why})" if row.outcome == "explained" else ""
    return f"{row.published}, recomputed {row.recomputed:.12g}: {row.outcome}{reason}{better}"


def _read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text("utf-8"))


def _rows(path: Path) -> tuple[Row, ...]:
    table = _read(path)
    reasons = table.get("reasons", {})
    return tuple(
        Row(
            table=path.stem,
            name=r["name"],
            published=r["published"],
            tolerance=Fraction(r.get("tolerance", table["tolerance"])),
            bound=r.get("bound", ""),
            inputs=r.get("inputs", {}),
            tighter=r.get("tighter", ""),
            tighter_inputs=r.get("tighter_inputs", {}),
            why=reasons[r["why"]] if "why" in r else "",
        )
        for r in table["row"]
    )


def _value(bound: str, inputs: Mapping[str, Any]) -> float:
    return float(bounds[bound](**_inputs(inputs)))


def _inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _input(name, given) for name, given in inputs.items()}


def _input(name: str, given: Any) -> Any:
    if not isinstance(given, Mapping):
        return given
    if "bits" in given:
        bits = float(sum(Fraction(x) for x in given["bits"]))
        return bits * math.log(2) if QUANTITIES[name].unit == "nats" else bits
    return _value(given["bound"], {k: v for k, v in given.items() if k != "bound"})
