"""A certificate at a glance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from idbounds.exactly import exact, places_up
from idbounds.plot.style import COLOURS, STYLE

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from idbounds.certifying import Certified


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
        text = "vacuous" if e.vacuous else _percent_up(e.upper)
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


def _percent_up(rate: str) -> str:
    """A bound is never shown below what was proven."""
    value = 100 * exact(rate)
    return places_up(value, 2 if value <= exact("9.99") else 1) + "%"
