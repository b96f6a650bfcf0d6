"""Axes-level plots of the library's own objects; one style, fit for print in grey and for colour-blind readers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from idbounds.certifying import Certified

COLOURS = {"bound": "#0072B2", "other": "#B8C4CC", "test": "#D55E00", "train": "#5A5A5A"}  # Okabe-Ito
STYLE: dict[str, Any] = {
    "font.size": 9, "axes.spines.top": False, "axes.spines.right": False, "axes.titlesize": 9,
    "axes.titlelocation": "left", "svg.fonttype": "none", "svg.hashsalt": "idbounds",
}  # fmt: skip


def certificate(result: Certified) -> Figure:
    """The certificate at a glance: every bound against the test error, and where the bits go.

    Args:
        result: what `idbounds.certify` returned.

    Returns:
        A figure of 6.8 x 2.7 inches.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    with mpl.rc_context(STYLE):
        figure = Figure(figsize=(6.8, 2.7), layout="constrained")
        left, right = figure.subplots(1, 2, width_ratios=(3, 2))
        risk_bars(left, result)
        bit_bars(right, result)
    return figure


def risk_bars(axes: Axes, result: Certified) -> None:
    """Bars of every bound, lines for training and test error (with its exact 95% interval).

    Args:
        axes: to draw on.
        result: what `idbounds.certify` returned.
    """
    rows = [e for e in reversed(result.evaluations) if not e.vacuous]
    values = [100 * float(e.upper) for e in rows]
    colours = [COLOURS["bound"] if e.id == "occam-binomial" else COLOURS["other"] for e in rows]
    axes.barh([e.id for e in rows], values, color=colours, height=0.62)
    for i, value in enumerate(values):
        axes.text(value + 0.4, i, f"{value:.1f}%", va="center")
    low, high = (100 * x for x in result.test_interval)
    axes.axvspan(low, high, color=COLOURS["test"], alpha=0.25, lw=0)
    axes.axvline(100 * result.test_error, color=COLOURS["test"], lw=1.4)
    axes.axvline(100 * result.train_error, color=COLOURS["train"], lw=1.2, ls="--")
    top = len(rows) - 0.42
    axes.text(high + 0.4, top, f"test {100 * result.test_error:.1f}%", color=COLOURS["test"], va="bottom")
    axes.text(100 * result.train_error - 0.4, top, f"train {100 * result.train_error:.1f}%", color=COLOURS["train"],
              va="bottom", ha="right")  # fmt: skip
    axes.set_xlim(0, max(values) * 1.16)
    axes.set_xlabel(f"error rate, % (each bound holds singly, probability {1 - float(result.delta):g})")
    axes.tick_params(axis="y", length=0)


def bit_bars(axes: Axes, result: Certified) -> None:
    """Bits of the message by part, largest first.

    Args:
        axes: to draw on.
        result: what `idbounds.certify` returned.
    """
    parts = sorted(result.parts.items(), key=lambda item: item[1])
    axes.barh([name for name, _ in parts], [bits for _, bits in parts], color=COLOURS["bound"], height=0.62)
    axes.set_xscale("symlog", linthresh=10)
    for i, (_, bits) in enumerate(parts):
        axes.text(bits * 1.12 + 0.3, i, f"{bits:,}", va="center")
    axes.set_xlim(0, max(bits for _, bits in parts) * 6)
    axes.set_xticks([1, 10, 100, 1000], ["1", "10", "100", "1000"])
    axes.minorticks_off()
    axes.set_xlabel(f"bits of the message, log scale ({result.code_bits:,} in all)")
    axes.tick_params(axis="y", length=0)


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
            figure.savefig(file, dpi=200, metadata={"Date": None} if file.suffix == ".svg" else None)
    return files
