"""The kinds of figures drawn from a table: one list for the command line and for the figures of papers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from idbounds.errors import InputError
from idbounds.plot import curves, formats, maps, parts
from idbounds.plot.style import CURVES

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Kind:
    """A kind of figure.

    Attributes:
        name: what it is asked for by.
        says: what it shows.
        needs: columns that the table must have.
        may: columns that it uses if they are there.
        draw: draws a table into an empty figure.
        height: of the figure, in widths of a column.
        one_of: columns of which one is needed.
    """

    name: str
    says: str
    needs: tuple[str, ...]
    may: tuple[str, ...]
    draw: Callable[..., None]
    height: float = 0.8
    one_of: tuple[str, ...] = ()


def _storage(figure: Figure, table: pd.DataFrame) -> None:
    columns = {str(name): table[name].to_numpy(dtype=float) for name in table}
    formats.storage(figure.subplots(), columns)


KINDS = {
    kind.name: kind
    for kind in (
        Kind(
            "accuracy", "accuracy against d, with the 90% line and d90", ("d", "score"),
            ("name", "threshold", "d90", "low", "high", "published"), curves.accuracy,
        ),
        Kind(
            "bound", "the bound against d, bits or n, with test error and test-set bound", ("bound",),
            ("name", "test_error", "test_bound", "train_error"), curves.bound, 0.95, (*curves.SIZES,),
        ),
        Kind(
            "race", "runs over error and complexity, and which closed form is the tightest where",
            ("train_error", "code_bits", "n"), ("name", "delta"), maps.race_map, 1.05,
        ),
        Kind("bits", "where the bits of each message go", ("name", "part", "bits"), (), parts.bits, 0.75),
        Kind(
            "storage", "bits a nonzero in each storage format, over the sparsity (columns of "
            "`codes.storage`)",
            ("density", "nonzeros", "values"), (*list(formats.LINES),), _storage, 0.97,
        ),
        Kind(
            "lengths", "code lengths over the number of examples", ("n", "name", "bits"), ("unit",),
            curves.lengths,
        ),
    )
}  # fmt: skip
"""By name; a new one goes to the end."""


def drawn(kind: str, table: pd.DataFrame, width: float = 3.5, **options: Any) -> Figure:
    """Draw a table.

    Args:
        kind: one of `KINDS`.
        table: its columns are named as the kind says; rates are in [0, 1].
        width: of the figure in inches.
        **options: of the kind: `size` for "bound".

    Returns:
        The figure.

    Raises:
        InputError: for an unknown kind, an empty table, a missing column or a column without numbers.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    if kind not in KINDS:
        raise InputError(f"no kind of figure is called {kind!r}; there are: {', '.join(KINDS)}")
    chosen = KINDS[kind]
    table = _checked(chosen, table, options)
    with mpl.rc_context({**CURVES, "font.size": 8 if width >= 3 else 7}):
        figure = Figure(figsize=(width, chosen.height * min(width, 3.6)), layout="constrained")
        chosen.draw(figure, table, **options)
    return figure


def _checked(kind: Kind, table: pd.DataFrame, options: dict[str, Any]) -> pd.DataFrame:
    """The table with numbers in the columns that are drawn; an exact decimal string is a number, too."""
    import pandas as pd

    size = options.get("size")
    if size is not None and size not in kind.one_of:
        allowed = ", ".join(kind.one_of) or "none"
        raise InputError(f"{kind.name}: over {size!r} given; allowed here: {allowed}")
    needs = [*kind.needs, *([size] if size else [])]
    missing = [name for name in needs if name not in table]
    if missing:
        there = ", ".join(map(str, table.columns))
        raise InputError(f"{kind.name} needs the column {', '.join(missing)}; the table has: {there}")
    if kind.one_of and not size and not {*kind.one_of} & {*table.columns}:
        raise InputError(f"{kind.name} needs one of the columns {', '.join(kind.one_of)}")
    if not len(table):
        raise InputError(f"{kind.name}: the table has no rows; give one at least")
    names = [*kind.needs, *kind.one_of, *kind.may]
    numbers = [name for name in names if name in table and name not in ("name", "part", "unit")]
    found = table.copy()
    for name in numbers:
        found[name] = pd.to_numeric(table[name], errors="coerce").astype(float)
        wrong = table[name][found[name].isna() & table[name].notna()]
        if len(wrong):
            raise InputError(
                f"{kind.name}: {name} = {wrong.iloc[0]!r} is no number; give numbers or leave the cell empty"
            )
    return found
