"""Figures of the library's objects and of users' tables, fit for print in grey and colour-blind readers."""

from idbounds.plot.certified import bit_bars, certificate, risk_bars
from idbounds.plot.formats import storage, storage_figure
from idbounds.plot.kinds import KINDS, Kind, drawn
from idbounds.plot.maps import dominance, dominance_figure
from idbounds.plot.style import COLOURS, STYLE, VENUES, save, titled

__all__ = [
    "COLOURS",
    "KINDS",
    "STYLE",
    "VENUES",
    "Kind",
    "bit_bars",
    "certificate",
    "dominance",
    "dominance_figure",
    "drawn",
    "risk_bars",
    "save",
    "storage",
    "storage_figure",
    "titled",
]
