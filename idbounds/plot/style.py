"""The look of every figure: colours, marks, sizes; and how a figure is written to files."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PALETTE = {
    "blue": "#0072b2",
    "orange": "#d55e00",
    "green": "#009e73",
    "purple": "#cc79a7",
    "sky": "#56b4e9",
    "amber": "#e69f00",
    "yellow": "#b8a800",
    "grey": "#777777",
}
"""Okabe and Ito's, which colour-blind readers tell apart, with a darker yellow."""

INK, FAINT = "#222222", "#d5d5d5"
MARKERS = "osD^vPX*"
"""Shapes, and below dashes: for print without colours."""
DASHES: tuple[Any, ...] = (
    "-",
    (0, (5, 2)),
    (0, (1, 1.2)),
    (0, (4, 1, 1, 1)),
    (0, (8, 2)),
    (0, (3, 1, 1, 1, 1, 1)),
)
HATCHES = ("", "////", "....", "\\\\\\\\", "xxxx", "----")

COLOURS = {
    "bound": "#0072B2",
    "other": "#B8C4CC",
    "test": "#D55E00",
    "train": "#222222",
}
"""By what is shown, from the palette and greys."""

STYLE: dict[Any, Any] = {
    "font.size": 8, "axes.spines.top": False, "axes.spines.right": False, "axes.spines.left": False,
    "axes.linewidth": 0.6, "xtick.major.width": 0.6, "svg.fonttype": "none", "svg.hashsalt": "idbounds",
    "pdf.fonttype": 42, "mathtext.fontset": "dejavusans", "axes.titlesize": "medium",
    "figure.labelsize": "medium",
}  # fmt: skip
"""Bars and maps; `CURVES` adds an axis to the left and a grid."""

CURVES: dict[Any, Any] = {
    **STYLE, "axes.spines.left": True, "ytick.major.width": 0.6, "axes.grid": True, "grid.color": "#E4E8EB",
    "grid.linewidth": 0.5, "axes.axisbelow": True, "legend.frameon": False, "legend.fontsize": 7,
    "lines.linewidth": 1.2, "lines.markersize": 3.8,
}  # fmt: skip

_HEAD = 4096  # bytes of a file in which its title stands

VENUES = {
    "icml": (3.25, 6.75),
    "neurips": (2.7, 5.5),
    "iclr": (2.7, 5.5),
    "jmlr": (2.95, 6.0),
    "ieee": (3.5, 7.16),
}
"""Widths in inches of one column, or of half the text where there is one column only, and of the text."""


def save(
    figure: Figure, path: str | Path, suffixes: Iterable[str] = (".svg", ".png"), title: str | None = None
) -> list[Path]:
    """Write a figure, the same bytes each time.

    Args:
        figure: the figure.
        path: file name; its suffix is replaced.
        suffixes: of the files, from .svg, .png and .pdf.
        title: kept in the files, where `titled` finds it.

    Returns:
        The files.
    """
    import matplotlib as mpl

    files = [Path(path).with_suffix(suffix) for suffix in suffixes]
    undated = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}
    named = {} if title is None else {"Title": title}
    with mpl.rc_context(STYLE):
        for file in files:
            figure.savefig(file, dpi=300, metadata=undated.get(file.suffix, {}) | named)
    return files


def titled(path: str | Path, title: str) -> bool:
    """Whether a figure was saved under a title.

    Args:
        path: an SVG or PNG file.
        title: as given to `save`.

    Returns:
        True if the beginning of the file, where both keep it, has the title.
    """
    with Path(path).open("rb") as file:
        return title.encode() in file.read(_HEAD)
