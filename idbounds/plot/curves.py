"""Curves of a user's table: accuracy and bound over a size, code lengths over the number of examples."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

from idbounds.plot.style import COLOURS, DASHES, MARKERS, PALETTE

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZES = {
    "d": "subspace dimension d",
    "code_bits": "length of the message, bits",
    "n": "training examples n",
}
"""Quantities over which a bound is drawn, with the names of their axes."""

_RATES = {
    "bound": ("bound", "o", PALETTE["blue"], True),
    "test_bound": ("test-set bound", "^", PALETTE["green"], False),
    "test_error": ("test error", "s", PALETTE["orange"], True),
    "train_error": ("training error", "x", COLOURS["train"], True),
}
"""Column: name, marker, colour, filled."""


def accuracy(figure: Figure, table: pd.DataFrame) -> None:
    """Accuracy of runs against d, with the line that d90 is defined by and d90 with its interval.

    Args:
        figure: empty, to draw in.
        table: columns `d` and `score` (a rate), a run a row; `name` tells groups apart. A row without `d` is
            full
            training: where no column `threshold` says otherwise, the line stands at 90% of its score. Rows
            with `d90`, `low`, `high` (and `published`) mark the dimension that was found.
    """
    axes = figure.subplots()
    for (name, own), colour, marker, dash in zip(
        groups(table), cycle(PALETTE.values()), cycle(MARKERS), cycle(DASHES), strict=False
    ):
        runs = own[own["d"].notna() & own["score"].notna()].astype({"d": float})
        axes.plot(runs["d"], 100 * runs["score"], marker, color=colour, alpha=0.75, mew=0, label=name)
        line = _threshold(own)
        if line is not None:
            axes.axhline(100 * line, color=COLOURS["train"], lw=0.8, ls=dash)
        _crossings(axes, own, colour, dash)
    axes.set(xscale="log", xlabel=SIZES["d"], ylabel="accuracy, %")
    _plain_ticks(axes)
    if "name" in table:
        axes.legend(loc="lower right")


def _threshold(own: pd.DataFrame) -> float | None:
    if "threshold" in own and own["threshold"].notna().any():
        return float(own["threshold"].dropna().iloc[0])
    full = own.loc[own["d"].isna(), "score"].dropna()
    return 0.9 * float(full.mean()) if len(full) else None


def _crossings(axes: Axes, own: pd.DataFrame, colour: str, dash: Any) -> None:
    if "d90" not in own:
        return
    for one in own[own["d90"].notna()].itertuples():
        if {"low", "high"} <= {*own.columns}:
            axes.axvspan(one.low, one.high, color=colour, alpha=0.25, lw=0)
        axes.axvline(one.d90, color=colour, ls=dash)
        axes.annotate(
            f"{one.d90:,.0f}", (one.d90, 0.02), (-2, 0), xycoords=("data", "axes fraction"), ha="right",
            textcoords="offset points", rotation=90, fontsize=6.5, color=colour,
        )  # fmt: skip
        published = getattr(one, "published", None)
        if published is not None and published == published:
            axes.plot([published], [0], "v", color=colour, ms=5, mec="white", mew=0.6, clip_on=False,
                      zorder=5, transform=axes.get_xaxis_transform())  # fmt: skip


def bound(figure: Figure, table: pd.DataFrame, size: str | None = None) -> None:
    """The bound against one size, with test error, test-set bound and training error where they are known.

    Args:
        figure: empty, to draw in.
        table: `bound` (rates) and one of `SIZES`; `test_bound`, `test_error`, `train_error` and `name` if
            known. Rows of one name are joined through their means; a name with one row is written beside it.
        size: over which; default: the first of `SIZES` in the table that varies.
    """
    size = size or next((s for s in SIZES if s in table and table[s].nunique() > 1), "d")
    axes = figure.subplots()
    for column, (label, marker, colour, filled) in _RATES.items():
        if column not in table:
            continue
        face: dict[str, Any] = {} if filled or marker == "x" else {"mfc": "white"}
        axes.plot(
            table[size],
            100 * table[column].astype(float),
            marker,
            color=colour,
            alpha=0.85,
            label=label,
            **face,
        )
        for _, own in groups(table):
            means = 100 * own.groupby(size)[column].mean().astype(float)
            if len(means) > 2 and size == "d":
                axes.plot(means.index, means, color=colour, lw=0.8)
    _write_names(axes, table, size)
    axes.set(xscale="log", xlabel=SIZES[size], ylabel="error, %", ylim=(0, None))
    axes.margins(x=0.12)
    _plain_ticks(axes)
    figure.legend(loc="outside upper center", ncols=2 if figure.get_figwidth() < 4 else 4, handletextpad=0.2)


def _write_names(axes: Axes, table: pd.DataFrame, size: str) -> None:
    for name, own in groups(table):
        if name and own[size].nunique() <= 2:
            top = own.loc[own["bound"].astype(float).idxmax()]
            axes.annotate(
                name, (top[size], 100 * float(top["bound"])), (0, 4), textcoords="offset points", ha="center",
                fontsize=6.5,
            )  # fmt: skip


def lengths(figure: Figure, table: pd.DataFrame) -> None:
    """Code lengths of several codes over the number of examples; every curve bears its name.

    Args:
        figure: empty, to draw in.
        table: columns `n`, `name` and `bits`; `unit` names the axis if it is not bits.
    """
    axes = figure.subplots()
    for (name, own), colour, marker, dash in zip(
        groups(table), cycle(PALETTE.values()), cycle(MARKERS), cycle(DASHES), strict=False
    ):
        own = own.sort_values("n")
        axes.plot(own["n"], own["bits"], color=colour, ls=dash, marker=marker, ms=3, label=name)
    unit = str(table["unit"].iloc[0]) if "unit" in table else "bits"
    axes.set(xscale="log", xlabel="examples n", ylabel=unit)
    _plain_ticks(axes)
    _name_ends(axes, {str(line.get_label()): line for line in axes.get_lines()})


def _name_ends(axes: Axes, lines: dict[str, Any]) -> None:
    """The name of each curve to the right of where it ends."""
    from idbounds.plot.formats import apart

    to_axes = axes.transData + axes.transAxes.inverted()
    ends = sorted(
        (to_axes.transform((line.get_xdata()[-1], line.get_ydata()[-1]))[1], name)
        for name, line in lines.items()
    )
    for place, (y, name) in zip(apart([y for y, _ in ends], 0.075), ends, strict=True):
        leader = {
            "arrowstyle": "-", "lw": 0.7, "color": lines[name].get_color(), "relpos": (0, 0.5),
            "shrinkA": 0, "shrinkB": 0,
        }  # fmt: skip
        axes.annotate(
            name, (1, y), (1.06, place), xycoords="axes fraction", annotation_clip=False, va="center",
            fontsize=7, arrowprops=leader,
        )  # fmt: skip


def groups(table: pd.DataFrame) -> Iterator[tuple[str, pd.DataFrame]]:
    """The rows of each name, in order of appearance; all under an empty name where there is no such column.

    Args:
        table: any.

    Yields:
        Name and rows.
    """
    if "name" not in table:
        yield "", table
        return
    for name in dict.fromkeys(table["name"].dropna()):
        yield str(name), table[table["name"] == name]


def _plain_ticks(axes: Axes) -> None:
    """Whole numbers instead of powers of ten, few enough to be read."""
    from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter

    low, high = axes.get_xlim()
    steps = (1.0, 2.0, 5.0) if high / low < 60 else (1.0,) if high / low > 3000 else (1.0, 3.0)
    axes.xaxis.set_major_locator(LogLocator(subs=steps))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda x, _: f"{x:,.0f}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
