"""Named real data sets, each with a card and a frozen digest: images, film reviews as hashed words, tables.

>>> from idbounds import data
>>> data.load("digits").train_x.shape
(1297, 8, 8)
"""

from idbounds.data.loading import available, card, fallbacks, load, load_or_fallback, names
from idbounds.data.model import Arrays, Card, Dataset, Digests, Say, digests
from idbounds.data.own import from_arrays

__all__ = [
    "Arrays",
    "Card",
    "Dataset",
    "Digests",
    "Say",
    "available",
    "card",
    "digests",
    "fallbacks",
    "from_arrays",
    "load",
    "load_or_fallback",
    "names",
]
