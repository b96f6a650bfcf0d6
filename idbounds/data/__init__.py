"""Named real data sets, each with a card and a frozen digest: images, hashed words, tables, texts.

>>> from idbounds import data
>>> data.load("digits").train_x.shape
(1297, 8, 8)
"""

from idbounds.data.byte_rows import own_text
from idbounds.data.loading import available, card, fallbacks, form, load, load_or_fallback, names
from idbounds.data.model import Arrays, Card, Dataset, Digests, Form, Say, digests
from idbounds.data.own import from_arrays
from idbounds.data.texts import Texts, TextSet, load_texts, text_names

__all__ = [
    "Arrays",
    "Card",
    "Dataset",
    "Digests",
    "Form",
    "Say",
    "TextSet",
    "Texts",
    "available",
    "card",
    "digests",
    "fallbacks",
    "form",
    "from_arrays",
    "load",
    "load_or_fallback",
    "load_texts",
    "names",
    "own_text",
    "text_names",
]
