"""How the figures of studies look, and how they get into a page: as SVG that takes on the page's colours."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pandas as pd

from idbounds.plot.style import FAINT, INK, MARKERS
from idbounds.plot.style import PALETTE as COLOURS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["COLOURS", "FAINT", "INK", "MARKERS", "STYLE", "canvas", "svg"]  # a page may lighten the colours

STYLE: dict[Any, Any] = {
    # Drawn at about the width of a phone, so that the letters stay readable there.
    "figure.figsize": (4.0, 2.9), "font.size": 9, "figure.constrained_layout.use": True,
    "figure.facecolor": "none", "axes.facecolor": "none", "savefig.facecolor": "none",
    "text.color": INK, "axes.edgecolor": INK, "axes.labelcolor": INK, "xtick.color": INK, "ytick.color": INK,
    "axes.spines.top": False, "axes.spines.right": False, "axes.linewidth": 0.7,
    "axes.grid": True, "grid.color": FAINT, "grid.linewidth": 0.6, "axes.axisbelow": True,
    "axes.titlesize": "medium", "figure.labelsize": "medium",
    "legend.frameon": False, "legend.fontsize": 8, "lines.linewidth": 1.3, "lines.markersize": 4,
    "svg.fonttype": "none", "svg.hashsalt": "idbounds",
}  # fmt: skip


def canvas(height: float | None = None, rows: int = 1, **options: Any) -> tuple[Figure, Any]:
    """Begin a figure of a study, as wide as its place: a page of the report or a column of a paper.

    Args:
        height: of the figure in widths; default: that of the place.
        rows: panels below each other.
        **options: of `Figure.subplots`.

    Returns:
        The figure; its axes, an array of them for several rows.
    """
    import matplotlib as mpl
    from matplotlib.figure import Figure

    width, usual = mpl.rcParams["figure.figsize"]
    made = Figure(figsize=(width, usual if height is None else height * width), layout="constrained")
    return made, made.subplots(rows, 1, **options)


def svg(draw: Callable[[pd.DataFrame], Figure], rows: pd.DataFrame, name: str, alt: str) -> str:
    """Draw a figure as an SVG element for a page.

    Args:
        draw: makes the figure.
        rows: what it draws.
        name: prefix of the ids in it, which must differ from those of the page's other figures.
        alt: what it shows, for those who cannot see it.

    Returns:
        The element: as wide as its place, text as text, the colours above as CSS variables (`--blue`, ...,
        `--faint`), ink as `currentColor`.
    """
    import matplotlib as mpl
    from cycler import cycler

    with mpl.rc_context({**STYLE, "axes.prop_cycle": cycler(color=list(COLOURS.values()))}):
        file = io.StringIO()
        draw(rows).savefig(file, format="svg", metadata={"Date": None, "Creator": None})
    return _embed(file.getvalue(), name, alt)


def _embed(text: str, name: str, alt: str) -> str:
    from html import escape

    text = text[text.index("<svg ") :]
    text = re.sub(r"<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'\bid="', f'id="{name}-', text)
    text = re.sub(r'(xlink:href="#|url\(#)', rf"\g<1>{name}-", text)
    for variable, colour in {**COLOURS, "faint": FAINT}.items():
        text = text.replace(colour, f"var(--{variable}, {colour})")
    text = text.replace(INK, "currentColor").replace("#000000", "currentColor")
    # Only a viewBox: the page says how wide.
    head, rest = text.split(">", 1)
    head = re.sub(r' (width|height)="[^"]*"', "", head)
    return f'{head} role="img" aria-label="{escape(alt)}">{rest.rstrip()}'
