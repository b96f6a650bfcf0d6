"""What a figure and a table of a paper are: whence the numbers, how they are drawn, what the caption says."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from idbounds.plot import drawn
from validation import results
from validation.study import Study

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOT = Path(__file__).resolve().parents[1]
RESULTS = ROOT / "validation/results"
CERTIFICATES = RESULTS / "certificates"
PUBLISHED = ROOT / "validation/published"


@dataclass(frozen=True)
class Item:
    """What is built: a figure, or a table where `draw` is absent.

    Attributes:
        id: name of its module and of its files.
        title: a few words.
        table: makes the numbers, which become the .csv; a table of a paper is written as they are.
        caption: what is to be seen, in LaTeX; a function of the numbers where it names some.
        sources: files of the repository that the numbers come from; none where code alone makes them.
        cites: keys of `idbounds/references.bib`.
        draw: draws the numbers at a width in inches: a kind of `idbounds plot`, or a function of numbers and
            width.
        wide: over the whole text, not one column.
        options: of the kind.
        instead_of: a study whose own figure shows the same.
    """

    id: str
    title: str
    table: Callable[[], pd.DataFrame]
    caption: str | Callable[[pd.DataFrame], str]
    sources: tuple[Path, ...] = ()
    cites: tuple[str, ...] = ()
    draw: str | Callable[[pd.DataFrame, float], Figure] | None = None
    wide: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)
    instead_of: str = ""

    def figure(self, table: pd.DataFrame, width: float) -> Figure:
        """Draw it.

        Args:
            table: what `table` made.
            width: in inches.

        Returns:
            The figure.
        """
        assert self.draw is not None, f"{self.id} is a table"
        if isinstance(self.draw, str):
            return drawn(self.draw, table, width, **self.options)
        return self.draw(table, width)

    def says(self, table: pd.DataFrame) -> str:
        """The caption, without the sources.

        Args:
            table: what `table` made.

        Returns:
            LaTeX.
        """
        return self.caption if isinstance(self.caption, str) else self.caption(table)


def rows_of(study: str) -> pd.DataFrame:
    """The latest rows of a study that did not fail.

    Args:
        study: its id.

    Returns:
        The rows.
    """
    rows = results.latest(results.of_study(RESULTS, study))
    return rows[rows["status"] != "failed"].reset_index(drop=True)


def file_of(study: str) -> Path:
    """The file of a study's rows.

    Args:
        study: its id.

    Returns:
        The path.
    """
    return RESULTS / study / results.ROWS


def of_study(study: Study) -> Item:
    """The figure that a study draws for the report, in the style of the papers.

    Args:
        study: one with a figure.

    Returns:
        The item, under the study's id; its numbers are the study's own, or else its rows.
    """

    def table() -> pd.DataFrame:
        rows = rows_of(study.id)
        return study.numbers(rows) if study.numbers else rows

    return Item(
        study.id, study.question, table, _plain(study.caption or study.question), (file_of(study.id),),
        draw=partial(_as_study_draws, study),
    )  # fmt: skip


def _as_study_draws(study: Study, _: pd.DataFrame, width: float) -> Figure:
    import matplotlib as mpl
    from cycler import cycler

    from idbounds.plot.style import CURVES, PALETTE

    assert study.figure is not None
    look = {"figure.constrained_layout.use": True, "axes.prop_cycle": cycler(color=list(PALETTE.values()))}
    with mpl.rc_context({**CURVES, **look, "figure.figsize": (width, 0.85 * width), "font.size": 7}):
        return study.figure(rows_of(study.id))


def _plain(text: str) -> str:
    """Text for LaTeX."""
    return "".join(f"\\{c}" if c in "&%$#_{}" else c for c in text)
