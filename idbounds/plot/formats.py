"""What the place of a nonzero costs in each format, over the sparsity."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from idbounds.plot.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure
    from numpy.typing import NDArray

LINES: dict[str, tuple[str, Any, float]] = {
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
        name: (table[name] - table["values"])[used][order] / nonzeros for name in LINES if name in table
    }
    if "CSC" in curves and np.allclose(curves["CSC"], curves.get("CSR", np.nan), rtol=0.1):
        del curves["CSC"]
    last, low, high = min(float(density[-1]), 0.5), 1.0, 3000.0
    axes.set(xscale="log", yscale="log", xlim=(1, last), ylim=(low, high))  # sparser to the right
    for name, curve in curves.items():
        colour, dashes, width = LINES[name]
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
    for place, (x, name) in zip(apart([x for x, _ in top], 0.21), top, strict=True):
        arrow = {**leader, "color": LINES[name][0]}
        axes.annotate(name.partition(",")[0], (x, 1), (place, 1.05), ha="center", arrowprops=arrow, **look)
    right = sorted((y, name) for name, (_, y, above) in ends.items() if not above)
    for place, (y, name) in zip(apart([y for y, _ in right], 0.05), right, strict=True):
        arrow = {**leader, "color": LINES[name][0], "relpos": (0, 0.5)}
        axes.annotate(name.partition(",")[0], (1, y), (1.07, place), va="center", arrowprops=arrow, **look)


def apart(places: list[float], step: float) -> list[float]:
    """Ascending numbers moved as little as needed until neighbours are a step apart.

    Args:
        places: in ascending order, such as heights of labels.
        step: smallest distance wanted.

    Returns:
        The moved ones, in the same order.
    """
    moved = list(places)
    for _ in range(500):
        for i in range(len(moved) - 1):
            if (short := step - (moved[i + 1] - moved[i])) > 0:
                moved[i], moved[i + 1] = moved[i] - short / 2, moved[i + 1] + short / 2
    return moved
