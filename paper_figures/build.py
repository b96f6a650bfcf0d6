"""Write a figure or a table with its numbers and its caption."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path

import pandas as pd

from idbounds.errors import InputError
from idbounds.plot import VENUES, save
from idbounds.sources import Source
from paper_figures.figure import ROOT, Item
from validation import tables

FORMATS = (".pdf", ".svg", ".png")


def build(item: Item, folder: Path, venue: str = "icml") -> list[Path]:
    """Write one item.

    Args:
        item: the figure or table.
        folder: where to; made if it is not there.
        venue: whose widths to take.

    Returns:
        The files: pdf, svg and png of a figure, tex of a table; csv of the numbers; caption.tex.

    Raises:
        InputError: for an unknown venue.
    """
    if venue not in VENUES:
        raise InputError(f"no widths are known for {venue!r}; known: {', '.join(VENUES)}")
    folder.mkdir(parents=True, exist_ok=True)
    table = item.table()
    if item.draw is None:
        files = [folder / f"{item.id}.tex"]
        files[0].write_text(tables.latex(table) + "\n", "utf-8")
    else:
        files = save(item.figure(table, VENUES[venue][item.wide]), folder / f"{item.id}.svg", FORMATS)
    numbers, caption = folder / f"{item.id}.csv", folder / f"{item.id}.caption.tex"
    # Twelve digits: what the last ones are may differ between machines.
    table.to_csv(numbers, index=False, float_format="%.12g")
    caption.write_text(f"{item.says(table)}\n{sources(item)}\n", "utf-8")
    return [*files, numbers, caption]


def sources(item: Item) -> str:
    """Where the numbers of an item come from.

    Args:
        item: the item.

    Returns:
        LaTeX: the files with the commits that measured them, or what made them; then the works cited.
    """
    files = [_file(path) for path in item.sources]
    text = f"Rows: {', '.join(files)}." if files else "Computed by the code, without measured rows."
    cited = ", ".join(rf"\citet{{{key}}}" for key in item.cites if Source(key, "", 0, "").bibtex)
    return f"{text} See {cited}." if cited else text


def _file(path: Path) -> str:
    name = rf"\path{{{path.relative_to(ROOT).as_posix()}}}"
    commits = sorted({_commit(run)[:10] for run in path.parent.glob("run-*.json")} - {""})
    return f"{name} (measured at {', '.join(commits)})" if path.suffix == ".jsonl" and commits else name


def _commit(run: Path) -> str:
    return json.loads(run.read_text("utf-8"))["git"]["commit"] or ""


def gallery(items: list[Item], folder: Path) -> Path:
    """Write a page with everything that was built, to look at.

    Args:
        items: what was built.
        folder: where it is.

    Returns:
        The page.
    """
    blocks = []
    for item in items:
        table = pd.read_csv(folder / f"{item.id}.csv")
        shown = (
            f'<img src="{item.id}.svg" alt="{escape(item.title)}">'
            if item.draw
            else table.to_html(index=False)
        )
        caption = (folder / f"{item.id}.caption.tex").read_text("utf-8")
        blocks.append(
            f"<h2>{escape(item.id)}</h2>\n<p>{escape(item.title)}</p>\n{shown}\n<p>{escape(caption)}</p>"
        )
    page = folder / "index.html"
    style = (
        "body{max-width:50em;margin:2em auto;font:16px sans-serif;background:#fff}"
        "td,th{padding:0 .6em;text-align:right}"
    )
    body = "\n".join(blocks)
    head = f'<meta charset="utf-8"><title>Figures</title><style>{style}</style>'
    page.write_text(
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n{body}\n</body></html>\n', "utf-8"
    )
    return page
