"""Maps over the error rate and the complexity an example: where one bound beats another."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING, Any

from idbounds.plot.style import COLOURS, MARKERS, STYLE

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.artist import Artist
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure


def dominance_figure(table: pd.DataFrame, names: tuple[str, str]) -> Figure:
    """The map of `dominance` as a figure one column wide.

    Args:
        table: what `idbounds.dominates` returned.
        names: of the two bounds, as in the call.

    Returns:
        A figure of 3.5 x 3 inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.5, 3.0), layout="constrained")
        dominance(figure.subplots(), table, names)
    return figure


def dominance(axes: Axes, table: pd.DataFrame, names: tuple[str, str]) -> None:
    """Where one bound is tighter than another, over error rate and complexity per example.

    Args:
        axes: to draw on.
        table: what `idbounds.dominates` returned.
        names: of the two bounds, as in the call.
    """
    import numpy as np

    wide = table.pivot(index="nats_per_example", columns="error", values="difference")
    both = table.assign(smaller=table[["a", "b"]].min(axis=1))
    vacuous = both.pivot(index="nats_per_example", columns="error", values="smaller").to_numpy() >= 1
    tie = 1e-9  # differences below it are rounding
    region = np.where(vacuous, 3, np.where(wide < -tie, 0, np.where(wide > tie, 2, 1)))
    colours = [
        "#8FC1E3",
        "#FFFFFF",
        "#F2B48C",
        COLOURS["other"],
    ]  # light: lines and their labels stay readable
    labels = [f"{names[0]} tighter", "equal", f"{names[1]} tighter", "both vacuous"]
    x, y = wide.columns.to_numpy(), wide.index.to_numpy()
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    axes.pcolormesh(x, y, region, cmap=ListedColormap(colours), vmin=-0.5, vmax=3.5, rasterized=True)
    size = np.where(vacuous, 0, np.abs(wide.to_numpy()))
    if size.max() > tie:
        top = 10.0 ** np.floor(np.log10(size.max()))
        lines = axes.contour(x, y, size, levels=[top / 10, top / 2], colors="#222222", linewidths=[0.5, 1.0])
        axes.clabel(lines, fmt=lambda v: f"{v:.0e}" if v < 1e-4 else f"{v:g}", fontsize=7)
    axes.set_yscale("log")
    axes.set_xlabel("training error (lines: difference of the bounds)")
    axes.set_ylabel("complexity, nats an example")
    handles = [
        Patch(facecolor=colours[i], edgecolor="#222222", lw=0.5, label=labels[i])
        for i in range(4)
        if np.any(region == i)
    ]
    axes.figure.legend(handles=handles, loc="outside upper left", ncols=2, frameon=False, columnspacing=1)


RACERS = ("mcallester", "pac-bayes-refined-pinsker", "pac-bayes-mixed-rate", "pac-bayes-quadratic")
"""Closed forms, in the order in which they take a tie."""

_ZONES = ("#8FC1E3", "#F2B48C", "#BFE3D4", "#F5E6B3")  # light: lines and their labels stay readable
_VACUOUS, _HATCHED = "////", "#7A868E"
_LEVELS = (5, 10, 20, 30, 40, 50, 60, 70, 80, 90)
_HEIGHTS = (1e-3, 2.0)  # nats an example


def race_map(figure: Figure, table: pd.DataFrame) -> None:
    """Runs over error and complexity, on the map of the bound and of the closed form that is tightest there.

    Args:
        figure: empty, to draw in.
        table: a run a row: `train_error` (a rate), `code_bits`, `n`; `name` if known, `delta` if not 0.05.
            The map is made for the largest n. Its lines, of the small-kl form, hold for every n.
    """
    import numpy as np
    from matplotlib.colors import ListedColormap
    from matplotlib.patches import Patch

    from idbounds.combining import race
    from idbounds.kernels.floats import kl_inverse

    axes = figure.subplots()
    n, delta = int(table["n"].max()), float(table["delta"].iloc[0]) if "delta" in table else 0.05
    found = race(*RACERS, points=120, known={"n": n, "delta": delta})
    wide = found.pivot(index="nats_per_example", columns="error", values="winner")
    x, y = 100 * wide.columns.to_numpy(), wide.index.to_numpy() + np.log(1 / delta) / n
    zones = ["", *RACERS]
    region = np.vectorize(zones.index)(wide.to_numpy())
    colours = [COLOURS["other"], *_ZONES]
    axes.pcolormesh(x, y, region, cmap=ListedColormap(colours), vmin=-0.5, vmax=4.5, rasterized=True)
    vacuous = axes.contourf(x, y, region == 0, [0.5, 1.5], colors="none", hatches=[_VACUOUS])
    vacuous.set_edgecolor(_HATCHED)  # hatched: in grey the zone has the shade of another
    vacuous.set_linewidth(0)
    axes.set(yscale="log", ylim=_HEIGHTS, xlim=(0, 100))
    axes.contour(x, y, 100 * kl_inverse(*np.meshgrid(x / 100, y)), _LEVELS, colors="#222222", linewidths=0.5)
    below = 100 * kl_inverse(x / 100, _HEIGHTS[0])  # where the lines leave the map
    for level in _LEVELS:
        place = float(np.interp(level, below, x))
        axes.annotate(
            f"{level}", (place, _HEIGHTS[0]), (0, 2), fontsize=6,
            textcoords="offset points", ha="center",
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
        )  # fmt: skip
    _runs(axes, table)
    axes.set_xlabel("training error, % (lines: bound, %)")
    axes.set_ylabel("complexity, nats an example")
    handles: list[Artist] = [
        Patch(facecolor=colours[i], edgecolor="#222222", lw=0.5, label=zone)
        if zone
        else Patch(facecolor=colours[i], edgecolor=_HATCHED, lw=0.5, hatch=_VACUOUS, label="all vacuous")
        for i, zone in enumerate(zones)
        if np.any(region == i)
    ]
    handles += axes.get_legend_handles_labels()[0]
    columns = 2 if figure.get_figwidth() > 3 else 1
    figure.legend(
        handles=handles, loc="outside upper center", ncols=columns, columnspacing=1, handletextpad=0.5
    )


def _runs(axes: Axes, table: pd.DataFrame) -> None:
    """Runs with a name each get a mark and stand in the legend; the others are small and open."""
    import numpy as np

    delta = table["delta"].astype(float) if "delta" in table else 0.05
    height = (table["code_bits"] * np.log(2) + np.log(1 / delta)) / table["n"]
    names = table["name"].fillna("").astype(str) if "name" in table else table["n"].map(lambda _: "")
    ink: dict[str, Any] = {"color": "#222222", "ls": "none"}
    rest = names == ""
    axes.plot(100 * table["train_error"][rest], height[rest], "o", mfc="white", mew=0.7, ms=3, **ink)
    for name, marker in zip(dict.fromkeys(names[~rest]), cycle(MARKERS), strict=False):
        own = names == name
        axes.plot(
            100 * table["train_error"][own], height[own], marker, mec="white", mew=0.5, ms=6, label=name,
            **ink,
        )  # fmt: skip
