"""Axes-level plots of the library's own objects, fit for print in grey and for colour-blind readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

    from idbounds.certifying import Certified

COLOURS = {
    "bound": "#0072B2",
    "other": "#B8C4CC",
    "test": "#D55E00",
    "train": "#222222",
}  # Okabe-Ito and greys
STYLE: dict[Any, Any] = {
    "font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "svg.fonttype": "none", "svg.hashsalt": "idbounds",
}  # fmt: skip


def certificate(result: Certified) -> Figure:
    """The certificate at a glance: every bound against the test error, and where the bits go.

    Args:
        result: what `idbounds.certify` returned.

    Returns:
        A figure one column wide, 3.5 x 3.9 inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.5, 3.9), layout="constrained")
        figure.get_layout_engine().set(hspace=0.08)  # type: ignore[union-attr, call-arg]
        upper, lower = figure.subplots(2, 1)
        risk_bars(upper, result)
        bit_bars(lower, result)
    return figure


def risk_bars(axes: Axes, result: Certified) -> None:
    """Bars of every bound below 100%, lines for training and test error (with its exact 95% interval).

    Args:
        axes: to draw on.
        result: what `idbounds.certify` returned.
    """
    from matplotlib.patheffects import withStroke

    rows = [e for e in reversed(result.evaluations) if not e.vacuous] or result.evaluations[::-1]
    values = [0.0 if e.vacuous else 100 * float(e.upper) for e in rows]
    low, high = (100 * x for x in result.test_interval)
    train, test = 100 * result.train_error, 100 * result.test_error
    axes.barh(
        range(len(rows)), values, height=0.66,
        color=[COLOURS["bound" if e.id == result.bound_id else "other"] for e in rows],
    )  # fmt: skip
    axes.set_yticks(range(len(rows)), [e.id for e in rows])
    for i, (label, e) in enumerate(zip(axes.get_yticklabels(), rows, strict=True)):
        weight = "bold" if e.id == result.bound_id else "normal"
        label.set_fontweight(weight)
        # White behind the number: a line may pass there.
        box = {"facecolor": "white", "edgecolor": "none", "pad": 1}
        text = "vacuous" if e.vacuous else _percent(values[i])
        axes.annotate(
            text, (values[i], i), (4, 0), textcoords="offset points", va="center", weight=weight, bbox=box
        )
    axes.axvspan(low, high, color=COLOURS["test"], alpha=0.3, lw=0)
    casing = [withStroke(linewidth=2.8, foreground="white")]  # seen on dark bars in grey, too
    interval = f"test {_percent(test)} (95%: {_percent(low)[:-1]} to {_percent(high)})"
    axes.axvline(test, color=COLOURS["test"], lw=1.4, path_effects=casing, label=interval)
    axes.axvline(
        train,
        color=COLOURS["train"],
        lw=1.4,
        ls=(0, (2, 1.2)),
        path_effects=casing,
        label=f"train {_percent(train)}",
    )
    # Names in a line above the bars: next to the lines they would meet when the two errors are close.
    axes.legend(
        loc="lower right", bbox_to_anchor=(1, 1), ncols=2, frameon=False, borderaxespad=0.2, handlelength=1.6,
        columnspacing=1, handletextpad=0.5, reverse=True,
    )  # fmt: skip
    axes.set_xlim(0, 1.2 * max([*values, high, train, 1e-9]))
    left_out = len(result.evaluations) - len(rows)
    note = f"\n({left_out} left out: vacuous)" if left_out else ""
    axes.set_xlabel(f"error rate, %\neach bound holds singly, δ = {result.delta}{note}")
    axes.tick_params(axis="y", length=0)


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


def bit_bars(axes: Axes, result: Certified) -> None:
    """Bits of the message by part, largest first, on a logarithmic scale.

    Args:
        axes: to draw on.
        result: what `idbounds.certify` returned.
    """
    parts = sorted(result.parts.items(), key=lambda item: item[1])
    names, bits = [name for name, _ in parts], [count for _, count in parts]
    axes.barh(names, bits, color=COLOURS["other"], height=0.66, left=0.5)
    axes.set_xscale("log")
    for i, count in enumerate(bits):
        axes.annotate(f"{count:,}", (count + 0.5, i), (3, 0), textcoords="offset points", va="center")
    top = max(bits)
    axes.set_xlim(0.5, 5 * top)
    ticks = [10**i for i in range(0, len(str(top)), 1 if top < 100_000 else 2)]
    axes.set_xticks(ticks, [f"{tick:,}" for tick in ticks])
    axes.minorticks_off()
    axes.set_xlabel(f"bits, log scale ({result.code_bits:,} in all)")
    axes.tick_params(axis="y", length=0)


def _percent(value: float) -> str:
    return f"{value:.2f}%" if value < 9.995 else f"{value:.1f}%"


def save(figure: Figure, path: str | Path) -> list[Path]:
    """Write a figure as SVG and PNG.

    Args:
        figure: the figure.
        path: file name; its suffix is replaced.

    Returns:
        The two files.
    """
    import matplotlib as mpl

    files = [Path(path).with_suffix(suffix) for suffix in (".svg", ".png")]
    with mpl.rc_context(STYLE):
        for file in files:
            figure.savefig(file, dpi=300, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files


_LINES: dict[str, tuple[str, Any, float]] = {
    "dense": ("#8A8A8A", (0, (1, 1)), 1.4),
    "bitmap": ("#222222", "-", 1.2),
    "COO": ("#D55E00", "-", 1.2),
    "CSR": ("#0072B2", "-", 1.2),
    "CSC": ("#0072B2", (0, (1, 1)), 1.2),
    "blocks": ("#B07A00", (0, (4, 1, 1, 1)), 1.2),
    "delta-4": ("#007F5C", (0, (5, 2)), 1.2),
    "delta-8": ("#007F5C", (0, (2, 1)), 1.2),
    "gamma gaps": ("#A3528A", (0, (5, 2)), 1.2),
    "enumerative, ideal": ("#B8C4CC", "-", 3.5),
    "Golomb gaps": ("#A3528A", "-", 0.9),
}  # drawn in this order: the thin line of the Golomb code runs on the broad one of the enumerative code


def storage_figure(
    table: Mapping[str, NDArray[np.float64]], crossovers: Mapping[tuple[str, str], float] | None = None
) -> Figure:
    """The curves of `storage` as a figure one column wide.

    Args:
        table: what `idbounds.codes.storage` returned.
        crossovers: what `idbounds.codes.crossovers` returned, as far as it is to be marked.

    Returns:
        A figure of 3.5 x 3.4 inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(3.5, 3.4), layout="constrained")
        storage(figure.subplots(), table, crossovers)
    return figure


def storage(
    axes: Axes,
    table: Mapping[str, NDArray[np.float64]],
    crossovers: Mapping[tuple[str, str], float] | None = None,
) -> None:
    """What the place of a nonzero costs in each format, over the sparsity; every curve bears its name.

    Args:
        axes: to draw on.
        table: what `idbounds.codes.storage` returned; CSC is left out where it is close to CSR.
        crossovers: what `idbounds.codes.crossovers` returned, as far as it is to be marked.
    """
    import numpy as np
    from matplotlib.patheffects import withStroke

    used = table["nonzeros"] > 0
    order = np.argsort(-table["density"][used], kind="stable")
    density, nonzeros = (table[name][used][order] for name in ("density", "nonzeros"))
    curves = {
        name: (table[name] - table["values"])[used][order] / nonzeros for name in _LINES if name in table
    }
    if "CSC" in curves and np.allclose(curves["CSC"], curves.get("CSR", np.nan), rtol=0.1):
        del curves["CSC"]
    last, low, high = min(float(density[-1]), 0.5), 1.0, 3000.0
    axes.set(xscale="log", yscale="log", xlim=(1, last), ylim=(low, high))  # sparser to the right
    for name, curve in curves.items():
        colour, dashes, width = _LINES[name]
        axes.plot(density, np.maximum(curve, low / 9), color=colour, ls=dashes, lw=width)
    casing = [withStroke(linewidth=1.8, foreground="white")]
    for (first, second), sparsity in (crossovers or {}).items():
        if {first, second} <= {*curves} and 1 - sparsity >= last:
            height = np.interp(sparsity, 1 - density, curves[first])
            axes.plot(1 - sparsity, height, "o", ms=3.2, mfc="white", mec="#222222", mew=0.8, zorder=5)
            axes.annotate(
                f"{100 * sparsity:.{1 if sparsity < 0.99 else 2}f}%", (1 - sparsity, height), (3, 3),
                textcoords="offset points", fontsize=6.5, zorder=6, path_effects=casing,
            )  # fmt: skip
    _name_curves(axes, density, curves)
    decades = range(int(1e-9 - np.log10(last)) + 1)
    step = -(-len(decades) // 5)  # at most five labels: they are wide
    ticks = [10.0**-i for i in decades]
    labels = ["" if i % step else f"{100 - 10.0 ** (2 - i):.{max(i - 2, 0)}f}%" for i in decades]
    if last > 0.1:
        ticks, labels = [1, last], ["0%", f"{100 * (1 - last):.0f}%"]
    axes.set_xticks(ticks, labels)
    axes.set_yticks([1, 10, 100, 1000], ["1", "10", "100", "1,000"])
    axes.minorticks_off()
    axes.grid(axis="y", color="#E4E8EB", lw=0.5)
    axes.set_axisbelow(True)
    axes.set_xlabel("sparsity (share of zeros; log scale of the rest)")
    axes.set_ylabel("bits a nonzero, besides its value")


def _name_curves(axes: Axes, density: NDArray[np.float64], curves: Mapping[str, NDArray[np.float64]]) -> None:
    """The name of each curve where it leaves the axes, to the right or at the top."""
    import numpy as np

    ends = {}
    for name, curve in curves.items():
        inside = np.flatnonzero(curve <= axes.get_ylim()[1])
        i = int(inside[-1]) if inside.size else 0
        x, y = axes.transAxes.inverted().transform(axes.transData.transform((density[i], max(curve[i], 1.0))))
        ends[name] = (x, y, i + 1 < density.size)
    look: dict[str, Any] = {"fontsize": 7, "annotation_clip": False, "xycoords": "axes fraction"}
    leader = {"arrowstyle": "-", "lw": 0.7, "shrinkA": 0, "shrinkB": 0}
    top = sorted((x, name) for name, (x, _, above) in ends.items() if above)
    for place, (x, name) in zip(_apart([x for x, _ in top], 0.21), top, strict=True):
        arrow = {**leader, "color": _LINES[name][0]}
        axes.annotate(name.partition(",")[0], (x, 1), (place, 1.05), ha="center", arrowprops=arrow, **look)
    right = sorted((y, name) for name, (_, y, above) in ends.items() if not above)
    for place, (y, name) in zip(_apart([y for y, _ in right], 0.05), right, strict=True):
        arrow = {**leader, "color": _LINES[name][0], "relpos": (0, 0.5)}
        axes.annotate(name.partition(",")[0], (1, y), (1.07, place), va="center", arrowprops=arrow, **look)


def _apart(places: list[float], step: float) -> list[float]:
    """Ascending numbers moved as little as needed until neighbours are a step apart."""
    moved = list(places)
    for _ in range(500):
        for i in range(len(moved) - 1):
            if (short := step - (moved[i + 1] - moved[i])) > 0:
                moved[i], moved[i + 1] = moved[i] - short / 2, moved[i + 1] + short / 2
    return moved
