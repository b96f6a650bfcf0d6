"""Which share of its directions each weight matrix of an encoder uses, block by block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pandas as pd

from paper_figures.figure import Item, file_of, rows_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PARTS = {
    "attention.self.query": "query",
    "attention.self.key": "key",
    "attention.self.value": "value",
    "attention.output.dense": "attention output",
    "intermediate.dense": "feed-forward, up",
    "output.dense": "feed-forward, down",
}
"""Matrices of a block in the order in which data pass them, with the names of the rows."""


def table() -> pd.DataFrame:
    """One line an energy, block and matrix."""
    rows = rows_of("utilised_rank")
    rows = rows[(rows["tier"] == "laptop") & (rows["what"] == "layer")]
    name = rows["layer"].str.extract(r"^encoder\.encoder\.layer\.(?P<block>\d+)\.(?P<part>.+)$")
    found = rows.assign(block=name["block"].astype(float) + 1, part=name["part"].map(PARTS))
    found = found[found["part"].notna()].astype({"block": int, "utilised_rank": int})
    return found[["energy", "block", "part", "utilised_rank", "utilisation"]]


def draw(table: pd.DataFrame, width: float) -> Figure:
    """A map for each energy; every cell says its per cent."""
    import matplotlib as mpl
    from matplotlib.figure import Figure

    from idbounds.plot.style import STYLE

    top = 100 * float(table["utilisation"].max())
    energies = sorted(table["energy"].unique())
    with mpl.rc_context({**STYLE, "font.size": 7}):
        made = Figure(figsize=(width, 0.3 * width), layout="constrained")
        for axes, energy in zip(made.subplots(1, len(energies), sharey=True), energies, strict=True):
            own = table[table["energy"] == energy]
            share = 100 * own.pivot_table(index="part", columns="block", values="utilisation")
            share = share.reindex([*PARTS.values()])
            axes.imshow(share.to_numpy(), cmap="Blues", vmin=0, vmax=1.25 * top, aspect="auto")
            for row, cells in enumerate(share.to_numpy()):
                for column, value in enumerate(cells):
                    ink = "white" if value > 0.75 * top else "#222222"
                    axes.annotate(f"{value:.0f}", (column, row), ha="center", va="center", color=ink)
            axes.set_xticks(range(len(share.columns)), [str(block) for block in share.columns])
            axes.set_yticks(range(len(PARTS)), PARTS.values())
            axes.set(xlabel="block", title=f"{energy:.0%} of the energy")
            axes.tick_params(length=0)
            axes.spines[:].set_visible(False)
    return made


ITEM = Item(
    "utilised_rank_by_layer",
    "Utilised rank by layer",
    table,
    "Utilised rank of each weight matrix of a pretrained sentence encoder (MiniLM-L6 on SST-2) in per cent "
    "of its full rank, for three shares of the energy that is kept, the same in every layer.",
    (file_of("utilised_rank"),),
    draw=draw,
    wide=True,
)
