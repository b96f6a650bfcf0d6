"""Where the bits of messages go."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from idbounds.plot.curves import groups
from idbounds.plot.style import HATCHES, PALETTE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

_SMALL = 0.015
"""Share of its message below which a part is too narrow to be seen."""


def bits(figure: Figure, table: pd.DataFrame) -> None:
    """One bar a message: the share of each part; its whole length stands at the end.

    Args:
        figure: empty, to draw in.
        table: columns `name` (of the message), `part` and `bits`; parts that are small everywhere are drawn
            as one.
    """
    table = _with_rest(table)
    axes = figure.subplots()
    messages = dict(groups(table))
    totals = {name: float(own["bits"].sum()) for name, own in messages.items()}
    places = {name: -i for i, name in enumerate(messages)}
    left = dict.fromkeys(messages, 0.0)
    parts = table.groupby("part")["bits"].sum().sort_values(ascending=False).index
    for part, colour, hatch in zip(parts, cycle(PALETTE.values()), cycle(HATCHES), strict=False):
        own = table[table["part"] == part].groupby("name")["bits"].sum()
        shares = [100 * float(own[name]) / totals[name] for name in own.index]
        axes.barh(
            [places[name] for name in own.index], shares, left=[left[name] for name in own.index],
            height=0.66, color=colour, hatch=hatch, edgecolor="white", lw=0.4, label=part,
        )  # fmt: skip
        for name, share in zip(own.index, shares, strict=True):
            left[name] += share
    for name, place in places.items():
        axes.annotate(
            f"{totals[name]:,.0f} bits", (100, place), (3, 0), textcoords="offset points", va="center"
        )
    axes.set_yticks(list(places.values()), list(places))
    axes.tick_params(axis="y", length=0)
    axes.set(xlim=(0, 100), xlabel="share of the message, %")
    axes.grid(visible=False)
    axes.spines["left"].set_visible(False)
    figure.legend(loc="outside upper center", ncols=4, columnspacing=0.9, handlelength=1.4, handletextpad=0.4)


def _with_rest(table: pd.DataFrame) -> pd.DataFrame:
    share = table["bits"] / table.groupby("name")["bits"].transform("sum")
    largest = share.groupby(table["part"]).max()
    small = [part for part, most in largest.items() if most < _SMALL]
    return table.assign(part=table["part"].where(~table["part"].isin(small), ", ".join(map(str, small))))
